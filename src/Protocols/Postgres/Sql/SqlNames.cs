using System.Text;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>Turns identifiers as they are spelled into names as the catalog keeps them.</summary>
internal static class SqlNames
{
    /// <summary>NAMEDATALEN - 1: the longest name, bytes (4.1.1).</summary>
    public const int MaxName = 63;

    /// <summary>Room that <see cref="TryNormalise"/> needs: one name and one character more, so that it knows what it cuts.</summary>
    public const int Room = MaxName + 5;

    /// <summary>Folds, unquotes and unescapes <paramref name="token"/>, and cuts it at 63 bytes as truncate_identifier does: not inside a character.</summary>
    /// <returns>False: a Unicode escape that is none.</returns>
    public static bool TryNormalise(ReadOnlySpan<byte> text, in SqlToken token, Span<byte> destination, out int length)
    {
        ReadOnlySpan<byte> spelling = text[token.Start..token.End];
        switch (token.Kind)
        {
            case SqlTokenKind.Word:
                length = Fold(spelling, destination);
                break;
            case SqlTokenKind.Quoted:
                length = Unquote(spelling[1..^1], destination);
                break;
            case SqlTokenKind.UnicodeQuoted:
                if (!TryUnescape(text[(token.Start + 3)..(token.NameEnd - 1)], token.Escape, destination, out length))
                    return false;
                break;
            default:
                length = 0;
                return false;
        }

        if (length > MaxName)
        {
            length = MaxName;
            while ((destination[length] & 0xC0) == 0x80)
                length--;
        }

        return true;
    }

    /// <summary>downcase_identifier: ASCII only, as in every multibyte server encoding.</summary>
    public static int Fold(ReadOnlySpan<byte> spelling, Span<byte> destination)
    {
        int length = Math.Min(spelling.Length, MaxName + 1);
        for (int i = 0; i < length; i++)
        {
            byte c = spelling[i];
            destination[i] = (uint)(c - 'A') <= 'Z' - 'A' ? (byte)(c | 0x20) : c;
        }

        return length;
    }

    private static int Unquote(ReadOnlySpan<byte> inner, Span<byte> destination)
    {
        int length = 0;
        for (int i = 0; i < inner.Length && length <= MaxName; i++)
        {
            destination[length++] = inner[i];
            if (inner[i] == '"')
                i++;
        }

        return length;
    }

    /// <summary>str_udeescape in parser.c. The whole name is read even when it is too long: an escape that is none is an error wherever it stands.</summary>
    private static bool TryUnescape(ReadOnlySpan<byte> inner, byte escape, Span<byte> destination, out int length)
    {
        length = 0;
        Span<byte> bytes = stackalloc byte[4];
        int i = 0;
        while (i < inner.Length)
        {
            int size = 1;
            bytes[0] = inner[i];
            if (inner[i] == escape && i + 1 < inner.Length && inner[i + 1] == escape)
            {
                i += 2;
            }
            else if (inner[i] == escape)
            {
                if (!TryCodePoint(inner, escape, ref i, out Rune rune))
                    return false;
                size = rune.EncodeToUtf8(bytes);
            }
            else
            {
                i += inner[i] == '"' ? 2 : 1;
            }

            // Once one byte too many is there, the rest only has to be valid.
            if (length > MaxName)
                continue;
            bytes[..size].CopyTo(destination[length..]);
            length += size;
        }

        return true;
    }

    /// <summary>\XXXX or \+XXXXXX; a surrogate pair is two of them.</summary>
    private static bool TryCodePoint(ReadOnlySpan<byte> inner, byte escape, ref int i, out Rune rune)
    {
        rune = default;
        if (!TryHex(inner, ref i, out int value))
            return false;
        if (char.IsHighSurrogate((char)value) && value <= char.MaxValue)
        {
            if (i >= inner.Length || inner[i] != escape || !TryHex(inner, ref i, out int low) || low > char.MaxValue || !char.IsLowSurrogate((char)low))
                return false;
            value = char.ConvertToUtf32((char)value, (char)low);
        }

        return value > 0 && Rune.TryCreate(value, out rune);
    }

    private static bool TryHex(ReadOnlySpan<byte> inner, ref int i, out int value)
    {
        value = 0;
        bool six = i + 1 < inner.Length && inner[i + 1] == '+';
        int start = i + (six ? 2 : 1), end = start + (six ? 6 : 4);
        if (end > inner.Length)
            return false;
        foreach (byte c in inner[start..end])
        {
            if (!char.IsAsciiHexDigit((char)c))
                return false;
            value = (value << 4) | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        i = end;
        return true;
    }
}
