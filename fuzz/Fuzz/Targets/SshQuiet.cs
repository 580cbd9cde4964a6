using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Fuzz.Targets;

/// <summary>A session that allows everything and keeps nothing.</summary>
internal sealed class SshQuiet : ISessionRecorder, IPolicy, IGate
{
    public SshQuiet() => Context = new SessionContext(
        new SessionFacts
        {
            SessionId = Guid.Empty,
            Node = "n",
            Listener = "l",
            Protocol = "ssh",
            Identity = new Identity { Subject = "p", Issuer = "i", ExpiresAt = DateTimeOffset.MaxValue },
            Target = "t",
            Source = new IPEndPoint(0, 0),
            StartedAt = default,
        },
        this,
        this,
        TimeProvider.System);

    public SessionContext Context { get; }

    public int Version => 1;

    public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

    public MaskPlan? Masks => null;

    public SessionLimits Limits => SessionLimits.None;

    public IGate Open(SessionFacts facts) => this;

    public Verdict Judge(in ActionView action) => new(VerdictKind.Allow, "all/all", 1);

    public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => true;

    public bool Decision(in ActionView action, in Verdict verdict) => true;

    public bool Event(string name, string detail) => true;

    public ValueTask ReadyAsync(CancellationToken cancel) => default;

    public ValueTask CompleteAsync(SessionEnd end) => default;
}

/// <summary>A connection that was used for a key exchange, and takes everything since without a peer.</summary>
internal sealed class SshSink(IDuplex inner) : IDuplex
{
    public bool IsQuiet { get; set; }

    public PipeReader Input => inner.Input;

    public IPEndPoint Remote => inner.Remote;

    public SslStream? Tls => null;

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default) => IsQuiet ? default : inner.SendAsync(bytes, cancel);

    public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) => throw new NotSupportedException();

    public void CloseOutput()
    {
        // Nobody is there.
    }

    public void Abort() => inner.Abort();

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>A transport with keys, towards nobody.</summary>
    public static async Task<SshTransport> TransportAsync(bool server)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Task<Socket> accepting = listener.AcceptSocketAsync();
        await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var ours = new SshSink(new SocketDuplex(socket));
        var theirs = new SocketDuplex(await accepting);
        SshTransport Server(IDuplex duplex) =>
            SshTransport.Server(duplex, new SshServerKeys([SshPrivateKey.Generate(SshKeyTypes.Ed25519)]), SshTransportOptions.Default, new SshTurn(), TimeProvider.System);
        SshTransport Client(IDuplex duplex) => SshTransport.Client(duplex, new Trusting(), SshTransportOptions.Default, new SshTurn(), TimeProvider.System);
        SshTransport transport = server ? Server(ours) : Client(ours);
        SshTransport peer = server ? Client(theirs) : Server(theirs);
        await Task.WhenAll(transport.HandshakeAsync(default).AsTask(), peer.HandshakeAsync(default).AsTask());
        transport.Authenticated();
        ours.IsQuiet = true;
        return transport;
    }

    private sealed class Trusting : IHostKeys
    {
        public IReadOnlyList<string> KnownTypes => [];

        public HostKeyStatus Judge(ReadOnlyMemory<byte> blob) => HostKeyStatus.Trusted;
    }
}
