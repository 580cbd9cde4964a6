using System.Buffers;
using System.Text;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>The escapes of JSON strings (RFC 8259 7).</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(c => (byte)c), (byte)'"', (byte)'\\']);

    /// <summary>The most bytes that <see cref="Escape"/> writes.</summary>
    public static int MostEscaped(int length) => checked(length * 6);

    /// <summary>Takes the escapes out. Half a surrogate pair becomes U+FFFD.</summary>
    /// <param name="raw">What stands between the quotes.</param>
    /// <param name="into">At least as long; not the same place.</param>
    /// <returns>Bytes written; -1: it is no string of JSON.</returns>
    public static int Unescape(ReadOnlySpan<byte> raw, Span<byte> into)
    {
        int length = 0;
        while (true)
        {
            int plain = raw.IndexOf((byte)'\\');
            ReadOnlySpan<byte> before = plain < 0 ? raw : raw[..plain];
            before.CopyTo(into[length..]);
            length += before.Length;
            if (plain < 0)
                return length;
            raw = raw[plain..];
            if (raw.Length < 2)
                return -1;
            byte c = raw[1] switch
            {
                (byte)'"' or (byte)'\\' or (byte)'/' => raw[1],
                (byte)'b' => 8,
                (byte)'f' => 12,
                (byte)'n' => 10,
                (byte)'r' => 13,
                (byte)'t' => 9,
                _ => 0,
            };
            if (c != 0)
            {
                into[length++] = c;
                raw = raw[2..];
                continue;
            }

            if (!TryUnit(raw, out char unit))
                return -1;
            raw = raw[6..];
            Rune rune = Rune.ReplacementChar;
            if (Rune.TryCreate(unit, out Rune single))
                rune = single;
            else if (char.IsHighSurrogate(unit) && TryUnit(raw, out char low) && Rune.TryCreate(unit, low, out rune))
                raw = raw[6..];
            else
                rune = Rune.ReplacementChar;
            length += rune.EncodeToUtf8(into[length..]);
        }
    }

    /// <summary>Writes text as it stands between quotes.</summary>
    public static int Escape(ReadOnlySpan<byte> text, Span<byte> into)
    {
        int length = 0;
        while (true)
        {
            int plain = text.IndexOfAny(Escaped);
            ReadOnlySpan<byte> before = plain < 0 ? text : text[..plain];
            before.CopyTo(into[length..]);
            length += before.Length;
            if (plain < 0)
                return length;
            byte c = text[plain];
            text = text[(plain + 1)..];
            into[length++] = (byte)'\\';
            if (c >= 0x20)
            {
                into[length++] = c;
                continue;
            }

            "u00"u8.CopyTo(into[length..]);
            into[length + 3] = (byte)('0' + (c >> 4));
            into[length + 4] = (byte)"0123456789abcdef"[c & 15];
            length += 5;
        }
    }

    private static bool TryUnit(ReadOnlySpan<byte> raw, out char unit)
    {
        unit = '\0';
        if (raw.Length < 6 || raw[0] != '\\' || raw[1] != 'u')
            return false;
        int value = 0;
        foreach (byte c in raw[2..6])
        {
            if (!char.IsAsciiHexDigit((char)c))
                return false;
            value = (value << 4) | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        unit = (char)value;
        return true;
    }
}
