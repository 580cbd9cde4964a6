using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>One end of a connection that does what a test says, and only that. Keeps what it sent and received.</summary>
public abstract class Peer(Socket socket) : IAsyncDisposable
{
    /// <summary>Long enough for a machine that is busy with everything else; a test that waits for it has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly MemoryStream _received = new();
    private readonly MemoryStream _sent = new();

    public Socket Socket => socket;

    public Stream Stream { get; protected set; } = new NetworkStream(socket, ownsSocket: true);

    /// <summary>All that has been taken from the connection, inside TLS if there is any.</summary>
    public byte[] Received => _received.ToArray();

    /// <summary>All that was sent by <see cref="SendAsync"/>.</summary>
    public byte[] Sent => _sent.ToArray();

    /// <summary>Sends messages in one write.</summary>
    public async Task SendAsync(params byte[][] messages)
    {
        using var timeout = new CancellationTokenSource(Patience);
        byte[] bytes = Join(messages);
        _sent.Write(bytes);
        await Stream.WriteAsync(bytes, timeout.Token);
    }

    /// <summary>Sends, whether or not the engine still listens.</summary>
    public async Task TrySendAsync(params byte[][] messages)
    {
        try
        {
            await SendAsync(messages);
        }
        catch (IOException)
        {
            // It has hung up already, which is what the test is about.
            return;
        }
    }

    /// <summary>The next message with a type; null when the connection was closed before it.</summary>
    public async Task<PgMessage?> TryReceiveAsync()
    {
        byte[] header = new byte[5];
        if (!await TryFillAsync(header))
            return null;
        byte[] body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4];
        return await TryFillAsync(body) ? new PgMessage(header[0], body) : throw new InvalidDataException("closed inside a message");
    }

    public async Task<PgMessage> ReceiveAsync() => await TryReceiveAsync() ?? throw new InvalidDataException("closed, where a message was expected");

    /// <summary>Takes bytes that are no message: the answer to SSLRequest.</summary>
    public async Task<char> ReceiveByteAsync()
    {
        byte[] one = new byte[1];
        return await TryFillAsync(one) ? (char)one[0] : throw new InvalidDataException("closed, where a byte was expected");
    }

    /// <summary>Receives messages and compares them, byte for byte.</summary>
    public async Task ExpectAsync(params byte[][] messages)
    {
        foreach (byte[] expected in messages)
        {
            PgMessage want = new(expected[0], expected[5..]);
            PgMessage got = await ReceiveAsync();
            while (got.Type != want.Type && IsIncidental(got))
                got = await ReceiveAsync();
            Assert.Equal(want.ToString(), got.ToString());
            Assert.Equal(want.Body, got.Body);
        }
    }

    /// <summary>Receives an ErrorResponse and returns its fields.</summary>
    public async Task<Dictionary<char, string>> ExpectErrorAsync(string sqlState, string severity = "ERROR")
    {
        PgMessage message = await ReceiveAsync();
        Assert.True(message.Type == 'E', $"expected an ErrorResponse, got {message}");
        Dictionary<char, string> fields = ErrorFields(message.Body);
        Assert.Equal((sqlState, severity), (fields.GetValueOrDefault('C'), fields.GetValueOrDefault('S')));
        Assert.Equal(severity, fields['V']);
        return fields;
    }

    /// <summary>Expects a FATAL error, and the end of the connection behind it.</summary>
    public async Task<Dictionary<char, string>> ExpectFatalAsync(string sqlState)
    {
        Dictionary<char, string> fields = await ExpectErrorAsync(sqlState, "FATAL");
        await ExpectClosedAsync();
        return fields;
    }

    /// <summary>Expects the end of the connection, and nothing before it.</summary>
    public async Task ExpectClosedAsync()
    {
        byte[] one = new byte[1];
        if (await TryFillAsync(one))
            Assert.Fail($"expected the end, got {PgMessage.Printable(one)}");
    }

    /// <summary>Takes everything up to the end of the connection.</summary>
    public async Task<byte[]> DrainAsync()
    {
        var all = new MemoryStream();
        byte[] one = new byte[1];
        while (await TryFillAsync(one))
            all.Write(one);
        return all.ToArray();
    }

    public static Dictionary<char, string> ErrorFields(byte[] body)
    {
        var fields = new Dictionary<char, string>();
        int at = 0;
        while (body[at] != 0)
        {
            int end = Array.IndexOf(body, (byte)0, at);
            fields.Add((char)body[at], Encoding.UTF8.GetString(body, at + 1, end - at - 1));
            at = end + 1;
        }

        return fields;
    }

    /// <summary>Hangs up without a word, as a killed process does.</summary>
    public void Vanish() => socket.Close(0);

    public void HalfClose() => socket.Shutdown(SocketShutdown.Send);

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether a message may come at any place without being part of a script.</summary>
    protected virtual bool IsIncidental(PgMessage message) => false;

    /// <summary>False when the connection ended before the first byte.</summary>
    protected async Task<bool> TryFillAsync(byte[] buffer)
    {
        using var timeout = new CancellationTokenSource(Patience);
        int have = 0;
        try
        {
            while (have < buffer.Length)
            {
                int count = await Stream.ReadAsync(buffer.AsMemory(have), timeout.Token);
                if (count == 0)
                    break;
                have += count;
            }
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            // Closed with something unread: closed all the same.
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{GetType().Name} waited {Patience} for {buffer.Length} bytes and got {have}");
        }

        _received.Write(buffer, 0, have);
        return have == buffer.Length || (have == 0 ? false : throw new InvalidDataException("closed inside a message"));
    }
}
