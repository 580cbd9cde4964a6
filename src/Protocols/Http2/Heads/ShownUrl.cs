namespace Sallyport.Protocols.Http2.Heads;

/// <summary>A URL, or its path and query, as it is recorded: without the values of parameters that are secrets, and without a password before the host.</summary>
internal static class ShownUrl
{
    /// <summary>A URL as it is shown is at most so many times as long as it was.</summary>
    public const int Growth = 4;

    /// <summary>Writes it.</summary>
    /// <param name="into">At least <see cref="Growth"/> times as long, and <see cref="HttpSecrets.Blank"/>.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(ReadOnlySpan<byte> url, Span<byte> into)
    {
        int written = 0;
        int query = url.IndexOfAny("?#"u8);
        ReadOnlySpan<byte> before = query < 0 ? url : url[..query];
        // A password before the host (RFC 3986 3.2.1).
        int authority = before.IndexOf("//"u8);
        if (authority >= 0 && (authority == 0 || before[authority - 1] == (byte)':'))
        {
            ReadOnlySpan<byte> host = before[(authority + 2)..];
            int end = host.IndexOf((byte)'/');
            int at = (end < 0 ? host : host[..end]).LastIndexOf((byte)'@');
            if (at >= 0)
            {
                Put(before[..(authority + 2)], into, ref written);
                Put(HttpSecrets.Blank, into, ref written);
                before = host[at..];
            }
        }

        Put(before, into, ref written);
        ReadOnlySpan<byte> rest = query < 0 ? [] : url[query..];
        while (!rest.IsEmpty)
        {
            // Each piece begins with what parts it from the one before it. A fragment holds tokens, too (RFC 6749 4.2.2).
            into[written++] = rest[0];
            int end = rest[1..].IndexOfAny("&?#;"u8);
            ReadOnlySpan<byte> pair = end < 0 ? rest[1..] : rest.Slice(1, end);
            rest = end < 0 ? [] : rest[(end + 1)..];
            int equals = pair.IndexOf((byte)'=');
            if (equals < 0 || equals == pair.Length - 1 || !HttpSecrets.IsSecret(pair[..equals]))
            {
                Put(pair, into, ref written);
                continue;
            }

            Put(pair[..(equals + 1)], into, ref written);
            Put(HttpSecrets.Blank, into, ref written);
        }

        return written;
    }

    private static void Put(ReadOnlySpan<byte> bytes, Span<byte> into, ref int written)
    {
        bytes.CopyTo(into[written..]);
        written += bytes.Length;
    }
}
