using System.Net.Sockets;
using System.Threading.Channels;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>
/// One end of an SSH connection that does what a test says, above a transport that keeps its own rules. Once it is logged in, it takes what comes all the
/// time, so that key exchanges go on; <see cref="Pause"/> makes it a peer that reads nothing.
/// </summary>
internal sealed class SshPeer : IAsyncDisposable
{
    private readonly Channel<byte[]> _received = Channel.CreateUnbounded<byte[]>();
    private readonly CancellationTokenSource _stop = new();
    private readonly SshTurn _turn = new();
    private readonly Socket _socket;
    private volatile TaskCompletionSource? _paused;
    private Task _pump = Task.CompletedTask;

    private SshPeer(Socket socket, Func<IDuplex, SshTurn, SshTransport> transport)
    {
        _socket = socket;
        Transport = transport(new SocketDuplex(socket), _turn);
    }

    public SshTransport Transport { get; }

    /// <summary>Sees what comes before the test does; true: the test does not get it.</summary>
    public Func<ReadOnlyMemory<byte>, bool>? Takes { get; set; }

    /// <summary>Why reading ended, when not by the test.</summary>
    public Exception? Ended { get; private set; }

    public static SshPeer Client(Socket socket, SshTransportOptions options, IHostKeys trusted) =>
        new(socket, (duplex, turn) => SshTransport.Client(duplex, trusted, options, turn, TimeProvider.System));

    public static SshPeer Target(Socket socket, SshTransportOptions options, SshServerKeys keys) =>
        new(socket, (duplex, turn) => SshTransport.Server(duplex, keys, options, turn, TimeProvider.System));

    /// <summary>As a client: key exchange, and a login by password. False: it was refused.</summary>
    public async Task<bool> LogInAsync(string user, string password)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        await Transport.HandshakeAsync(patience.Token);
        await Transport.WriteAsync(new SshWriter().Byte(SshMessageNumber.ServiceRequest).String("ssh-userauth").WrittenMemory, patience.Token);
        await ReadAsync(SshMessageNumber.ServiceAccept, patience.Token);
        await Transport.WriteAsync(
            new SshWriter().Byte(SshMessageNumber.UserauthRequest).String(user).String("ssh-connection").String("password").Boolean(false).String(password).WrittenMemory, patience.Token);
        if (!await ReadAsync(SshMessageNumber.UserauthSuccess, patience.Token))
            return false;
        Start();
        return true;
    }

    /// <summary>As a target: key exchange, and whoever comes is let in (RFC 4252).</summary>
    public async Task LetInAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        await Transport.HandshakeAsync(patience.Token);
        await ReadAsync(SshMessageNumber.ServiceRequest, patience.Token);
        await Transport.WriteAsync(new SshWriter().Byte(SshMessageNumber.ServiceAccept).String("ssh-userauth").WrittenMemory, patience.Token);
        await ReadAsync(SshMessageNumber.UserauthRequest, patience.Token);
        await Transport.WriteAsync(new[] { SshMessageNumber.UserauthSuccess }, patience.Token);
        Start();
    }

    /// <summary>Sends messages with as few flushes as the send buffer allows.</summary>
    public async Task SendAsync(params byte[][] messages)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        foreach (byte[] message in messages)
        {
            while (!Transport.TryWrite(message))
                await Transport.WritableAsync(patience.Token);
        }

        await Transport.FlushAsync(patience.Token);
    }

    /// <summary>Sends a message again and again, <paramref name="most"/> times or until the other side has ended the connection for it.</summary>
    public async Task FloodAsync(byte[] message, int most)
    {
        try
        {
            for (int i = 0; i < most; i++)
                await SendAsync(message);
        }
        catch (IOException)
        {
            // Enough of them.
        }
    }

    /// <summary>The next message; empty: the connection has ended.</summary>
    public async Task<byte[]> NextAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        try
        {
            return await _received.Reader.ReadAsync(patience.Token);
        }
        catch (ChannelClosedException)
        {
            return [];
        }
    }

    /// <summary>Expects exactly these messages next.</summary>
    public async Task ExpectAsync(params byte[][] messages)
    {
        foreach (byte[] expected in messages)
            Assert.Equal(SshMsg.Shown(expected), SshMsg.Shown(await NextAsync()));
    }

    /// <summary>Expects a message of this number next, whatever is in it.</summary>
    public async Task<byte[]> ExpectAsync(byte number)
    {
        byte[] message = await NextAsync();
        Assert.True(message.Length > 0 && message[0] == number, $"expected {number}, got {SshMsg.Shown(message)}");
        return message;
    }

    /// <summary>Takes everything up to a message of this number; empty when the connection ends before.</summary>
    public async Task<byte[]> SkipToAsync(byte number)
    {
        byte[] message;
        do
            message = await NextAsync();
        while (message.Length > 0 && message[0] != number);
        return message;
    }

    /// <summary>Takes everything up to the end of the connection.</summary>
    public async Task<List<byte[]>> DrainAsync()
    {
        var all = new List<byte[]>();
        for (byte[] message = await NextAsync(); message.Length > 0; message = await NextAsync())
            all.Add(message);
        return all;
    }

    /// <summary>Nothing is read any more, until <see cref="Resume"/>.</summary>
    public void Pause() => _paused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Resume()
    {
        TaskCompletionSource? paused = _paused;
        _paused = null;
        paused?.SetResult();
    }

    /// <summary>Hangs up without a word, as a killed process does.</summary>
    public void Vanish() => _socket.Close(0);

    public async ValueTask DisposeAsync()
    {
        Resume();
        await _stop.CancelAsync();
        _socket.Close(0);
        await _pump;
        await Transport.DisposeAsync();
        _turn.Dispose();
        _stop.Dispose();
    }

    private void Start()
    {
        Transport.Authenticated();
        _pump = PumpAsync();
    }

    private async Task<bool> ReadAsync(byte expected, CancellationToken cancel)
    {
        Memory<byte> message;
        do
        {
            message = await Transport.ReadAsync(cancel);
            if (message.IsEmpty)
                return false;
        }
        while (message.Span[0] == SshMessageNumber.UserauthBanner);
        return message.Span[0] == expected;
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                if (_paused is { } paused)
                    await paused.Task;
                ReadOnlyMemory<byte> message = await Transport.ReadAsync(_stop.Token);
                if (message.IsEmpty)
                    break;
                if (Takes?.Invoke(message) == true)
                    await Transport.FlushAsync(_stop.Token);
                else
                    _received.Writer.TryWrite(message.ToArray());
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or SshEndException)
        {
            Ended = e;
        }

        _received.Writer.Complete();
    }
}
