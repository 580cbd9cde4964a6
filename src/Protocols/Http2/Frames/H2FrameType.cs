namespace Sallyport.Protocols.Http2.Frames;

/// <summary>Types of frames (RFC 9113 6). Others are of extensions: "Implementations MUST ignore and discard frames of unknown types" (RFC 9113 4.1).</summary>
internal enum H2FrameType : byte
{
    DATA = 0x0,
    HEADERS = 0x1,
    PRIORITY = 0x2,
    RST_STREAM = 0x3,
    SETTINGS = 0x4,
    PUSH_PROMISE = 0x5,
    PING = 0x6,
    GOAWAY = 0x7,
    WINDOW_UPDATE = 0x8,
    CONTINUATION = 0x9,
}

/// <summary>Flags of frames (RFC 9113 6). What a bit means depends on the type; "Flags that have no defined semantics for a particular frame type MUST be ignored" (RFC 9113 4.1).</summary>
internal static class H2Flags
{
    public const byte None = 0x0;

    /// <summary>DATA, HEADERS.</summary>
    public const byte END_STREAM = 0x1;

    /// <summary>SETTINGS, PING.</summary>
    public const byte ACK = 0x1;

    /// <summary>HEADERS, CONTINUATION.</summary>
    public const byte END_HEADERS = 0x4;

    /// <summary>DATA, HEADERS.</summary>
    public const byte PADDED = 0x8;

    /// <summary>HEADERS.</summary>
    public const byte PRIORITY = 0x20;
}
