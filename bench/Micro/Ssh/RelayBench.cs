using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Channels;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Micro.Ssh;

/// <summary>One SSH_MSG_CHANNEL_DATA of the target's on its way to the client: window, recording, encryption, send. 0 bytes.</summary>
public class RelayBench
{
    private const int Head = 9;

    private SshSample _sample = null!;
    private SshTransport _gateway = null!;
    private SshTransport _client = null!;
    private SshRelay _relay = null!;
    private SshChannel _channel = null!;
    private byte[] _message = [];
    private Task _drain = Task.CompletedTask;

    /// <summary>Bytes of data: a key's echo, and what bulk comes in.</summary>
    [Params(1, 32 << 10)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _sample = new SshSample();
        SetUpAsync().GetAwaiter().GetResult();
        _message = new SshWriter().Byte(SshMessageNumber.ChannelData).UInt32(_channel.Number).String(new byte[Size]).ToArray();
        Data();
        Sample.Require(_channel.Bytes(SshSide.Client) == Size, "what is relayed is counted");
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _gateway.Duplex.Abort();
        _drain.GetAwaiter().GetResult();
        _gateway.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _sample.Dispose();
    }

    [Benchmark]
    public void Data()
    {
        lock (_channel.Lock)
            _channel.ToClient.TryAdjust((uint)Size, grant: true, out _);
        ValueTask relayed = _relay.DataAsync(_relay.Channel(_message), _message, CancellationToken.None);
        if (!relayed.IsCompletedSuccessfully)
            relayed.AsTask().GetAwaiter().GetResult();
        ValueTask sent = _gateway.FlushAsync(CancellationToken.None);
        if (!sent.IsCompletedSuccessfully)
            sent.AsTask().GetAwaiter().GetResult();
    }

    private async Task SetUpAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndpoint);
        Socket far = await listener.AcceptSocketAsync();
        var keys = new SshServerKeys([SshPrivateKey.Generate(SshKeyTypes.Ed25519)]);
        _gateway = SshTransport.Server(new SocketDuplex(far), keys, SshTransportOptions.Default, new SshTurn(), TimeProvider.System);
        _client = SshTransport.Client(new SocketDuplex(near), new AnyHostKey(), SshTransportOptions.Default, new SshTurn(), TimeProvider.System);
        await Task.WhenAll(_gateway.HandshakeAsync(CancellationToken.None).AsTask(), _client.HandshakeAsync(CancellationToken.None).AsTask());
        _gateway.Authenticated();

        var listenerOptions = new SshListener { Node = "bench", Name = "ssh", HostKeys = () => keys, TargetHostKeys = _ => keys };
        var shared = new SshShared(_sample.Context, _gateway, _client, listenerOptions, new LoginRestrictions(), TimeProvider.System);
        _channel = shared.Channels.Add(number => new SshChannel(shared, number, SshChannelKind.DirectTcpip, SshSide.Client))!;
        _channel.SetPeer(SshSide.Client, _channel.Number, 64 << 10);
        _channel.SetPeer(SshSide.Target, _channel.Number, 64 << 10);
        lock (_channel.Lock)
        {
            _channel.ToClient.Open(1 << 20, reserve: 0);
            _channel.TryAdvance(SshSide.Target, SshMessageNumber.ChannelOpenConfirmation);
        }

        _relay = new SshRelay(shared, SshSide.Target);
        _drain = Task.Factory.StartNew(() => Drain(near), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The client takes what comes, and does not look at it.</summary>
    private static void Drain(Socket socket)
    {
        byte[] buffer = new byte[256 << 10];
        while (socket.Receive(buffer) > 0)
        {
            // As fast as it can.
        }
    }

    private sealed class AnyHostKey : IHostKeys
    {
        public IReadOnlyList<string> KnownTypes => [];

        public HostKeyStatus Judge(ReadOnlyMemory<byte> blob) => HostKeyStatus.Trusted;
    }
}
