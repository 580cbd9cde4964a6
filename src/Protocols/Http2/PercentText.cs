namespace Sallyport.Protocols.Http2;

/// <summary>Percent-encoding (RFC 3986 2.1) and what may stand in a path.</summary>
internal static class PercentText
{
    /// <summary>Reads the two digits behind a percent sign.</summary>
    /// <returns>False: they are no hexadecimal digits, or missing.</returns>
    public static bool TryByte(ReadOnlySpan<byte> text, int at, out byte value)
    {
        value = 0;
        if (at + 2 >= text.Length)
            return false;
        int high = Digit(text[at + 1]);
        int low = Digit(text[at + 2]);
        value = (byte)((high << 4) | (low & 15));
        return (high | low) >= 0;
    }

    /// <summary>pchar (RFC 3986 3.3) without the percent sign and the semicolon.</summary>
    public static bool MayStandInPath(byte c) =>
        char.IsAsciiLetterOrDigit((char)c) || "-._~!$&'()*+,=:@"u8.Contains(c);

    /// <summary>Decodes a name or a value of a query as forms do (a plus sign is a space).</summary>
    /// <param name="text">As it was sent.</param>
    /// <param name="destination">At least as long.</param>
    /// <param name="length">Of what was decoded.</param>
    /// <returns>False: it is malformed.</returns>
    public static bool TryDecodeForm(ReadOnlySpan<byte> text, Span<byte> destination, out int length)
    {
        length = 0;
        if (destination.Length < text.Length)
            return false;
        for (int i = 0; i < text.Length; i++)
        {
            byte c = text[i];
            if (c == '%')
            {
                if (!TryByte(text, i, out c))
                    return false;
                i += 2;
            }
            else if (c == '+')
            {
                c = (byte)' ';
            }

            destination[length++] = c;
        }

        return true;
    }

    private static int Digit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
