using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>One end of a connection of HTTP/2 that does what a test says. It answers SETTINGS and PING, and nothing else, by itself.</summary>
internal sealed class H2Peer(Socket socket) : IAsyncDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly HpackDecoder _decoder = new();
    private readonly byte[] _header = new byte[H2FrameHeader.Size];

    public Socket Socket => socket;

    /// <summary>Set: SETTINGS and PING of the engine's are not answered.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Credit that the engine gave, by stream; 0 is the connection.</summary>
    public ConcurrentDictionary<int, long> Credit { get; } = [];

    public async Task SendAsync(params byte[][] frames)
    {
        using var timeout = new CancellationTokenSource(HttpRig.Patience);
        await _stream.WriteAsync(Msg.Join(frames), timeout.Token);
    }

    /// <summary>Sends, whether or not the engine still listens.</summary>
    /// <returns>False: it has hung up.</returns>
    public async Task<bool> TrySendAsync(params byte[][] frames)
    {
        try
        {
            await SendAsync(frames);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>A client's first words.</summary>
    public Task GreetAsync(params (int, uint)[] settings) => SendAsync(H2Msg.Preface, H2Msg.Settings(settings));

    /// <summary>A server's: the client's preface is taken first.</summary>
    public async Task WelcomeAsync(params (int, uint)[] settings)
    {
        byte[] preface = new byte[H2Msg.Preface.Length];
        using var timeout = new CancellationTokenSource(HttpRig.Patience);
        await _stream.ReadExactlyAsync(preface, timeout.Token);
        Assert.Equal(H2Msg.Preface, preface);
        await SendAsync(H2Msg.Settings(settings));
    }

    /// <summary>The next frame, whatever it is; null: the connection has ended.</summary>
    public async Task<H2Frame?> TryReadAsync()
    {
        using var timeout = new CancellationTokenSource(HttpRig.Patience);
        try
        {
            if (await _stream.ReadAtLeastAsync(_header, _header.Length, throwOnEndOfStream: false, timeout.Token) < _header.Length)
                return null;
            Assert.True(H2FrameHeader.TryRead(_header, out H2FrameHeader header));
            byte[] payload = new byte[header.Length];
            await _stream.ReadExactlyAsync(payload, timeout.Token);
            return new H2Frame(header.Type, header.Flags, header.StreamId, payload);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The next frame that is not about the connection's upkeep; null: the connection has ended.</summary>
    public async Task<H2Frame?> TryNextAsync()
    {
        while (await TryReadAsync() is { } frame)
        {
            switch (frame.Type)
            {
                case H2FrameType.SETTINGS:
                    if (!frame.IsAck && !IsSilent)
                        await TrySendAsync(H2Msg.SettingsAck());
                    continue;
                case H2FrameType.PING when !frame.IsAck:
                    if (!IsSilent)
                        await TrySendAsync(H2Msg.Frame(H2FrameType.PING, H2Flags.ACK, 0, frame.Payload));
                    continue;
                case H2FrameType.WINDOW_UPDATE:
                    Credit.AddOrUpdate(frame.Id, frame.Increment, (_, before) => before + frame.Increment);
                    continue;
                default:
                    return frame;
            }
        }

        return null;
    }

    public async Task<H2Frame> NextAsync() => await TryNextAsync() ?? throw new InvalidDataException("closed, where a frame was expected");

    public async Task<H2Frame> ExpectAsync(H2FrameType type, int id)
    {
        H2Frame frame = await NextAsync();
        Assert.True(frame.Type == type && frame.Id == id, $"expected {type} {id}, got {frame}");
        return frame;
    }

    /// <summary>The next head, CONTINUATION and all, as lines of <c>name: value</c>.</summary>
    public async Task<(string Text, bool End)> HeadAsync(int id)
    {
        H2Frame frame = await ExpectAsync(H2FrameType.HEADERS, id);
        byte[] block = frame.Payload;
        for (H2Frame last = frame; (last.Flags & H2Flags.END_HEADERS) == 0;)
        {
            last = await ExpectAsync(H2FrameType.CONTINUATION, id);
            block = [.. block, .. last.Payload];
        }

        var head = new HttpHead(1 << 20, 4096);
        Assert.Equal(HpackStatus.Done, _decoder.Decode(block, head));
        var text = new StringBuilder();
        for (int i = 0; i < head.Count; i++)
            text.Append(CultureInfo.InvariantCulture, $"{Encoding.Latin1.GetString(head[i].Name)}: {Encoding.Latin1.GetString(head[i].Value)}\n");
        return (text.ToString(), frame.EndsStream);
    }

    /// <summary>A response's head, whose status must be that.</summary>
    public async Task<bool> StatusAsync(int id, int status)
    {
        (string text, bool end) = await HeadAsync(id);
        Assert.StartsWith($":status: {status}\n", text, StringComparison.Ordinal);
        return end;
    }

    /// <summary>DATA of a stream until its end.</summary>
    public async Task<string> BodyAsync(int id)
    {
        var text = new StringBuilder();
        while (true)
        {
            H2Frame frame = await ExpectAsync(H2FrameType.DATA, id);
            text.Append(frame.Text);
            if (frame.EndsStream)
                return text.ToString();
        }
    }

    /// <summary>The stream is reset, with that code.</summary>
    public async Task ExpectResetAsync(int id, H2ErrorCode code) => Assert.Equal(code, (await ExpectAsync(H2FrameType.RST_STREAM, id)).ResetCode);

    /// <summary>The connection ends with GOAWAY of that code; whatever else was under way is skipped.</summary>
    public async Task<int> ExpectGoAwayAsync(H2ErrorCode code)
    {
        while (true)
        {
            H2Frame frame = await NextAsync();
            if (frame.Type != H2FrameType.GOAWAY)
                continue;
            Assert.Equal(code, frame.GoAwayCode);
            return frame.LastId;
        }
    }

    /// <summary>The same, and nothing more comes.</summary>
    public async Task ExpectEndAsync(H2ErrorCode code)
    {
        await ExpectGoAwayAsync(code);
        Assert.Null(await TryNextAsync());
    }

    /// <summary>The connection works: it answers a PING. What comes before the answer is dropped.</summary>
    public async Task ExpectAliveAsync()
    {
        await SendAsync(H2Msg.Ping());
        while (!(await NextAsync()).IsAck)
        {
            // Left over from what the test did.
        }
    }

    public void Vanish() => socket.Close(0);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
