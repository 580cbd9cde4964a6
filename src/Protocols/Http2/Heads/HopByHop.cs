namespace Sallyport.Protocols.Http2.Heads;

/// <summary>Fields that concern one connection and go no further (RFC 9110 7.6.1).</summary>
internal static class HopByHop
{
    /// <summary>Fields that HTTP/2 must not have (RFC 9113 8.2.2): Connection and those that RFC 9110 7.6.1 names with it.</summary>
    /// <param name="name">In lower case.</param>
    public static bool IsOfConnection(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 => name.SequenceEqual("upgrade"u8),
        10 => name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8),
        16 => name.SequenceEqual("proxy-connection"u8),
        17 => name.SequenceEqual("transfer-encoding"u8),
        _ => false,
    };

    /// <summary>Fields that are not forwarded, whether Connection names them or not. TE is, as <c>trailers</c>, since we forward trailers; <c>proxy-*</c> are between the client and us.</summary>
    public static bool IsHopByHop(ReadOnlySpan<byte> name) => IsOfConnection(name) || name.Length switch
    {
        2 => name.SequenceEqual("te"u8),
        14 => name.SequenceEqual("http2-settings"u8),
        18 => name.SequenceEqual("proxy-authenticate"u8),
        19 => name.SequenceEqual("proxy-authorization"u8),
        25 => name.SequenceEqual("proxy-authentication-info"u8),
        _ => false,
    };

    /// <summary>Whether one of the head's Connection fields names <paramref name="name"/>, in whatever case (RFC 9110 7.6.1).</summary>
    public static bool IsListed(HttpHead head, ReadOnlySpan<byte> name)
    {
        for (int at = head.IndexOf("connection"u8); at >= 0; at = head.IndexOf("connection"u8, at + 1))
        {
            for (ReadOnlySpan<byte> rest = head[at].Value; TryNext(ref rest, out ReadOnlySpan<byte> option);)
            {
                if (FieldRules.EqualsIgnoringCase(option, name))
                    return true;
            }
        }

        return false;
    }

    /// <summary>Takes the next option off a list (RFC 9110 5.6.1).</summary>
    public static bool TryNext(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> option)
    {
        option = default;
        while (!rest.IsEmpty && option.IsEmpty)
        {
            int comma = rest.IndexOf((byte)',');
            option = (comma < 0 ? rest : rest[..comma]).Trim(" \t"u8);
            rest = comma < 0 ? default : rest[(comma + 1)..];
        }

        return !option.IsEmpty;
    }
}
