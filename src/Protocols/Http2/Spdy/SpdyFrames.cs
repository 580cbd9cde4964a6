using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Spdy;

/// <summary>Control frames of SPDY/3.1 (draft 3.1, 2.6), and 0 for data.</summary>
internal enum SpdyFrameType : ushort
{
    DATA = 0,
    SYN_STREAM = 1,
    SYN_REPLY = 2,
    RST_STREAM = 3,
    SETTINGS = 4,
    PING = 6,
    GOAWAY = 7,
    HEADERS = 8,
    WINDOW_UPDATE = 9,
}

/// <summary>Status codes of RST_STREAM (2.6.3) that we send.</summary>
internal enum SpdyStatus : uint
{
    PROTOCOL_ERROR = 1,
    INVALID_STREAM = 2,
    REFUSED_STREAM = 3,
    CANCEL = 5,
}

/// <summary>Bounds of one SPDY connection, all of them for clients and servers of Kubernetes: a stream has three or four short fields.</summary>
internal sealed record SpdyLimits
{
    public static readonly SpdyLimits Default = new();

    /// <summary>Bytes of one control frame behind its header. It is kept whole.</summary>
    public int ControlFrame { get; init; } = 16 * 1024;

    /// <summary>Bytes of one name/value block once inflated: zlib makes a thousand of one.</summary>
    public int HeaderBlock { get; init; } = 16 * 1024;

    /// <summary>Names in one block.</summary>
    public int Fields { get; init; } = 64;

    /// <summary>Streams that are open at once: two for each connection through a forwarded port.</summary>
    public int Streams { get; init; } = 2048;
}

/// <summary>What a <see cref="SpdyFrameReader"/> has found.</summary>
internal enum SpdyPart : byte
{
    /// <summary>Nothing for now; more bytes are needed.</summary>
    None,

    /// <summary>A whole control frame.</summary>
    Control,

    /// <summary>Bytes of a data frame, or its end.</summary>
    Data,

    /// <summary>Not legal, whatever follows.</summary>
    Malformed,
}

/// <summary>A control frame, or bytes of a data frame. A view: valid until the reader's next call.</summary>
internal readonly ref struct SpdyFrame
{
    public SpdyFrameType Type { get; init; }

    /// <summary>0 for frames of the connection.</summary>
    public uint StreamId { get; init; }

    /// <summary>FLAG_FIN: the sender has ended the stream. Of data, with its last bytes alone.</summary>
    public bool IsFinal { get; init; }

    /// <summary>FLAG_UNIDIRECTIONAL of a SYN_STREAM.</summary>
    public bool IsUnidirectional { get; init; }

    /// <summary>Status of RST_STREAM and GOAWAY, id of a PING, delta of a WINDOW_UPDATE, last good stream of a GOAWAY.</summary>
    public uint Number { get; init; }

    /// <summary>Fields of SYN_STREAM, SYN_REPLY and HEADERS, in the reader's head; null for others.</summary>
    public HttpHead? Headers { get; init; }

    /// <summary>The whole control frame as it came; or bytes of data.</summary>
    public ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Of data: the first bytes of their frame. <see cref="FrameLength"/> is how many there are in all.</summary>
    public bool Begins { get; init; }

    /// <summary>Of data: bytes of the whole frame.</summary>
    public int FrameLength { get; init; }
}
