using System.Net;
using System.Net.Sockets;
using Sallyport.Policy;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>
/// The engine between a scripted client and a scripted server, over real sockets, with <see cref="Chunking"/> deciding how much of what they send it
/// gets to see at a time. Disposing it ends everything and checks that the engine came to an end too.
/// </summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly Chunking _chunking;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<ClientPeer> _clients = [];
    private readonly CancellationTokenSource _stop = new();
    private PgDoors? _doors;

    public Session(Chunking chunking, string policy = Policies.Open)
    {
        _chunking = chunking;
        Policy = Doors.Policies(policy);
        Upstream = new ToScript(Server.Address, chunking);
        Upstream.Add(new TargetInfo { Name = "shop", Protocol = "postgres", DefaultResource = "shop", TlsMode = TargetTlsMode.Disable });
        Upstream.Add(new TargetInfo { Name = "vault", Protocol = "postgres", DefaultResource = "vault", TlsMode = TargetTlsMode.Disable });
        Upstream.Add(new TargetInfo { Name = "tls-shop", Protocol = "postgres", DefaultResource = "shop", TlsMode = TargetTlsMode.VerifyFull, Tls = Certificate.Client });
        Upstream.Add(new TargetInfo
        {
            Name = "weak-shop",
            Protocol = "postgres",
            DefaultResource = "shop",
            TlsMode = TargetTlsMode.Disable,
            WeakLogins = ["md5", "cleartext"],
        });
        _listener.Start();
    }

    public ScriptedServer Server { get; } = new();

    public PolicyStore Policy { get; }

    public ToScript Upstream { get; }

    public MemoryRecorder Recorder { get; } = new();

    public WhoIsIn Live { get; } = new();

    /// <summary>Who lets people in; change it before <see cref="ConnectAsync"/>.</summary>
    public ILogin Login { get; set; } = new OneToken();

    /// <summary>Who is asked about held statements; change it before <see cref="ConnectAsync"/>.</summary>
    public IApprovals? Approvals { get; set; }

    /// <summary>The listener's settings; change them before <see cref="ConnectAsync"/>.</summary>
    public PgListener Listener { get; set; } = new() { Node = "test", Name = "pg", Tls = () => null, AllowPlaintext = true, Limits = Limits };

    /// <summary>Scripted servers do not hang up after Terminate: nobody waits long for that.</summary>
    private static PgLimits Limits { get; } = new() { Leave = TimeSpan.FromMilliseconds(50) };

    /// <summary>The engine's work on the connection that was made last.</summary>
    public Task<PgOutcome> Running { get; private set; } = Task.FromResult(new PgOutcome(new SessionEnd(SessionSide.Proxy, SessionStage.Accept, "none"), null));

    /// <summary>The engine's end of the connection that was made last.</summary>
    public ChunkedDuplex? ClientSide { get; private set; }

    private PgDoors PgDoors => _doors ??= new PgDoors
    {
        Login = Login,
        Approvals = Approvals,
        Upstream = Upstream,
        Policy = Policy,
        Recorder = Recorder,
        Sessions = Live,
        CancelKeys = new PgCancelKeys(Upstream),
        Catalogs = new PgCatalogs(Upstream, Listener.Limits),
    };

    /// <summary>A client connects, and the engine serves it.</summary>
    public async Task<ClientPeer> ConnectAsync()
    {
        Task<Socket> accepting = _listener.AcceptSocketAsync();
        ClientPeer client = await ClientPeer.ConnectAsync((IPEndPoint)_listener.LocalEndpoint);
        _clients.Add(client);
        ClientSide = new ChunkedDuplex(new SocketDuplex(await accepting), _chunking, stream: 1);
        Running = PgSession.RunAsync(ClientSide, Listener, PgDoors, _stop.Token);
        return client;
    }

    /// <summary>A client that is logged in, and the server it is connected to.</summary>
    public async Task<(ClientPeer Client, ServerPeer Server)> ReadyAsync(params byte[][] announcements)
    {
        (ClientPeer client, ServerPeer server, _) = await ReadyWithKeyAsync(Protocol30, announcements);
        return (client, server);
    }

    public async Task<(ClientPeer Client, ServerPeer Server, (int Process, byte[] Key) Key)> ReadyWithKeyAsync(int version, params byte[][] announcements)
    {
        ClientPeer client = await ConnectAsync();
        await client.LoginAsync(version: version);
        ServerPeer server = await Server.NextAsync();
        await server.LetInAsync(announcements);
        return (client, server, await client.ReceiveWelcomeAsync());
    }

    /// <summary>How the engine says the session ended; a recording must say the same.</summary>
    public async Task<SessionEnd> EndAsync()
    {
        SessionEnd end = (await Running.WaitAsync(Peer.Patience)).End;
        if (!Recorder.IsEmpty && _clients.Count == 1)
            Assert.Equal(end, Recorder.Only.End);
        Assert.Empty(Live.Controls);
        return end;
    }

    /// <summary>Ends as <see cref="EndAsync"/>, for that side, stage and reason.</summary>
    public async Task ExpectEndAsync(SessionSide side, SessionStage stage, string reason, string? sqlState = null)
    {
        SessionEnd end = await EndAsync();
        Assert.Equal((side, stage, reason, sqlState), (end.Side, end.Stage, end.Reason, end.WireCode));
    }

    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        foreach (ClientPeer client in _clients)
            client.Vanish();
        await Server.DisposeAsync();
        await Running.WaitAsync(Peer.Patience);
        foreach (ClientPeer client in _clients)
            await client.DisposeAsync();
        _listener.Dispose();
        _stop.Dispose();
    }
}
