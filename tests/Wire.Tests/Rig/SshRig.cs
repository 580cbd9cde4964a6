using System.Net;
using System.Net.Sockets;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>
/// The SSH engine between a scripted client and a scripted target, over real sockets. Disposing it ends everything and checks that the engine came to
/// an end too.
/// </summary>
internal sealed class SshRig : IAsyncDisposable
{
    /// <summary>Key exchanges that take no time.</summary>
    public static readonly SshTransportOptions Fast = SshTransportOptions.Default with
    {
        KeyExchanges = [SshAlgorithms.Curve25519],
        Ciphers = [SshAlgorithms.Aes128Gcm],
        DisconnectTime = TimeSpan.FromMilliseconds(500),
    };

    private static readonly SshPrivateKey HostKey = SshPrivateKey.Generate(SshKeyTypes.Ed25519);

    private readonly TcpListener _gateway = new(IPAddress.Loopback, 0);
    private readonly TcpListener _targets = new(IPAddress.Loopback, 0);
    private readonly List<SshPeer> _peers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Chunking _chunking;

    public SshRig(Chunking? chunking = null)
    {
        _chunking = chunking ?? Chunking.Whole;
        _gateway.Start();
        _targets.Start();
        Listener = new SshListener
        {
            Node = "test",
            Name = "ssh",
            HostKeys = static () => Keys,
            TargetHostKeys = static _ => Keys,
            Transport = Fast,
            Limits = new SshLimits { LastWord = TimeSpan.FromMilliseconds(500) },
            Methods = [[SshMethod.Password]],
        };
        Upstream = new ToTarget((IPEndPoint)_targets.LocalEndpoint, _chunking);
    }

    public static SshServerKeys Keys { get; } = new([HostKey]);

    public ToTarget Upstream { get; }

    public NamedVerdicts Policy { get; } = new();

    public MemoryRecorder Recorder { get; } = new();

    public WhoIsIn Live { get; } = new();

    public IApprovals? Approvals { get; set; }

    /// <summary>The listener's settings; change them before a client connects.</summary>
    public SshListener Listener { get; set; }

    /// <summary>What the client's and the target's transports do.</summary>
    public SshTransportOptions ClientOptions { get; set; } = Fast;

    public SshTransportOptions TargetOptions { get; set; } = Fast;

    /// <summary>What the login's proof forbids.</summary>
    public LoginRestrictions? Restrictions { get; set; }

    public ChunkedDuplex? ClientSide { get; private set; }

    /// <summary>The engine's work on the connection that was made last.</summary>
    public Task<SshOutcome> Running { get; private set; } = Task.FromResult(new SshOutcome(new SessionEnd(SessionSide.Proxy, SessionStage.Accept, "none"), null));

    /// <summary>A client connects, and the engine serves it; nothing has been said yet.</summary>
    public async Task<SshPeer> ConnectAsync()
    {
        Socket socket = await ConnectRawAsync();
        SshPeer client = Keep(SshPeer.Client(socket, ClientOptions, AnyHostKey.Instance));
        client.Takes = IsAnnouncement;
        return client;
    }

    /// <summary>The same, for a client that speaks in bytes.</summary>
    public async Task<Socket> ConnectRawAsync()
    {
        Task<Socket> accepting = _gateway.AcceptSocketAsync();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync((IPEndPoint)_gateway.LocalEndpoint);
        ClientSide = new ChunkedDuplex(new SocketDuplex(await accepting), _chunking, stream: 1);
        Running = SshSession.RunAsync(ClientSide, Listener, Doors, _stop.Token);
        return socket;
    }

    /// <summary>The next connection that the engine makes to a target; nothing has been said yet.</summary>
    public async Task<SshPeer> TargetAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        return Keep(SshPeer.Target(await _targets.AcceptSocketAsync(patience.Token), TargetOptions, Keys));
    }

    /// <summary>A client that is logged in at the target <c>box</c>, and that target.</summary>
    public async Task<(SshPeer Client, SshPeer Target)> ReadyAsync()
    {
        SshPeer client = await ConnectAsync();
        Task<bool> login = client.LogInAsync("deploy+box", Rig.Doors.GoodToken);
        SshPeer target = await TargetAsync();
        await target.LetInAsync();
        Assert.True(await login);
        return (client, target);
    }

    /// <summary>The same, and a session channel: the client calls it <c>100 + number</c>, the target <c>200 + number</c>, the gateway <c>number</c>.</summary>
    public static async Task OpenAsync(SshPeer client, SshPeer target, uint number, uint window = SshMsg.Window)
    {
        await client.SendAsync(SshMsg.Open(100 + number));
        byte[] open = await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        Assert.Equal(number, SshMsg.Field(open, 5 + "session".Length));
        await target.SendAsync(SshMsg.Confirm(number, 200 + number, window));
        byte[] confirm = await client.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        Assert.Equal((100 + number, number), (SshMsg.Field(confirm, 1), SshMsg.Field(confirm, 5)));
        Assert.Equal(0u, SshMsg.Field(confirm, 9));
    }

    /// <summary>The same, and a command that runs on it, so that data may be sent.</summary>
    public static async Task RunAsync(SshPeer client, SshPeer target, uint number, uint window = SshMsg.Window, string command = "cat")
    {
        await OpenAsync(client, target, number, window);
        await client.SendAsync(SshMsg.Exec(number, command));
        await target.ExpectAsync(SshMsg.Exec(200 + number, command));
        await client.ExpectAsync(SshMsg.Adjust(100 + number, window));
        await target.SendAsync(SshMsg.Success(number));
        await target.ExpectAsync(SshMessageNumber.ChannelWindowAdjust);
        await client.ExpectAsync(SshMsg.Success(100 + number));
    }

    /// <summary>How the engine says the session ended; a recording must say the same.</summary>
    public async Task<SessionEnd> EndAsync()
    {
        SessionEnd end = (await Running.WaitAsync(Peer.Patience)).End;
        Assert.Empty(Live.Controls);
        return end;
    }

    /// <summary>Ends as <see cref="EndAsync"/>, by that side and for that reason.</summary>
    public async Task<SessionEnd> ExpectEndAsync(SessionSide side, string reason)
    {
        SessionEnd end = await EndAsync();
        Assert.True((end.Side, end.Reason) == (side, reason), $"expected {side} {reason}, got {end}");
        return end;
    }

    public void Stop() => _stop.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (SshPeer peer in _peers)
            await peer.DisposeAsync();
        await Running.WaitAsync(Peer.Patience);
        _gateway.Dispose();
        _targets.Dispose();
        _stop.Dispose();
    }

    private SshDoors Doors => new()
    {
        Login = new PasswordOnly(Restrictions),
        Upstream = Upstream,
        Policy = Policy,
        Recorder = Recorder,
        Sessions = Live,
        Approvals = Approvals,
        Time = TimeProvider.System,
    };

    /// <summary>Host keys are announced once the client is in (OpenSSH PROTOCOL 2.5).</summary>
    private static bool IsAnnouncement(ReadOnlyMemory<byte> message) =>
        message.Span[0] == SshMessageNumber.GlobalRequest && message.Span.IndexOf("hostkeys-00@openssh.com"u8) >= 0;

    private SshPeer Keep(SshPeer peer)
    {
        _peers.Add(peer);
        return peer;
    }
}
