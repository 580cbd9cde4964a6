using Sallyport.Contract;

namespace Sallyport.Protocols.Http2;

/// <summary>Methods of HTTP (RFC 9110 9.3, RFC 5789) as verbs. Case matters (RFC 9110 9.1).</summary>
internal static class HttpMethods
{
    public static Verb VerbOf(ReadOnlySpan<byte> method) => method.Length switch
    {
        3 when method.SequenceEqual("GET"u8) => Verb.HttpGet,
        3 when method.SequenceEqual("PUT"u8) => Verb.HttpPut,
        4 when method.SequenceEqual("HEAD"u8) => Verb.HttpHead,
        4 when method.SequenceEqual("POST"u8) => Verb.HttpPost,
        5 when method.SequenceEqual("PATCH"u8) => Verb.HttpPatch,
        5 when method.SequenceEqual("TRACE"u8) => Verb.HttpTrace,
        6 when method.SequenceEqual("DELETE"u8) => Verb.HttpDelete,
        7 when method.SequenceEqual("OPTIONS"u8) => Verb.HttpOptions,
        7 when method.SequenceEqual("CONNECT"u8) => Verb.HttpConnect,
        _ => Verb.HttpOther,
    };

    /// <summary>It changes nothing, so it may be sent again (RFC 9110 9.2.1).</summary>
    public static bool IsSafe(ReadOnlySpan<byte> method) => VerbOf(method) is Verb.HttpGet or Verb.HttpHead or Verb.HttpOptions;
}
