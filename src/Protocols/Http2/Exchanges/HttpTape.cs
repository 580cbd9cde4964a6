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

    /// <summary>Bytes of a terminal, or of a forwarded port: uint8 channel, then the bytes.</summary>
    Tunnel = 6,
}

/// <summary>
/// Writes an HTTP session's recording: messages of uint32 length (of what follows), a byte of <see cref="TapeKind"/>, the exchange's uint32 number, and the
/// rest. docs/recording-format.md has the same. Values of fields that are secrets are not in it. Any thread.
/// </summary>
internal sealed class HttpTape(ISessionRecorder recorder)
{
    private const int Prefix = 4 + 1 + 4;

    [ThreadStatic]
    private static byte[]? _scratch;

    private int _exchanges;

    /// <summary>The next exchange's number.</summary>
    public uint Next() => (uint)Interlocked.Increment(ref _exchanges);

    /// <returns>False: the recording has to catch up before what was recorded may happen.</returns>
    public bool Head(Direction direction, uint exchange, HttpHead head, bool isTrailers = false)
    {
        int size = Prefix + 2;
        for (int i = 0; i < head.Count; i++)
            size += 6 + head[i].Name.Length + Shown(head[i]).Length;
        Span<byte> into = Scratch(size);
        Begin(into, size, isTrailers ? TapeKind.Trailers : TapeKind.Head, exchange);
        BinaryPrimitives.WriteUInt16BigEndian(into[Prefix..], (ushort)head.Count);
        Span<byte> rest = into[(Prefix + 2)..];
        for (int i = 0; i < head.Count; i++)
        {
            HttpField field = head[i];
            ReadOnlySpan<byte> value = Shown(field);
            BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)field.Name.Length);
            field.Name.CopyTo(rest[2..]);
            rest = rest[(2 + field.Name.Length)..];
            BinaryPrimitives.WriteUInt32BigEndian(rest, (uint)value.Length);
            value.CopyTo(rest[4..]);
            rest = rest[(4 + value.Length)..];
        }

        return recorder.Data(direction, into[..size]);
    }

    /// <summary>Bytes of a tunnel, as the client sent or was shown them.</summary>
    /// <param name="channel">0 input, 1 output, 2 error output, 3 outcome, 4 sizes of the terminal; 16 and above: forwarded ports.</param>
    /// <inheritdoc cref="Head"/>
    public bool Tunnel(Direction direction, uint exchange, byte channel, ReadOnlySpan<byte> bytes)
    {
        int size = Prefix + 1 + bytes.Length;
        Span<byte> into = Scratch(size);
        Begin(into, size, TapeKind.Tunnel, exchange);
        into[Prefix] = channel;
        bytes.CopyTo(into[(Prefix + 1)..]);
        return recorder.Data(direction, into[..size]);
    }

    /// <inheritdoc cref="Head"/>
    public bool Data(Direction direction, uint exchange, ReadOnlySpan<byte> data)
    {
        Span<byte> into = Scratch(Prefix + data.Length);
        Begin(into, Prefix + data.Length, TapeKind.Data, exchange);
        data.CopyTo(into[Prefix..]);
        return recorder.Data(direction, into[..(Prefix + data.Length)]);
    }

    /// <inheritdoc cref="Head"/>
    public bool Reset(Direction direction, uint exchange, H2ErrorCode code)
    {
        Span<byte> into = stackalloc byte[Prefix + 4];
        Begin(into, into.Length, TapeKind.Reset, exchange);
        BinaryPrimitives.WriteUInt32BigEndian(into[Prefix..], (uint)code);
        return recorder.Data(direction, into);
    }

    /// <inheritdoc cref="Head"/>
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

    private static ReadOnlySpan<byte> Shown(in HttpField field) => field.NeverIndexed || SecretFields.Has(field.Name) ? "[secret]"u8 : field.Value;

    /// <summary>The recorder copies before it returns, so one buffer a thread does.</summary>
    private static Span<byte> Scratch(int size)
    {
        if (_scratch is null || _scratch.Length < size)
            _scratch = new byte[Math.Max(4096, (int)BitOperationsRound(size))];
        return _scratch;
    }

    private static uint BitOperationsRound(int size) => System.Numerics.BitOperations.RoundUpToPowerOf2((uint)size);
}
