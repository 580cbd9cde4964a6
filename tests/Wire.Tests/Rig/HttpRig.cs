using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Policy;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>
/// The HTTP engine between scripted clients and a scripted target, over real sockets. The target <c>app</c> is reached as <c>app.example</c>, and speaks HTTP/2 or
/// HTTP/1.1 as the test says. Disposing it ends everything and checks that the engine came to an end too.
/// </summary>
internal sealed class HttpRig : IAsyncDisposable
{
    /// <summary>Everything on every path, but what lies under <c>/secret</c>.</summary>
    public const string Open = """
        policy: open
        match: {targets: [app]}
        rules:
          - {id: enter, effect: allow, verbs: [login]}
          - {id: all, effect: allow, verbs: [all]}
          - {id: no-secrets, effect: deny, verbs: [all], paths: ["/secret/**"], hint: Ask somebody.}
          - {id: ask-first, effect: hold, verbs: [all], paths: ["/held/**"]}
        """;

    /// <summary>A test that waits for so long has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly TcpListener _gateway = new(IPAddress.Loopback, 0);
    private readonly TcpListener _targets = new(IPAddress.Loopback, 0);
    private readonly List<IAsyncDisposable> _peers = [];
    private readonly List<Task<HttpOutcome>> _running = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Chunking _chunking;
    private HttpDoors? _doors;

    public HttpRig(bool http2Target = true, Chunking? chunking = null, string policy = Open)
    {
        _chunking = chunking ?? Chunking.Whole;
        _gateway.Start();
        _targets.Start();
        Target = new HttpTarget
        {
            Info = new TargetInfo { Name = "app", Protocol = "http2", TlsMode = TargetTlsMode.Disable },
            Authority = "app.internal:8080",
            PlainHttp2 = http2Target,
        };
        Policy = Rig.Doors.Policies(policy);
        Upstream = new ToScript((IPEndPoint)_targets.LocalEndpoint, _chunking);
    }

    /// <summary>Changed while clients are there, it is as if the configuration was loaded again.</summary>
    public HttpTarget Target { get; set; }

    /// <summary>Change it before a client connects. Scripted peers do not hang up by themselves: nobody waits long for that.</summary>
    public HttpLimits Limits { get; set; } = new() { LastWord = TimeSpan.FromMilliseconds(300) };

    public PolicyStore Policy { get; }

    public ToScript Upstream { get; }

    public MemoryRecorder Recorder { get; } = new();

    public WhoIsIn Live { get; } = new();

    public ILogin Login { get; set; } = new OneToken();

    public IApprovals? Approvals { get; set; }

    /// <summary>What connections to targets ended of, when it was a bug.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>Whom the engine did not let in at a target, and by which rule.</summary>
    public ConcurrentQueue<(SessionFacts Facts, string Rule)> Forbidden { get; } = new();

    /// <summary>Cancelled: the daemon is about to stop.</summary>
    public CancellationTokenSource Draining { get; } = new();

    /// <summary>Set: the engine may meet what it did not expect.</summary>
    public bool MayFail { get; set; }

    /// <summary>Set: the engine has its sockets to itself, so that what it allocates can be measured.</summary>
    public bool IsBare { get; init; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>The engine's end of the client's connection that was made last.</summary>
    public ChunkedDuplex? ClientSide { get; private set; }

    /// <summary>The engine's work on the connection that was made last.</summary>
    public Task<HttpOutcome> Running => _running[^1];

    private IUpstream Door => IsBare ? new BareDoor((IPEndPoint)_targets.LocalEndpoint) : Upstream;

    private HttpDoors Doors => _doors ??= new HttpDoors
    {
        Login = Login,
        Targets = new ByName(() => Target),
        Upstream = Door,
        Policy = Policy,
        Recorder = Recorder,
        Sessions = Live,
        Approvals = Approvals,
        Pool = new HttpUpstreams(Door, Limits, Time, Failures.Enqueue),
        Time = Time,
    };

    /// <summary>A client of HTTP/2 that has said its preface.</summary>
    public async Task<H2Peer> ClientAsync(params (int, uint)[] settings)
    {
        H2Peer client = Keep(new H2Peer(await ConnectRawAsync()));
        await client.GreetAsync(settings);
        return client;
    }

    public async Task<H1Peer> OldClientAsync() => Keep(new H1Peer(await ConnectRawAsync()));

    /// <summary>A client that speaks in bytes.</summary>
    public async Task<Socket> ConnectRawAsync()
    {
        Task<Socket> accepting = _gateway.AcceptSocketAsync();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync((IPEndPoint)_gateway.LocalEndpoint);
        var accepted = new SocketDuplex(await accepting);
        ClientSide = new ChunkedDuplex(accepted, _chunking, stream: 1);
        var listener = new Sallyport.Protocols.Http2.HttpListener { Node = "test", Name = "web", Tls = static () => null, AllowPlaintext = true, Limits = Limits, Draining = Draining.Token, Forbidden = (facts, rule) => Forbidden.Enqueue((facts, rule)) };
        _running.Add(HttpSession.RunAsync(IsBare ? accepted : ClientSide, listener, Doors, _stop.Token));
        return socket;
    }

    /// <summary>The next connection that the engine makes to the target; the two have greeted.</summary>
    public async Task<H2Peer> TargetAsync(params (int, uint)[] settings)
    {
        H2Peer target = Keep(new H2Peer(await AcceptAsync()));
        await target.WelcomeAsync(settings);
        return target;
    }

    public async Task<H1Peer> OldTargetAsync() => Keep(new H1Peer(await AcceptAsync()));

    public async Task<Socket> AcceptAsync()
    {
        using var patience = new CancellationTokenSource(HttpRig.Patience);
        Socket socket = await _targets.AcceptSocketAsync(patience.Token);
        socket.NoDelay = true;
        return socket;
    }

    /// <summary>Whether the engine has made another connection that nobody has accepted yet.</summary>
    public bool IsTargetKnocking => _targets.Pending();

    /// <summary>Nobody listens at the target's address any more.</summary>
    public void CloseTarget() => _targets.Stop();

    /// <summary>How the engine says the last connection ended.</summary>
    public async Task<SessionEnd> EndAsync() => (await Running.WaitAsync(HttpRig.Patience)).End;

    public async Task ExpectEndAsync(SessionSide side, string reason)
    {
        SessionEnd end = await EndAsync();
        Assert.True((end.Side, end.Reason) == (side, reason), $"expected {side} {reason}, got {end}");
    }

    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (IAsyncDisposable peer in _peers)
            await peer.DisposeAsync();
        foreach (Task<HttpOutcome> running in _running)
        {
            HttpOutcome outcome = await running.WaitAsync(HttpRig.Patience);
            Assert.True(MayFail || outcome.End.Reason != "internal-error", outcome.End.Detail);
        }

        if (_doors is not null)
            await _doors.Pool.DisposeAsync().AsTask().WaitAsync(HttpRig.Patience);
        Assert.True(MayFail || Failures.IsEmpty, string.Join("\n", Failures));
        Assert.Empty(Live.Controls);
        _gateway.Dispose();
        _targets.Dispose();
        _stop.Dispose();
        Draining.Dispose();
    }

    private T Keep<T>(T peer)
        where T : IAsyncDisposable
    {
        _peers.Add(peer);
        return peer;
    }

    private sealed class BareDoor(IPEndPoint server) : IUpstream
    {
        public TargetInfo? Find(string target, string protocol) => null;

        public async ValueTask<IDuplex> ConnectAsync(TargetInfo target, CancellationToken cancel)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(server, cancel);
            return new SocketDuplex(socket);
        }

        public ValueTask<TargetCredential> CredentialAsync(TargetInfo target, CancellationToken cancel) => throw new NotSupportedException();
    }

    /// <summary>Knows one host.</summary>
    private sealed class ByName(Func<HttpTarget> app) : IHttpTargets
    {
        public HttpTarget? Route(ReadOnlySpan<byte> authority, ReadOnlySpan<byte> path, out int prefix)
        {
            prefix = 0;
            return Encoding.ASCII.GetString(authority).Split(':')[0] == "app.example" ? app() : null;
        }
    }
}
