using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>One end of a connection of HTTP/1.1 that does what a test says, in text.</summary>
internal sealed class H1Peer(Socket socket) : IAsyncDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly List<byte> _ahead = [];

    public Socket Socket => socket;

    public async Task SendAsync(string text)
    {
        using var timeout = new CancellationTokenSource(HttpRig.Patience);
        await _stream.WriteAsync(Encoding.Latin1.GetBytes(text), timeout.Token);
    }

    /// <summary>A request of alice's to the target <c>app</c>.</summary>
    public Task AskAsync(string line = "GET /", string fields = "", string body = "") => SendAsync(Request(line, fields, body));

    public static string Request(string line = "GET /", string fields = "", string body = "") =>
        $"{line} HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer {Rig.Doors.GoodToken}\r\n{fields}\r\n{body}";

    /// <summary>The next head, with its empty line; what was expected must come.</summary>
    public async Task<string> HeadAsync() => await TryHeadAsync() ?? throw new InvalidDataException("closed, where a head was expected");

    /// <summary>The next head; null: the connection has ended before it began.</summary>
    public async Task<string?> TryHeadAsync()
    {
        var head = new StringBuilder();
        while (await TryByteAsync() is { } next)
        {
            head.Append((char)next);
            if (head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
                return head.ToString();
        }

        return head.Length == 0 ? null : throw new InvalidDataException($"closed inside a head: {head}");
    }

    public async Task<string> StatusAsync(int status)
    {
        string head = await HeadAsync();
        Assert.StartsWith($"HTTP/1.1 {status.ToString(CultureInfo.InvariantCulture)} ", head, StringComparison.Ordinal);
        return head;
    }

    public async Task<string> TakeAsync(int count)
    {
        var text = new StringBuilder();
        while (text.Length < count)
            text.Append((char)(await TryByteAsync() ?? throw new InvalidDataException($"closed after '{text}'")));
        return text.ToString();
    }

    /// <summary>A chunked body, its content alone, and its trailers behind a bar when there are any.</summary>
    public async Task<string> ChunkedAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            int size = int.Parse(await LineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
                break;
            body.Append(await TakeAsync(size));
            Assert.Equal("", await LineAsync());
        }

        for (string line = await LineAsync(); line.Length > 0; line = await LineAsync())
            body.Append('|').Append(line);
        return body.ToString();
    }

    /// <summary>The body that the last head announced by its length.</summary>
    public Task<string> BodyAsync(string head)
    {
        string line = head.Split("\r\n").Single(line => line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase));
        return TakeAsync(int.Parse(line["content-length:".Length..], CultureInfo.InvariantCulture));
    }

    /// <summary>Nothing more comes, and the connection ends.</summary>
    public async Task ExpectClosedAsync() => Assert.Null(await TryByteAsync());

    public void Vanish() => socket.Close(0);

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            line.Append((char)(await TryByteAsync() ?? throw new InvalidDataException($"closed after '{line}'")));
            if (line.Length >= 2 && line[^2] == '\r' && line[^1] == '\n')
                return line.ToString(0, line.Length - 2);
        }
    }

    private async Task<byte?> TryByteAsync()
    {
        if (_ahead.Count == 0)
        {
            using var timeout = new CancellationTokenSource(HttpRig.Patience);
            byte[] buffer = new byte[4096];
            int count;
            try
            {
                count = await _stream.ReadAsync(buffer, timeout.Token);
            }
            catch (IOException)
            {
                return null;
            }

            if (count == 0)
                return null;
            _ahead.AddRange(buffer.AsSpan(0, count));
            _ahead.Reverse();
        }

        byte next = _ahead[^1];
        _ahead.RemoveAt(_ahead.Count - 1);
        return next;
    }
}
