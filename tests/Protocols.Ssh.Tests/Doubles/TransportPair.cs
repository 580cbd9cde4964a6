using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>A client's and a server's transport that speak to each other in memory.</summary>
internal sealed class TransportPair : IAsyncDisposable
{
    private readonly SshTurn _serverTurn = new();
    private readonly SshTurn _clientTurn = new();

    public static SshPrivateKey HostKey { get; } = SshPrivateKey.Generate(SshKeyTypes.Ed25519);

    public TransportPair(SshTransportOptions? server = null, SshTransportOptions? client = null, Func<Func<int>>? chunks = null, IHostKeys? hostKeys = null,
        SshServerKeys? keys = null, TimeProvider? time = null, int capacity = int.MaxValue)
    {
        (ServerEnd, ClientEnd) = MemoryDuplex.Pair(chunks, capacity);
        Server = SshTransport.Server(ServerEnd, keys ?? new SshServerKeys([HostKey]), server ?? SshTransportOptions.Default, _serverTurn, time ?? TimeProvider.System);
        Client = SshTransport.Client(ClientEnd, hostKeys ?? new KnownKeys(), client ?? server ?? SshTransportOptions.Default, _clientTurn, time ?? TimeProvider.System);
    }

    public MemoryDuplex ServerEnd { get; }

    public MemoryDuplex ClientEnd { get; }

    public SshTransport Server { get; }

    public SshTransport Client { get; }

    /// <summary>Both handshakes at once.</summary>
    public async Task<TransportPair> HandshakeAsync()
    {
        await Task.WhenAll(Server.HandshakeAsync(default).AsTask(), Client.HandshakeAsync(default).AsTask()).WaitAsync(TimeSpan.FromSeconds(60));
        return this;
    }

    /// <summary>The same, and a login.</summary>
    public async Task<TransportPair> LogInAsync()
    {
        await HandshakeAsync();
        Server.Authenticated();
        Client.Authenticated();
        return this;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Client.DisposeAsync();
        _serverTurn.Dispose();
        _clientTurn.Dispose();
    }
}
