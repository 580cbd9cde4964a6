namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Algorithms in order of preference, by their names on the wire, and the bounds of a transport.</summary>
public sealed record SshTransportOptions
{
    public static SshTransportOptions Default { get; } = new();
}
