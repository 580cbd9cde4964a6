using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Fuzz.Targets;

/// <summary>All that a client may send before there are keys, to a server: identification, KEXINIT, the messages of a key exchange. And the same bytes as a target's.</summary>
internal sealed class SshHandshakeTarget : ITarget
{
    private static readonly SshServerKeys Keys = new([SshPrivateKey.Generate(SshKeyTypes.Ed25519)]);

    public string Name => "SshHandshake";

    public long MaxAllocation(int inputLength) => (1 << 20) + 64L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        Handshake(bytes.ToArray(), static (duplex, turn) => SshTransport.Server(duplex, Keys, SshTransportOptions.Default, turn, TimeProvider.System));
        Handshake(bytes, static (duplex, turn) => SshTransport.Client(duplex, new NoKeys(), SshTransportOptions.Default, turn, TimeProvider.System));
    }

    private static void Handshake(byte[] bytes, Func<IDuplex, SshTurn, SshTransport> make)
    {
        using var turn = new SshTurn();
        SshTransport transport = make(new Script(bytes), turn);
        try
        {
            Task handshake = transport.HandshakeAsync(default).AsTask();
            OracleException.Require(handshake.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(10)), "a handshake without an end");

            // A client can come to its NEWKEYS in clear; it is the first packet behind it that it cannot make without the secret.
            if (handshake.IsCompletedSuccessfully)
                return;
            SshEndException? end = handshake.Exception!.InnerException as SshEndException;
            OracleException.Require(end is not null, $"a handshake that fails with {handshake.Exception.InnerException}");
        }
        finally
        {
            transport.DisposeAsync().AsTask().Wait();
        }
    }

    private sealed class NoKeys : IHostKeys
    {
        public IReadOnlyList<string> KnownTypes => [];

        public HostKeyStatus Judge(ReadOnlyMemory<byte> blob) => HostKeyStatus.Unknown;
    }

    /// <summary>A peer that has said all it will say.</summary>
    private sealed class Script(byte[] bytes) : IDuplex
    {
        public PipeReader Input { get; } = PipeReader.Create(new ReadOnlySequence<byte>(bytes));

        public IPEndPoint Remote { get; } = new(IPAddress.Loopback, 22);

        public SslStream? Tls => null;

        public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel = default) => default;

        public ValueTask<IDuplex> StartTlsAsServerAsync(SslServerAuthenticationOptions options, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask<IDuplex> StartTlsAsClientAsync(SslClientAuthenticationOptions options, CancellationToken cancel) => throw new NotSupportedException();

        public void CloseOutput()
        {
            // Nobody is there.
        }

        public void Abort()
        {
            // Nobody is there.
        }

        public ValueTask DisposeAsync() => default;
    }
}
