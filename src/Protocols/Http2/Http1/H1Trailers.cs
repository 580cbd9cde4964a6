namespace Sallyport.Protocols.Http2.Http1;

/// <summary>
/// Fields that may not come behind a body (RFC 9110 6.5.1): whoever merges trailers into the head would be told something after it was judged.
/// What identifies somebody is refused by the rules of all heads, wherever it stands.
/// </summary>
internal static class H1Trailers
{
    /// <param name="name">In lower case.</param>
    public static bool IsForbidden(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => name.SequenceEqual("te"u8),
        4 => name.SequenceEqual("host"u8),
        5 => name.SequenceEqual("range"u8),
        6 => name.SequenceEqual("expect"u8) || name.SequenceEqual("cookie"u8),
        7 => name.SequenceEqual("upgrade"u8) || name.SequenceEqual("trailer"u8),
        8 => name.SequenceEqual("location"u8),
        10 => name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8) || name.SequenceEqual("set-cookie"u8),
        12 => name.SequenceEqual("content-type"u8) || name.SequenceEqual("max-forwards"u8),
        13 => name.SequenceEqual("authorization"u8) || name.SequenceEqual("cache-control"u8) || name.SequenceEqual("content-range"u8),
        14 => name.SequenceEqual("content-length"u8) || name.SequenceEqual("content_length"u8),
        16 => name.SequenceEqual("content-encoding"u8) || name.SequenceEqual("proxy-connection"u8) || name.SequenceEqual("www-authenticate"u8),
        17 => name.SequenceEqual("transfer-encoding"u8) || name.SequenceEqual("transfer_encoding"u8),
        18 => name.SequenceEqual("proxy-authenticate"u8),
        19 => name.SequenceEqual("proxy-authorization"u8),
        _ => false,
    };
}
