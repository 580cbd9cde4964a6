namespace Sallyport.Policy.Matching;

/// <summary>
/// Reads an IP address out of the bytes of a host, without allocating. Strictly: what only some resolvers take for an address (<c>127.1</c>,
/// <c>0x7f000001</c>, <c>010.0.0.1</c>) is none, and so is a name that must be resolved.
/// </summary>
internal static class HostAddress
{
    /// <summary>Bytes of the longer kind.</summary>
    public const int MaxLength = 16;

    private const int V4Length = 4;

    /// <summary>Reads one; IPv4 inside IPv6 (<c>::ffff:10.0.0.1</c>, RFC 4291 2.5.5.2) becomes IPv4, and a scope (<c>%eth0</c>) is dropped.</summary>
    /// <param name="text">The host.</param>
    /// <param name="address">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="length">4 or 16.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, Span<byte> address, out int length)
    {
        length = V4Length;
        if (!text.Contains((byte)':'))
            return TryParseV4(text, address);
        int scope = text.IndexOf((byte)'%');
        length = MaxLength;
        if (scope == 0 || scope == text.Length - 1 || !TryParseV6(scope < 0 ? text : text[..scope], address))
            return false;
        if (address[..10].ContainsAnyExcept((byte)0) || address[10] != 0xFF || address[11] != 0xFF)
            return true;
        address[12..16].CopyTo(address);
        length = V4Length;
        return true;
    }

    /// <summary>True for <c>127.0.0.0/8</c> and <c>::1</c>.</summary>
    public static bool IsLoopback(ReadOnlySpan<byte> address) =>
        address.Length == V4Length ? address[0] == 127 : !address[..^1].ContainsAnyExcept((byte)0) && address[^1] == 1;

    /// <summary>True for <c>0.0.0.0</c> and <c>::</c>, which mean every address to a listener, and this machine to whoever connects.</summary>
    public static bool IsUnspecified(ReadOnlySpan<byte> address) => !address.ContainsAnyExcept((byte)0);

    private static bool TryParseV4(ReadOnlySpan<byte> text, Span<byte> address)
    {
        for (int i = 0; i < V4Length; i++)
        {
            int end = i < V4Length - 1 ? text.IndexOf((byte)'.') : text.Length;
            if (end is < 1 or > 3 || (end > 1 && text[0] == '0'))
                return false;
            int value = 0;
            foreach (byte digit in text[..end])
            {
                if (!char.IsAsciiDigit((char)digit))
                    return false;
                value = value * 10 + digit - '0';
            }

            if (value > byte.MaxValue)
                return false;
            address[i] = (byte)value;
            text = i < V4Length - 1 ? text[(end + 1)..] : text;
        }

        return true;
    }

    // RFC 4291 2.2: eight groups of up to four digits; one run of zeros as "::"; the last two groups as IPv4.
    private static bool TryParseV6(ReadOnlySpan<byte> text, Span<byte> address)
    {
        address[..MaxLength].Clear();
        int at = 0;
        int gap = -1;
        if (text.StartsWith("::"u8))
        {
            gap = 0;
            text = text[2..];
        }
        else if (text is [(byte)':', ..])
        {
            return false;
        }

        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)':');
            ReadOnlySpan<byte> group = end < 0 ? text : text[..end];
            bool v4 = end < 0 && group.Contains((byte)'.');
            if (at + (v4 ? V4Length : 2) > MaxLength || !(v4 ? TryParseV4(group, address[at..]) : TryParseGroup(group, address[at..])))
                return false;
            at += v4 ? V4Length : 2;
            text = end < 0 ? [] : text[(end + 1)..];
            if (end >= 0 && text.IsEmpty)
                return false;
            if (text is not [(byte)':', ..])
                continue;
            if (gap >= 0)
                return false;
            gap = at;
            text = text[1..];
        }

        if (gap < 0)
            return at == MaxLength;
        if (at == MaxLength)
            return false;
        address[gap..at].CopyTo(address[(MaxLength - (at - gap))..MaxLength]);
        address[gap..(MaxLength - (at - gap))].Clear();
        return true;
    }

    private static bool TryParseGroup(ReadOnlySpan<byte> group, Span<byte> address)
    {
        if (group.Length is < 1 or > 4)
            return false;
        int value = 0;
        foreach (byte digit in group)
        {
            int nibble = char.IsAsciiHexDigit((char)digit) ? (digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10) : -1;
            if (nibble < 0)
                return false;
            value = value << 4 | nibble;
        }

        (address[0], address[1]) = ((byte)(value >> 8), (byte)value);
        return true;
    }
}
