namespace Sallyport.Protocols.Http2.Heads;

/// <summary>Error codes of HTTP/2 (RFC 9113 7).</summary>
internal enum H2ErrorCode : uint
{
    NO_ERROR = 0x0,
    PROTOCOL_ERROR = 0x1,
    INTERNAL_ERROR = 0x2,
    FLOW_CONTROL_ERROR = 0x3,
    SETTINGS_TIMEOUT = 0x4,
    STREAM_CLOSED = 0x5,
    FRAME_SIZE_ERROR = 0x6,
    REFUSED_STREAM = 0x7,
    CANCEL = 0x8,
    COMPRESSION_ERROR = 0x9,
    CONNECT_ERROR = 0xa,
    ENHANCE_YOUR_CALM = 0xb,
    INADEQUATE_SECURITY = 0xc,
    HTTP_1_1_REQUIRED = 0xd,
}

/// <summary>What a peer has done that is not legal.</summary>
/// <param name="Code">What it is told over HTTP/2.</param>
/// <param name="Message">For the log and the record: fixed words, nothing of the peer's.</param>
internal sealed record HttpViolation(H2ErrorCode Code, string Message)
{
    /// <summary>What it is told over HTTP/1.1 before the connection is closed.</summary>
    public int Status { get; init; } = 400;
}
