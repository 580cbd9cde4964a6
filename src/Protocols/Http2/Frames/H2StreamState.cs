namespace Sallyport.Protocols.Http2.Frames;

/// <summary>
/// States of a stream (RFC 9113 5.1). "reserved" is missing: nothing is pushed, by us or to us. "closed" is three, for what may still come depends on how it came to be.
/// </summary>
internal enum H2StreamState : byte
{
    Idle,
    Open,
    HalfClosedLocal,
    HalfClosedRemote,

    /// <summary>Both halves have ended.</summary>
    Closed,

    /// <summary>The peer has sent RST_STREAM.</summary>
    ResetByPeer,

    /// <summary>We have sent RST_STREAM; the peer may not know yet.</summary>
    ResetByUs,
}

/// <summary>What can happen to a stream. CONTINUATION is part of its HEADERS.</summary>
internal enum H2StreamEvent : byte
{
    SendHeaders,
    SendHeadersEnd,
    SendData,
    SendDataEnd,
    SendReset,
    SendWindowUpdate,
    ReceiveHeaders,
    ReceiveHeadersEnd,
    ReceiveData,
    ReceiveDataEnd,
    ReceiveReset,
    ReceiveWindowUpdate,
    ReceivePriority,
}

/// <summary>What comes of an event in a state.</summary>
internal enum H2Step : byte
{
    /// <summary>Legal.</summary>
    Go,

    /// <summary>Legal, and nothing comes of it but what concerns the whole connection: field blocks are decoded, and DATA counts in its window.</summary>
    Ignore,

    /// <summary>Not legal: the stream is reset with STREAM_CLOSED.</summary>
    StreamClosed,

    /// <summary>Not legal: the stream is reset with PROTOCOL_ERROR.</summary>
    StreamProtocolError,

    /// <summary>Not legal: the connection ends with STREAM_CLOSED.</summary>
    ConnectionClosed,

    /// <summary>Not legal: the connection ends with PROTOCOL_ERROR.</summary>
    ConnectionProtocolError,

    /// <summary>We must not send it: a mistake of ours.</summary>
    Forbidden,
}
