using System.Buffers.Binary;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>What stands in frames, by type, of frames that <see cref="H2Frames.Check"/> has found right. Each gives what is wrong, or null.</summary>
internal static class H2Payloads
{
    /// <summary>Bytes of a PING (RFC 9113 6.7).</summary>
    public const int PingSize = 8;

    private static readonly H2Fault BadPadding = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "padding as long as its frame, or longer");
    private static readonly H2Fault Short = H2Fault.OfConnection(H2ErrorCode.FRAME_SIZE_ERROR, "a frame too short for its fields");
    private static readonly H2Fault OfItself = H2Fault.OfStream(H2ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself");
    private static readonly H2Fault NoCreditOfStream = H2Fault.OfStream(H2ErrorCode.PROTOCOL_ERROR, "a WINDOW_UPDATE of 0");
    private static readonly H2Fault NoCreditOfConnection = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a WINDOW_UPDATE of 0 on stream 0");

    /// <summary>
    /// RFC 9113 6.1:
    /// <code>
    ///   [Pad Length (8)],
    ///   Data (..),
    ///   Padding (..2040),
    /// </code>
    /// "The entire DATA frame payload is included in flow control, including the Pad Length and Padding fields if present": what counts is the header's length, not that of <paramref name="data"/>.
    /// </summary>
    public static H2Fault? TryReadData(H2FrameHeader header, ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> data) => TryUnpad(header, payload, out data);

    /// <summary>
    /// RFC 9113 6.2:
    /// <code>
    ///   [Pad Length (8)],
    ///   [Exclusive (1)],
    ///   [Stream Dependency (31)],
    ///   [Weight (8)],
    ///   Field Block Fragment (..),
    ///   Padding (..2040),
    /// </code>
    /// Priorities are those of RFC 7540, which RFC 9113 5.3 has withdrawn: nothing is made of them, but they are read.
    /// </summary>
    /// <param name="fragment">Set also when the stream alone is at fault: its block must be decoded all the same, or the table is not what the peer thinks it is (RFC 9113 4.3).</param>
    public static H2Fault? TryReadHeaders(H2FrameHeader header, ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> fragment)
    {
        H2Fault? fault = TryUnpad(header, payload, out fragment);
        if (fault is not null || !header.Has(H2Flags.PRIORITY))
            return fault;
        if (fragment.Length < 5)
            return Short;
        fault = CheckDependency(header.StreamId, fragment);
        fragment = fragment[5..];
        return fault;
    }

    /// <summary>RFC 9113 6.3: a dependency and a weight, ignored.</summary>
    public static H2Fault? TryReadPriority(H2FrameHeader header, ReadOnlySpan<byte> payload) => CheckDependency(header.StreamId, payload);

    /// <summary>RFC 9113 6.4: Error Code (32). "Unknown or unsupported error codes MUST NOT trigger any special behavior" (RFC 9113 7).</summary>
    public static H2ErrorCode ReadResetCode(ReadOnlySpan<byte> payload) => (H2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);

    /// <summary>
    /// RFC 9113 6.8:
    /// <code>
    ///   Reserved (1),
    ///   Last-Stream-ID (31),
    ///   Error Code (32),
    ///   Additional Debug Data (..),
    /// </code>
    /// Debug data "could contain security- or privacy-sensitive data": it is not for logs.
    /// </summary>
    public static void ReadGoAway(ReadOnlySpan<byte> payload, out int lastStreamId, out H2ErrorCode code)
    {
        lastStreamId = (int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & int.MaxValue);
        code = (H2ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]);
    }

    /// <summary>
    /// RFC 9113 6.9: Reserved (1), Window Size Increment (31). "A receiver MUST treat the receipt of a WINDOW_UPDATE frame with a flow-control window increment of 0 as a stream error of type PROTOCOL_ERROR;
    /// errors on the connection flow-control window MUST be treated as a connection error."
    /// </summary>
    public static H2Fault? TryReadWindowUpdate(H2FrameHeader header, ReadOnlySpan<byte> payload, out int increment)
    {
        increment = (int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & int.MaxValue);
        return increment > 0 ? null : header.StreamId == 0 ? NoCreditOfConnection : NoCreditOfStream;
    }

    // "If the length of the padding is the length of the frame payload or greater, the recipient MUST treat this as a connection error of type PROTOCOL_ERROR." (RFC 9113 6.1)
    private static H2Fault? TryUnpad(H2FrameHeader header, ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> content)
    {
        content = payload;
        if (!header.Has(H2Flags.PADDED))
            return null;
        if (payload.IsEmpty)
            return Short;
        if (payload[0] >= payload.Length)
            return BadPadding;
        content = payload[1..^payload[0]];
        return null;
    }

    // RFC 7540 5.3.1: "A stream cannot depend on itself. An endpoint MUST treat this as a stream error of type PROTOCOL_ERROR." RFC 9113 says nothing of it any more; nobody honest sends it.
    private static H2Fault? CheckDependency(int streamId, ReadOnlySpan<byte> fields) =>
        (BinaryPrimitives.ReadUInt32BigEndian(fields) & int.MaxValue) == (uint)streamId ? OfItself : null;
}
