using System.Buffers;
using System.Buffers.Binary;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Spdy;

/// <summary>
/// Writes frames of one direction of a SPDY/3.1 connection.
/// </summary>
/// <remarks>
/// Name/value blocks are pieces of one zlib stream: a direction whose blocks are written here must have all of them written here, those of the other peer
/// too, since bytes it compressed refer to bytes before them. Frames without blocks (data, RST_STREAM, PING …) can go between any others. The blocks are
/// stored, not compressed: they are a few dozen bytes, and what is not compressed gives nothing away by its length. Each ends in an empty block, as
/// a sync flush makes it: Go's inflater gives nothing out before.
/// </remarks>
internal sealed class SpdyWriter
{
    private bool _hasBegun;

    /// <summary>A stream of our own. Priority and slot are 0, which nobody in Kubernetes looks at.</summary>
    public void SynStream(uint stream, HttpHead headers, bool isFinal, IBufferWriter<byte> to)
    {
        Span<byte> ids = stackalloc byte[10];
        ids.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(ids, stream);
        WithHeaders(SpdyFrameType.SYN_STREAM, ids, headers, isFinal, to);
    }

    public void SynReply(uint stream, HttpHead headers, bool isFinal, IBufferWriter<byte> to) => WithHeaders(SpdyFrameType.SYN_REPLY, Id(stream, stackalloc byte[4]), headers, isFinal, to);

    public void Headers(uint stream, HttpHead headers, bool isFinal, IBufferWriter<byte> to) => WithHeaders(SpdyFrameType.HEADERS, Id(stream, stackalloc byte[4]), headers, isFinal, to);

    /// <summary>A frame with a block, as it was read, into a direction of ours.</summary>
    public void Copy(SpdyFrame frame, IBufferWriter<byte> to)
    {
        if (frame.Headers is null)
        {
            to.Write(frame.Bytes);
            return;
        }

        ReadOnlySpan<byte> ids = frame.Bytes.Slice(8, frame.Type == SpdyFrameType.SYN_STREAM ? 10 : 4);
        WithHeaders(frame.Type, ids, frame.Headers, frame.IsFinal, to, frame.IsUnidirectional);
    }

    public static void RstStream(uint stream, SpdyStatus status, IBufferWriter<byte> to) => Two(SpdyFrameType.RST_STREAM, stream, (uint)status, to);

    public static void GoAway(uint lastGoodStream, uint status, IBufferWriter<byte> to) => Two(SpdyFrameType.GOAWAY, lastGoodStream, status, to);

    /// <summary>The header of a data frame, whose bytes are the caller's to send behind it.</summary>
    public static void DataHeader(uint stream, int length, bool isFinal, IBufferWriter<byte> to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, 0xffffffu);
        Span<byte> header = to.GetSpan(8);
        BinaryPrimitives.WriteUInt32BigEndian(header, stream);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], (uint)length | (isFinal ? 1u << 24 : 0));
        to.Advance(8);
    }

    public static void Data(uint stream, ReadOnlySpan<byte> data, bool isFinal, IBufferWriter<byte> to)
    {
        DataHeader(stream, data.Length, isFinal, to);
        to.Write(data);
    }

    private static ReadOnlySpan<byte> Id(uint stream, Span<byte> id)
    {
        BinaryPrimitives.WriteUInt32BigEndian(id, stream);
        return id;
    }

    private static void Control(SpdyFrameType type, int flags, int length, IBufferWriter<byte> to)
    {
        Span<byte> header = to.GetSpan(8);
        BinaryPrimitives.WriteUInt32BigEndian(header, 0x80030000u | (uint)type);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], ((uint)flags << 24) | (uint)length);
        to.Advance(8);
    }

    private static void Two(SpdyFrameType type, uint first, uint second, IBufferWriter<byte> to)
    {
        Control(type, 0, 8, to);
        Span<byte> body = to.GetSpan(8);
        BinaryPrimitives.WriteUInt32BigEndian(body, first);
        BinaryPrimitives.WriteUInt32BigEndian(body[4..], second);
        to.Advance(8);
    }

    private void WithHeaders(SpdyFrameType type, ReadOnlySpan<byte> ids, HttpHead headers, bool isFinal, IBufferWriter<byte> to, bool isUnidirectional = false)
    {
        int block = 4;
        for (int i = 0; i < headers.Count; i++)
            block += 8 + headers[i].Name.Length + headers[i].Value.Length;
        // A stored block of deflate has 16 bits for its length (RFC 1951 3.2.4).
        ArgumentOutOfRangeException.ThrowIfGreaterThan(block, ushort.MaxValue, nameof(headers));

        Control(type, (isFinal ? 1 : 0) | (isUnidirectional ? 2 : 0), ids.Length + (_hasBegun ? 0 : 2) + 5 + block + 5, to);
        to.Write(ids);
        // CMF and FLG of RFC 1950: deflate with a window of 32 KiB, no preset dictionary, which nothing here would refer to.
        if (!_hasBegun)
            to.Write((ReadOnlySpan<byte>)[0x78, 0x01]);
        _hasBegun = true;
        to.Write((ReadOnlySpan<byte>)[0x00, (byte)block, (byte)(block >> 8), (byte)~block, (byte)(~block >> 8)]);
        Int32(headers.Count, to);
        for (int i = 0; i < headers.Count; i++)
        {
            HttpField field = headers[i];
            Int32(field.Name.Length, to);
            to.Write(field.Name);
            Int32(field.Value.Length, to);
            to.Write(field.Value);
        }

        to.Write((ReadOnlySpan<byte>)[0x00, 0x00, 0x00, 0xff, 0xff]);
    }

    private static void Int32(int value, IBufferWriter<byte> to)
    {
        BinaryPrimitives.WriteInt32BigEndian(to.GetSpan(4), value);
        to.Advance(4);
    }
}
