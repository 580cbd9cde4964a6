using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>How much is lost by a fault (RFC 9113 5.4).</summary>
internal enum H2FaultScope : byte
{
    /// <summary>RST_STREAM; the connection goes on.</summary>
    Stream,

    /// <summary>GOAWAY, then the connection is closed.</summary>
    Connection,
}

/// <summary>A frame that is not legal: what was wrong with it, and what ends by it.</summary>
internal sealed record H2Fault(H2FaultScope Scope, HttpViolation Violation)
{
    public H2ErrorCode Code => Violation.Code;

    public static H2Fault OfStream(H2ErrorCode code, string message) => new(H2FaultScope.Stream, new HttpViolation(code, message));

    public static H2Fault OfConnection(H2ErrorCode code, string message) => new(H2FaultScope.Connection, new HttpViolation(code, message));
}
