using System.Buffers;
using System.Net;
using System.Net.Sockets;

namespace Sallyport.Protocols.Http2.Heads;

/// <summary>Names, values and the parts of a request's target, byte by byte (RFC 9110 5, RFC 3986).</summary>
internal static class FieldRules
{
    private static readonly SearchValues<byte> LowerToken = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"u8);
    /// <summary>tchar (RFC 9110 5.6.2).</summary>
    public static readonly SearchValues<byte> TokenBytes = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);
    private static readonly SearchValues<byte> Control = SearchValues.Create([.. Enumerable.Range(0, 32).Where(b => b != '\t').Select(b => (byte)b), 0x7f]);
    private static readonly SearchValues<byte> NotInTarget = SearchValues.Create([.. Enumerable.Range(0, 256).Where(b => b is <= 0x20 or >= 0x7f or '#').Select(b => (byte)b)]);
    private static readonly SearchValues<byte> HostName = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"u8);
    private static readonly SearchValues<byte> Address = SearchValues.Create("0123456789abcdefABCDEF:."u8);

    /// <summary>A field's name in HTTP/2: a token without upper case (RFC 9113 8.2.1, RFC 9110 5.6.2).</summary>
    public static bool IsLowerName(ReadOnlySpan<byte> name) => !name.IsEmpty && !name.ContainsAnyExcept(LowerToken);

    /// <summary>RFC 9110 5.6.2.</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExcept(TokenBytes);

    /// <summary>
    /// RFC 9113 8.2.1: "A field value MUST NOT contain the zero value (ASCII NUL, 0x00), line feed (ASCII LF, 0x0a), or carriage return (ASCII CR, 0x0d) at any position. A field value MUST NOT start or end with an
    /// ASCII whitespace character". Other control characters are invalid by RFC 9110 5.5, which lets us keep or refuse them: refused, for somebody's parser ends a line at them.
    /// </summary>
    public static bool IsValue(ReadOnlySpan<byte> value) =>
        value.IsEmpty || (!value.ContainsAny(Control) && value[0] is not ((byte)' ' or (byte)'\t') && value[^1] is not ((byte)' ' or (byte)'\t'));

    /// <summary>What may be a path with its query: begins with a slash, printable ASCII, no fragment. Dot segments and escapes are judged where it is normalised.</summary>
    public static bool IsPath(ReadOnlySpan<byte> path) => !path.IsEmpty && path[0] == '/' && !path.ContainsAny(NotInTarget);

    /// <summary>
    /// host [ ":" port ] (RFC 3986 3.2, RFC 9110 7.2), of names and addresses that there are: no percent-encoding, no empty port, and never userinfo: "':authority' MUST NOT include the deprecated userinfo
    /// subcomponent for 'http' or 'https' schemed URIs" (RFC 9113 8.3.1).
    /// </summary>
    public static bool IsAuthority(ReadOnlySpan<byte> authority, bool needsPort = false)
    {
        int colon;
        if (!authority.IsEmpty && authority[0] == '[')
        {
            int close = authority.IndexOf((byte)']');
            if (close < 0 || authority[1..close].ContainsAnyExcept(Address) || !IPAddress.TryParse(authority[1..close], out IPAddress? address) || address.AddressFamily != AddressFamily.InterNetworkV6)
                return false;
            colon = close + 1;
        }
        else
        {
            colon = authority.IndexOf((byte)':');
            colon = colon < 0 ? authority.Length : colon;
            // 253 octets is the longest name there is (RFC 1035 2.3.4).
            if (colon is 0 or > 253 || authority[..colon].ContainsAnyExcept(HostName))
                return false;
        }

        return colon == authority.Length ? !needsPort : IsPort(authority[colon..]);
    }

    /// <summary>1*DIGIT (RFC 9110 8.6), without sign, space or list, and no more than a stream could ever carry.</summary>
    public static bool TryReadLength(ReadOnlySpan<byte> value, out long length)
    {
        length = 0;
        if (value.IsEmpty || value.Length > 18)
            return false;
        foreach (byte digit in value)
        {
            if (digit is < (byte)'0' or > (byte)'9')
                return false;
            length = (length * 10) + (digit - '0');
        }

        return true;
    }

    /// <summary>Whether two names are one: case is nothing in ASCII.</summary>
    public static bool EqualsIgnoringCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => System.Text.Ascii.EqualsIgnoreCase(left, right);

    private static bool IsPort(ReadOnlySpan<byte> port) =>
        port[0] == ':' && port.Length is > 1 and < 7 && port[1] != '0' && TryReadLength(port[1..], out long number) && number is > 0 and < 65_536;
}
