namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>What a key exchange asks of a server, or of a client.</summary>
internal abstract class SshExchangeRole
{
    public abstract bool IsServer { get; }

    /// <summary>Host key algorithms to offer, in order.</summary>
    public abstract IReadOnlyList<string> HostKeys(SshTransportOptions options);

    /// <summary>Both KEXINITs are known: sends what this side begins with.</summary>
    public abstract ValueTask BeginAsync(SshKexRun run, SshSender sender);

    /// <summary>A message of the method.</summary>
    /// <returns>The keys when the exchange's secret is agreed and the host key proven; null: more messages follow.</returns>
    /// <exception cref="SshEndException">The message is out of place, its values are not ones, or the host key is not proven or not trusted.</exception>
    public abstract ValueTask<SshKeys?> HandleAsync(SshKexRun run, SshSender sender, ReadOnlyMemory<byte> payload);
}
