namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>Why a request to an API server cannot be read in one way only. Such a request is refused: what the server would make of it is not certain.</summary>
internal enum RequestProblem : byte
{
    None,

    /// <summary>Longer than the space there is to decode it.</summary>
    TooLong,

    /// <summary>No absolute path.</summary>
    NoPath,

    /// <summary>A percent sign without two hexadecimal digits, or bytes that are no UTF-8.</summary>
    Encoding,

    /// <summary>An encoded slash, backslash or percent sign: the server splits the path after decoding.</summary>
    EncodedSlash,

    /// <summary>A component <c>.</c> or <c>..</c>, encoded or not.</summary>
    DotSegment,

    /// <summary>Two slashes in a row.</summary>
    EmptySegment,

    /// <summary>A character that no resource, namespace or name has.</summary>
    Character,

    /// <summary><c>proxy</c> or <c>watch</c> of nothing.</summary>
    Incomplete,

    /// <summary>A parameter that is given twice: which one counts is the server's affair.</summary>
    RepeatedParameter,

    /// <summary>A query that is malformed, or has a semicolon, which servers take for a separator or not.</summary>
    Query,
}
