using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Http1;

/// <summary>What can be wrong with an HTTP/1.1 message. The words are for the log; a request's sender is told the status, and the connection is closed.</summary>
internal static class H1Faults
{
    public static readonly HttpViolation Control = Of("A line has a control character, a bare CR or a bare LF in it.");
    public static readonly HttpViolation Fold = Of("A field line begins with whitespace (obs-fold).");
    public static readonly HttpViolation EmptyLine = Of("There is no start line.");
    public static readonly HttpViolation StartLineTooLong = Of("The start line is too long.", 414);
    public static readonly HttpViolation LineTooLong = Of("A field line is too long.", 431);
    public static readonly HttpViolation HeadTooLarge = Of("The head is too large.", 431);
    public static readonly HttpViolation TooManyFields = Of("The head has too many fields, or is too large.", 431);
    public static readonly HttpViolation RequestLine = Of("The request line is malformed.");
    public static readonly HttpViolation StatusLine = Of("The status line is malformed.");
    public static readonly HttpViolation Method = Of("The method is not one.");
    public static readonly HttpViolation MethodTooLong = Of("The method is too long.", 501);
    public static readonly HttpViolation Version = Of("The version is neither HTTP/1.1 nor HTTP/1.0.", 505);
    public static readonly HttpViolation Target = Of("The request target is malformed, or not for this method.");
    public static readonly HttpViolation Scheme = Of("The request target's scheme is not the connection's.");
    public static readonly HttpViolation FieldName = Of("A field name is not a token, or whitespace stands before its colon.");
    public static readonly HttpViolation Host = Of("There is not exactly one valid Host field.");
    public static readonly HttpViolation HostDiffers = Of("The Host field and the request target do not agree.");
    public static readonly HttpViolation ContentLength = Of("The Content-Length is not a number, or there are several.");
    public static readonly HttpViolation Coding = Of("The transfer coding is not chunked, and only that.", 501);
    public static readonly HttpViolation Codings = Of("There are several Transfer-Encoding fields.");
    public static readonly HttpViolation CodingAndLength = Of("There are both a Transfer-Encoding and a Content-Length.");
    public static readonly HttpViolation CodingIn10 = Of("An HTTP/1.0 message has a Transfer-Encoding.");
    public static readonly HttpViolation Spelling = Of("A field name looks like one that delimits the body, and is not it.");
    public static readonly HttpViolation Connection = Of("The Connection field is malformed.");
    public static readonly HttpViolation Upgrade = Of("The Upgrade field is malformed, or comes with a body.");
    public static readonly HttpViolation Expect = Of("An expectation other than 100-continue.", 417);
    public static readonly HttpViolation ConnectBody = Of("A CONNECT request has a body.");
    public static readonly HttpViolation BodyForbidden = Of("A response that has no body says that it has one.");
    public static readonly HttpViolation NotAsked = Of("A response switches protocols and was not asked to.");
    public static readonly HttpViolation ChunkSize = Of("A chunk size is malformed.");
    public static readonly HttpViolation ChunkExtension = Of("A chunk extension is malformed or too long.");
    public static readonly HttpViolation ChunkEnd = Of("A chunk does not end in CR LF.");
    public static readonly HttpViolation Trailer = Of("A trailer has a field that belongs into a head.");
    public static readonly HttpViolation Unwritable = Of("A head cannot be written in HTTP/1.1.");

    /// <summary>The same fault in a response: its client is told 502, whatever it is.</summary>
    public static HttpViolation OfTarget(HttpViolation fault) => fault with { Status = 502 };

    private static HttpViolation Of(string message, int status = 400) => new(H2ErrorCode.PROTOCOL_ERROR, message) { Status = status };
}
