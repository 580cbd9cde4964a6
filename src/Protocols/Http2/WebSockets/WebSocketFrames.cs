namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>RFC 6455 11.8.</summary>
internal enum WebSocketOpcode : byte
{
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

/// <summary>Bounds of a WebSocket connection.</summary>
internal sealed record WebSocketLimits
{
    public static readonly WebSocketLimits Default = new();

    /// <summary>Bytes of one message, all its frames together. Frames are streamed, so it costs no memory; Kubernetes sends 32 KiB at a time.</summary>
    public long Message { get; init; } = 64 * 1024 * 1024;

    /// <summary>Frames of one message: empty ones cost their reader more than their sender.</summary>
    public int Fragments { get; init; } = 4096;
}

/// <summary>What a peer has done that is not legal.</summary>
/// <param name="CloseCode">What it is told (RFC 6455 7.4.1).</param>
/// <param name="Message">For the log and the record: fixed words, nothing of the peer's.</param>
internal sealed record WebSocketViolation(ushort CloseCode, string Message)
{
    public const ushort ProtocolError = 1002;
    public const ushort InvalidPayload = 1007;
    public const ushort TooBig = 1009;
}

/// <summary>What a <see cref="WebSocketFrameReader"/> has found.</summary>
internal enum WebSocketPart : byte
{
    /// <summary>Nothing for now; more bytes are needed.</summary>
    None,

    /// <summary>Bytes of a message.</summary>
    Data,

    /// <summary>A whole control frame.</summary>
    Control,

    /// <summary>Not legal, whatever follows.</summary>
    Malformed,
}

/// <summary>Bytes of a message, or of a control frame. A view: valid until the reader's next call.</summary>
/// <param name="opcode">Text or Binary of a message, whatever frame its bytes came in; Close, Ping or Pong.</param>
/// <param name="begins">The first bytes of their message.</param>
/// <param name="ends">The last bytes of their message.</param>
internal readonly ref struct WebSocketSlice(WebSocketOpcode opcode, ReadOnlySpan<byte> payload, bool begins, bool ends)
{
    public WebSocketOpcode Opcode { get; } = opcode;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    public bool Begins { get; } = begins;

    public bool Ends { get; } = ends;
}
