using System.Diagnostics;

namespace Sallyport.Protocols.Http2.Hpack;

/// <summary>The static table (RFC 7541, appendix A). Its lines lie name and value one behind the other, as a head's do.</summary>
internal static class StaticTable
{
    /// <summary>Entries; the dynamic table's indices begin behind them (RFC 7541 2.3.3).</summary>
    public const int Count = 61;

    private static readonly byte[][] Lines = new byte[Count + 1][];
    private static readonly byte[] NameLengths = new byte[Count + 1];

    static StaticTable()
    {
        Lines[0] = [];
        int index = 0;
        Add(ref index, ":authority"u8);
        Add(ref index, ":method"u8, "GET"u8);
        Add(ref index, ":method"u8, "POST"u8);
        Add(ref index, ":path"u8, "/"u8);
        Add(ref index, ":path"u8, "/index.html"u8);
        Add(ref index, ":scheme"u8, "http"u8);
        Add(ref index, ":scheme"u8, "https"u8);
        Add(ref index, ":status"u8, "200"u8);
        Add(ref index, ":status"u8, "204"u8);
        Add(ref index, ":status"u8, "206"u8);
        Add(ref index, ":status"u8, "304"u8);
        Add(ref index, ":status"u8, "400"u8);
        Add(ref index, ":status"u8, "404"u8);
        Add(ref index, ":status"u8, "500"u8);
        Add(ref index, "accept-charset"u8);
        Add(ref index, "accept-encoding"u8, "gzip, deflate"u8);
        Add(ref index, "accept-language"u8);
        Add(ref index, "accept-ranges"u8);
        Add(ref index, "accept"u8);
        Add(ref index, "access-control-allow-origin"u8);
        Add(ref index, "age"u8);
        Add(ref index, "allow"u8);
        Add(ref index, "authorization"u8);
        Add(ref index, "cache-control"u8);
        Add(ref index, "content-disposition"u8);
        Add(ref index, "content-encoding"u8);
        Add(ref index, "content-language"u8);
        Add(ref index, "content-length"u8);
        Add(ref index, "content-location"u8);
        Add(ref index, "content-range"u8);
        Add(ref index, "content-type"u8);
        Add(ref index, "cookie"u8);
        Add(ref index, "date"u8);
        Add(ref index, "etag"u8);
        Add(ref index, "expect"u8);
        Add(ref index, "expires"u8);
        Add(ref index, "from"u8);
        Add(ref index, "host"u8);
        Add(ref index, "if-match"u8);
        Add(ref index, "if-modified-since"u8);
        Add(ref index, "if-none-match"u8);
        Add(ref index, "if-range"u8);
        Add(ref index, "if-unmodified-since"u8);
        Add(ref index, "last-modified"u8);
        Add(ref index, "link"u8);
        Add(ref index, "location"u8);
        Add(ref index, "max-forwards"u8);
        Add(ref index, "proxy-authenticate"u8);
        Add(ref index, "proxy-authorization"u8);
        Add(ref index, "range"u8);
        Add(ref index, "referer"u8);
        Add(ref index, "refresh"u8);
        Add(ref index, "retry-after"u8);
        Add(ref index, "server"u8);
        Add(ref index, "set-cookie"u8);
        Add(ref index, "strict-transport-security"u8);
        Add(ref index, "transfer-encoding"u8);
        Add(ref index, "user-agent"u8);
        Add(ref index, "vary"u8);
        Add(ref index, "via"u8);
        Add(ref index, "www-authenticate"u8);
        Debug.Assert(index == Count);
    }

    /// <summary>A line by its index, 1 to <see cref="Count"/>.</summary>
    public static ReadOnlySpan<byte> Line(int index, out int nameLength)
    {
        nameLength = NameLengths[index];
        return Lines[index];
    }

    public static ReadOnlySpan<byte> Name(int index) => Lines[index].AsSpan(0, NameLengths[index]);

    public static ReadOnlySpan<byte> Value(int index) => Lines[index].AsSpan(NameLengths[index]);

    private static void Add(ref int index, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value = default)
    {
        Lines[++index] = [.. name, .. value];
        NameLengths[index] = (byte)name.Length;
    }
}
