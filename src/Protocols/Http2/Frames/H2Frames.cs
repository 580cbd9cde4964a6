using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>
/// Finds frames in a receive buffer, and judges them by their headers alone: length, stream and type, before a byte of the payload is there. What a frame may be at this moment (which stream, CONTINUATION behind
/// HEADERS) is not known here; see <see cref="H2Streams"/> and the connection.
/// </summary>
internal static class H2Frames
{
    private static readonly H2Fault TooLong = H2Fault.OfConnection(H2ErrorCode.FRAME_SIZE_ERROR, "a frame longer than SETTINGS_MAX_FRAME_SIZE");
    private static readonly H2Fault NeedsStream = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a frame of a stream on stream 0");
    private static readonly H2Fault NeedsConnection = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a frame of the connection on a stream");
    private static readonly H2Fault BadSize = H2Fault.OfConnection(H2ErrorCode.FRAME_SIZE_ERROR, "a frame of a length that its type does not have");
    private static readonly H2Fault BadPrioritySize = H2Fault.OfStream(H2ErrorCode.FRAME_SIZE_ERROR, "a PRIORITY frame that is not five bytes long");
    private static readonly H2Fault NoPush = H2Fault.OfConnection(H2ErrorCode.PROTOCOL_ERROR, "a PUSH_PROMISE frame, which was never allowed");

    /// <summary>Reads one whole frame without consuming it: <see cref="H2FrameHeader.TotalLength"/> bytes when Done.</summary>
    /// <param name="maxFrameSize">Our SETTINGS_MAX_FRAME_SIZE.</param>
    /// <param name="fault">
    /// Set when Malformed. One whose <see cref="H2Fault.Scope"/> is the stream can be survived: the frame is skipped by its length, which may not have come yet.
    /// </param>
    public static ParseStatus TryRead(ReadOnlySpan<byte> buffer, int maxFrameSize, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out H2Fault? fault)
    {
        payload = default;
        fault = null;
        if (!H2FrameHeader.TryRead(buffer, out header))
            return ParseStatus.NeedMore;
        fault = Check(header, maxFrameSize);
        if (fault is not null)
            return ParseStatus.Malformed;
        if (buffer.Length < header.TotalLength)
            return ParseStatus.NeedMore;
        payload = buffer.Slice(H2FrameHeader.Size, header.Length);
        return ParseStatus.Done;
    }

    /// <summary>What is wrong with a frame as its header shows it; null: nothing.</summary>
    public static H2Fault? Check(H2FrameHeader header, int maxFrameSize)
    {
        // RFC 9113 4.2: "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds the size defined in SETTINGS_MAX_FRAME_SIZE". It may be a stream's error for DATA; a peer that sends what it was told
        // not to is not waited for, whatever the type.
        if (header.Length > maxFrameSize)
            return TooLong;

        bool connection = header.StreamId == 0;
        return header.Type switch
        {
            // 6.1, 6.2, 6.10: "... frames MUST be associated with a stream. If a ... frame is received whose Stream Identifier field is 0x00, the recipient MUST respond with a connection error of type PROTOCOL_ERROR."
            H2FrameType.DATA or H2FrameType.HEADERS or H2FrameType.CONTINUATION when connection => NeedsStream,

            // 6.3: "If a PRIORITY frame is received with a stream identifier of 0x00, the recipient MUST respond with a connection error of type PROTOCOL_ERROR."
            // "A PRIORITY frame with a length other than 5 octets MUST be treated as a stream error of type FRAME_SIZE_ERROR."
            H2FrameType.PRIORITY => connection ? NeedsStream : header.Length != 5 ? BadPrioritySize : null,

            // 6.4: "If a RST_STREAM frame is received with a stream identifier of 0x00, the recipient MUST treat this as a connection error of type PROTOCOL_ERROR."
            // "A RST_STREAM frame with a length other than 4 octets MUST be treated as a connection error of type FRAME_SIZE_ERROR."
            H2FrameType.RST_STREAM => connection ? NeedsStream : header.Length != 4 ? BadSize : null,

            // 6.5: "The stream identifier for a SETTINGS frame MUST be zero (0x00) ... MUST respond with a connection error of type PROTOCOL_ERROR."
            // "Receipt of a SETTINGS frame with the ACK flag set and a length field value other than 0 MUST be treated as a connection error of type FRAME_SIZE_ERROR."
            // "A SETTINGS frame with a length other than a multiple of 6 octets MUST be treated as a connection error of type FRAME_SIZE_ERROR."
            H2FrameType.SETTINGS => !connection ? NeedsConnection : header.Length % H2Settings.EntrySize != 0 || (header.Has(H2Flags.ACK) && header.Length != 0) ? BadSize : null,

            // 6.6: "A client cannot push. Thus, servers MUST treat the receipt of a PUSH_PROMISE frame as a connection error of type PROTOCOL_ERROR." And 6.5.2: a client that has sent SETTINGS_ENABLE_PUSH 0, as we do,
            // "MUST treat receipt of a PUSH_PROMISE frame as a connection error of type PROTOCOL_ERROR".
            H2FrameType.PUSH_PROMISE => NoPush,

            // 6.7: "If a PING frame is received with a Stream Identifier field value other than 0x00, the recipient MUST respond with a connection error of type PROTOCOL_ERROR."
            // "Receipt of a PING frame with a length field value other than 8 MUST be treated as a connection error of type FRAME_SIZE_ERROR."
            H2FrameType.PING => !connection ? NeedsConnection : header.Length != H2Payloads.PingSize ? BadSize : null,

            // 6.8: "An endpoint MUST treat a GOAWAY frame with a stream identifier other than 0x00 as a connection error of type PROTOCOL_ERROR." It has two fields of four bytes, at least.
            H2FrameType.GOAWAY => !connection ? NeedsConnection : header.Length < 8 ? BadSize : null,

            // 6.9: "A WINDOW_UPDATE frame with a length other than 4 octets MUST be treated as a connection error of type FRAME_SIZE_ERROR."
            H2FrameType.WINDOW_UPDATE when header.Length != 4 => BadSize,
            _ => null,
        };
    }
}
