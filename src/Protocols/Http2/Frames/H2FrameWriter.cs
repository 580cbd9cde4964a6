using System.Buffers.Binary;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>Frames of our own, written into spans that have room for them. Each gives how many bytes it wrote. Nothing of ours is padded.</summary>
internal static class H2FrameWriter
{
    /// <summary>What a client begins with, before its SETTINGS (RFC 9113 3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Bytes that a field block of <paramref name="length"/> bytes takes as HEADERS and CONTINUATION.</summary>
    public static int HeadersSize(int length, int maxFrameSize) => length + (H2FrameHeader.Size * Math.Max(1, (length + maxFrameSize - 1) / maxFrameSize));

    /// <summary>
    /// Makes HEADERS, and CONTINUATION as often as it takes, of a field block that stands in <paramref name="buffer"/> behind room for one frame header: the usual block needs no copy.
    /// "HEADERS ... CONTINUATION frames MUST be transmitted as a contiguous sequence of frames" (RFC 9113 4.3): these bytes are to leave as one.
    /// </summary>
    /// <param name="buffer">Has <see cref="HeadersSize"/> bytes; the block begins at <see cref="H2FrameHeader.Size"/>.</param>
    /// <param name="length">Bytes of the block.</param>
    /// <param name="maxFrameSize">The peer's SETTINGS_MAX_FRAME_SIZE.</param>
    public static int FrameHeaders(Span<byte> buffer, int length, int streamId, bool endStream, int maxFrameSize)
    {
        int frames = Math.Max(1, (length + maxFrameSize - 1) / maxFrameSize);

        // From the last on, since each moves back by the headers that come before it.
        for (int i = frames - 1; i >= 0; i--)
        {
            int from = i * maxFrameSize, size = Math.Min(maxFrameSize, length - from);
            int at = i * (maxFrameSize + H2FrameHeader.Size);
            if (i > 0)
                buffer.Slice(H2FrameHeader.Size + from, size).CopyTo(buffer[(at + H2FrameHeader.Size)..]);
            byte flags = i == frames - 1 ? H2Flags.END_HEADERS : H2Flags.None;
            if (i == 0 && endStream)
                flags |= H2Flags.END_STREAM;
            new H2FrameHeader(size, i == 0 ? H2FrameType.HEADERS : H2FrameType.CONTINUATION, flags, streamId).Write(buffer[at..]);
        }

        return length + (frames * H2FrameHeader.Size);
    }

    /// <summary>The header of DATA, whose <paramref name="length"/> bytes follow.</summary>
    public static int WriteDataHeader(Span<byte> into, int streamId, int length, bool endStream) =>
        WriteHeader(into, length, H2FrameType.DATA, endStream ? H2Flags.END_STREAM : H2Flags.None, streamId);

    public static int WriteReset(Span<byte> into, int streamId, H2ErrorCode code)
    {
        int at = WriteHeader(into, 4, H2FrameType.RST_STREAM, H2Flags.None, streamId);
        BinaryPrimitives.WriteUInt32BigEndian(into[at..], (uint)code);
        return at + 4;
    }

    public static int WriteSettings(Span<byte> into, ReadOnlySpan<(H2Setting Setting, uint Value)> settings)
    {
        int at = WriteHeader(into, settings.Length * H2Settings.EntrySize, H2FrameType.SETTINGS, H2Flags.None, 0);
        foreach ((H2Setting setting, uint value) in settings)
        {
            BinaryPrimitives.WriteUInt16BigEndian(into[at..], (ushort)setting);
            BinaryPrimitives.WriteUInt32BigEndian(into[(at + 2)..], value);
            at += H2Settings.EntrySize;
        }

        return at;
    }

    public static int WriteSettingsAck(Span<byte> into) => WriteHeader(into, 0, H2FrameType.SETTINGS, H2Flags.ACK, 0);

    /// <param name="data">Eight bytes. "the endpoint MUST send a PING frame with the ACK flag set in response, with an identical frame payload" (RFC 9113 6.7).</param>
    public static int WritePing(Span<byte> into, ReadOnlySpan<byte> data, bool ack)
    {
        int at = WriteHeader(into, H2Payloads.PingSize, H2FrameType.PING, ack ? H2Flags.ACK : H2Flags.None, 0);
        data[..H2Payloads.PingSize].CopyTo(into[at..]);
        return at + H2Payloads.PingSize;
    }

    /// <summary>No debug data: fixed words would say no more than the code, and others would say too much.</summary>
    public static int WriteGoAway(Span<byte> into, int lastStreamId, H2ErrorCode code)
    {
        int at = WriteHeader(into, 8, H2FrameType.GOAWAY, H2Flags.None, 0);
        BinaryPrimitives.WriteUInt32BigEndian(into[at..], (uint)lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(into[(at + 4)..], (uint)code);
        return at + 8;
    }

    /// <param name="increment">1 to 2^31 - 1.</param>
    public static int WriteWindowUpdate(Span<byte> into, int streamId, int increment)
    {
        int at = WriteHeader(into, 4, H2FrameType.WINDOW_UPDATE, H2Flags.None, streamId);
        BinaryPrimitives.WriteUInt32BigEndian(into[at..], (uint)increment);
        return at + 4;
    }

    private static int WriteHeader(Span<byte> into, int length, H2FrameType type, byte flags, int streamId)
    {
        new H2FrameHeader(length, type, flags, streamId).Write(into);
        return H2FrameHeader.Size;
    }
}
