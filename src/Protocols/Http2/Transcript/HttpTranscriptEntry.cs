using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>One thing that happened in a session.</summary>
/// <param name="At">When it was recorded.</param>
public abstract record HttpTranscriptEntry(DateTimeOffset At);

/// <summary>Where an exchange stands.</summary>
public enum HttpExchangeStep : byte
{
    /// <summary>The request's head was recorded.</summary>
    Asked,

    /// <summary>The final response's head was.</summary>
    Answered,

    /// <summary>It is over, or the recording is: what is known of it is final.</summary>
    Ended,
}

/// <summary>A request came, was answered, or is over.</summary>
public sealed record HttpExchangeEntry(DateTimeOffset At, HttpTranscriptExchange Exchange, HttpExchangeStep Step) : HttpTranscriptEntry(At);

/// <summary>A piece of a body, as it was recorded.</summary>
/// <param name="IsResponse">False: of the request.</param>
/// <param name="Bytes">What the client sent, or was shown.</param>
public sealed record HttpBodyEntry(DateTimeOffset At, HttpTranscriptExchange Exchange, bool IsResponse, ReadOnlyMemory<byte> Bytes) : HttpTranscriptEntry(At);

/// <summary>Which stream of a tunnel.</summary>
public enum HttpTunnelStream : byte
{
    Input,
    Output,
    Error,

    /// <summary>A port that is forwarded.</summary>
    Port,
}

/// <summary>A piece of what went through a tunnel.</summary>
public sealed record HttpTunnelEntry(DateTimeOffset At, HttpTranscriptExchange Exchange, HttpTunnelStream Stream, ReadOnlyMemory<byte> Bytes) : HttpTranscriptEntry(At);

/// <summary>The terminal of a tunnel has another size.</summary>
public sealed record HttpResizeEntry(DateTimeOffset At, HttpTranscriptExchange Exchange, int Columns, int Rows) : HttpTranscriptEntry(At);

/// <summary>Bytes that are not what a recording of HTTP holds.</summary>
/// <param name="Offset">Bytes of this direction before.</param>
/// <param name="Stopped">True when nothing more of this direction can be read.</param>
public sealed record HttpMalformedEntry(DateTimeOffset At, Direction Direction, long Offset, string Reason, bool Stopped) : HttpTranscriptEntry(At);
