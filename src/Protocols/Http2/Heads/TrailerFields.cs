namespace Sallyport.Protocols.Http2.Heads;

/// <summary>
/// Fields that may not come behind a body (RFC 9110 6.5.1), whatever version they come by: whoever merges trailers into the head would be told something after it was judged. Names are compared as in
/// <see cref="ForbiddenFields"/>, whose fields may not come there either.
/// </summary>
internal static class TrailerFields
{
    private static readonly byte[][] Names =
    [
        .. new[]
        {
            "te", "host", "range", "expect", "cookie", "upgrade", "trailer", "location", "connection", "keep-alive", "set-cookie", "content-type", "max-forwards", "authorization", "cache-control",
            "content-range", "content-length", "content-encoding", "proxy-connection", "www-authenticate", "transfer-encoding", "proxy-authenticate", "proxy-authorization",
        }.Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    public static bool IsForbidden(ReadOnlySpan<byte> name)
    {
        foreach (byte[] forbidden in Names)
        {
            if (ForbiddenFields.AreAlike(name, forbidden))
                return true;
        }

        return ForbiddenFields.Judge(name) != FieldVerdict.Pass;
    }
}
