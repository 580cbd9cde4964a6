using System.Buffers;
using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>What a message of a recording says.</summary>
internal enum TapeKind : byte
{
    /// <summary>A field section: uint16 count, then for each field uint16 length and name, uint32 length and value.</summary>
    Head = 1,

    /// <summary>Bytes of a body.</summary>
    Data = 2,

    /// <summary>As <see cref="Head"/>.</summary>
    Trailers = 3,

    /// <summary>Given up: uint32 error code of RFC 9113 7.</summary>
    Reset = 4,

    /// <summary>Over: uint16 status (0: none), uint32 milliseconds, uint64 bytes of the request's body, uint64 bytes of the response's.</summary>
    End = 5,

    /// <summary>Bytes of a terminal, or of a forwarded port: uint8 <see cref="TapeChannel"/>, then the bytes.</summary>
    Tunnel = 6,

    /// <summary>Stands before a request's head: uint8 <see cref="TapeRoute"/>, uint16 bytes at the start of the path that named the target.</summary>
    Route = 7,

    /// <summary>The next decision of the recording is about this exchange. A request's head says that, too.</summary>
    Judging = 8,
}

/// <summary>Which stream of a tunnel, as Kubernetes numbers them; ports that are forwarded are 16 and above.</summary>
internal static class TapeChannel
{
    public const byte Input = 0;
    public const byte Output = 1;
    public const byte Error = 2;

    /// <summary>How the command ended: a Status.</summary>
    public const byte Outcome = 3;

    /// <summary>Sizes of the terminal: <c>{"Width":80,"Height":24}</c>.</summary>
    public const byte Resize = 4;

    public const byte FirstPort = 16;
}

/// <summary>What else is known of a request when it is recorded.</summary>
[Flags]
internal enum TapeRoute : byte
{
    None = 0,

    /// <summary>Its target is a Kubernetes API server.</summary>
    Kubernetes = 1,

    /// <summary>The client sent it over HTTP/1.1.</summary>
    Http1 = 2,
}

/// <summary>
/// Writes an HTTP session's recording: messages of uint32 length (of what follows), a byte of <see cref="TapeKind"/>, the exchange's uint32 number, and the
/// rest. docs/recording-format.md has the same. Values of fields that are secrets are not in it. Any thread.
/// </summary>
internal sealed class HttpTape(ISessionRecorder recorder)
{
    private const int Prefix = 4 + 1 + 4;
    private const int Piece = 64 << 10;

    [ThreadStatic]
    private static byte[]? OwnScratch;

    private int _exchanges;

    /// <summary>The next exchange's number.</summary>
    public uint Next() => (uint)Interlocked.Increment(ref _exchanges);

    /// <summary>A request, right before it is judged: the next decision is about it.</summary>
    /// <returns>False: the recording has to catch up before what was recorded may happen.</returns>
    public bool Request(uint exchange, HttpHead head, TapeRoute route, int prefix)
    {
        const int Size = Prefix + 3;
        Span<byte> into = Scratch(Size + MostBytes(head));
        Begin(into, Size, TapeKind.Route, exchange);
        into[Prefix] = (byte)route;
        BinaryPrimitives.WriteUInt16BigEndian(into[(Prefix + 1)..], (ushort)prefix);
        int size = Size + Write(into[Size..], exchange, head, TapeKind.Head);
        return recorder.Data(Direction.FromClient, into[..size]);
    }

    /// <summary>A response, or trailers.</summary>
    /// <inheritdoc cref="Request"/>
    public bool Head(Direction direction, uint exchange, HttpHead head, bool isTrailers = false)
    {
        Span<byte> into = Scratch(MostBytes(head));
        int size = Write(into, exchange, head, isTrailers ? TapeKind.Trailers : TapeKind.Head);
        return recorder.Data(direction, into[..size]);
    }

    /// <summary>The next decision is about this exchange: for what is judged later than its head, or again.</summary>
    /// <inheritdoc cref="Request"/>
    public bool Judging(uint exchange)
    {
        Span<byte> into = stackalloc byte[Prefix];
        Begin(into, Prefix, TapeKind.Judging, exchange);
        return recorder.Data(Direction.FromClient, into);
    }

    /// <summary>Bytes of a tunnel, as the client sent or was shown them.</summary>
    /// <param name="channel">Of <see cref="TapeChannel"/>.</param>
    /// <inheritdoc cref="Request"/>
    public bool Tunnel(Direction direction, uint exchange, byte channel, ReadOnlySpan<byte> bytes)
    {
        int size = Prefix + 1 + bytes.Length;
        Span<byte> into = Scratch(size);
        Begin(into, size, TapeKind.Tunnel, exchange);
        into[Prefix] = channel;
        bytes.CopyTo(into[(Prefix + 1)..]);
        return recorder.Data(direction, into[..size]);
    }

    /// <summary>Bytes of a body.</summary>
    /// <inheritdoc cref="Request"/>
    public bool Data(Direction direction, uint exchange, ReadOnlySpan<byte> data)
    {
        // A body that was collected comes whole: no thread keeps a buffer as large.
        bool ready = true;
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> piece = data[..Math.Min(data.Length, Piece)];
            data = data[piece.Length..];
            Span<byte> into = Scratch(Prefix + piece.Length);
            Begin(into, Prefix + piece.Length, TapeKind.Data, exchange);
            piece.CopyTo(into[Prefix..]);
            ready = recorder.Data(direction, into[..(Prefix + piece.Length)]);
        }

        return ready;
    }

    /// <inheritdoc cref="Request"/>
    public bool Reset(Direction direction, uint exchange, H2ErrorCode code)
    {
        Span<byte> into = stackalloc byte[Prefix + 4];
        Begin(into, into.Length, TapeKind.Reset, exchange);
        BinaryPrimitives.WriteUInt32BigEndian(into[Prefix..], (uint)code);
        return recorder.Data(direction, into);
    }

    /// <inheritdoc cref="Request"/>
    public bool End(uint exchange, int status, long milliseconds, long requestBytes, long responseBytes)
    {
        Span<byte> into = stackalloc byte[Prefix + 22];
        Begin(into, into.Length, TapeKind.End, exchange);
        BinaryPrimitives.WriteUInt16BigEndian(into[Prefix..], (ushort)status);
        BinaryPrimitives.WriteUInt32BigEndian(into[(Prefix + 2)..], (uint)Math.Min(milliseconds, uint.MaxValue));
        BinaryPrimitives.WriteUInt64BigEndian(into[(Prefix + 6)..], (ulong)requestBytes);
        BinaryPrimitives.WriteUInt64BigEndian(into[(Prefix + 14)..], (ulong)responseBytes);
        return recorder.Data(Direction.ToClient, into);
    }

    private static void Begin(Span<byte> into, int size, TapeKind kind, uint exchange)
    {
        BinaryPrimitives.WriteUInt32BigEndian(into, (uint)(size - 4));
        into[4] = (byte)kind;
        BinaryPrimitives.WriteUInt32BigEndian(into[5..], exchange);
    }

    /// <summary>No message of this head is longer.</summary>
    private static int MostBytes(HttpHead head) => Prefix + 2 + (head.Size * ShownUrl.Growth);

    private static int Write(Span<byte> into, uint exchange, HttpHead head, TapeKind kind)
    {
        BinaryPrimitives.WriteUInt16BigEndian(into[Prefix..], (ushort)head.Count);
        int at = Prefix + 2;
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            ReadOnlySpan<byte> name = field.Name[..Math.Min(field.Name.Length, ushort.MaxValue)];
            BinaryPrimitives.WriteUInt16BigEndian(into[at..], (ushort)name.Length);
            name.CopyTo(into[(at + 2)..]);
            at += 2 + name.Length;
            int length = Shown(field, into[(at + 4)..]);
            BinaryPrimitives.WriteUInt32BigEndian(into[at..], (uint)length);
            at += 4 + length;
        }

        Begin(into, at, kind, exchange);
        return at;
    }

    private static int Shown(in HttpField field, Span<byte> into)
    {
        FieldShown shown = SecretFields.Shown(field.Name, field.NeverIndexed);
        if (shown == FieldShown.WithoutQuerySecrets)
            return ShownUrl.Write(field.Value, into);
        ReadOnlySpan<byte> value = shown == FieldShown.Whole ? field.Value : SecretFields.Blank;
        value.CopyTo(into);
        return value.Length;
    }

    /// <summary>The recorder copies before it returns, so one buffer a thread does.</summary>
    private static Span<byte> Scratch(int size)
    {
        if (OwnScratch is null || OwnScratch.Length < size)
            OwnScratch = new byte[Math.Max(4096, (int)BitOperationsRound(size))];
        return OwnScratch;
    }

    private static uint BitOperationsRound(int size) => System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size);
}
