namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>The two peers of a session. A message goes from one to the other.</summary>
internal enum SshSide : byte
{
    Client = 0,
    Target = 1,
}

internal static class SshSides
{
    public static SshSide Other(this SshSide side) => side == SshSide.Client ? SshSide.Target : SshSide.Client;
}
