using System.Text;

namespace Sallyport.Protocols.Http2;

/// <summary>
/// Paths of HTTP as policy looks at them. What may stand in a path as it is is decoded (RFC 3986 6.2.2.2; sub-delimiters too, which servers do not tell apart when they
/// are encoded), other encodings get capital digits (6.2.2.1), dot segments are removed (5.2.4) and a slash at the end is left out. The request itself stays as it is, so
/// whatever servers read in different ways makes the path uncertain: then nobody knows which one is served.
/// </summary>
internal static class HttpPath
{
    /// <summary>Normalises a path.</summary>
    /// <param name="path">As it was sent, without the query.</param>
    /// <param name="destination">At least as long.</param>
    /// <param name="length">Of the normalised path.</param>
    /// <returns>False: it could be read in another way.</returns>
    public static bool Normalise(ReadOnlySpan<byte> path, Span<byte> destination, out int length)
    {
        if (path is not [(byte)'/', ..])
        {
            path.CopyTo(destination);
            length = path.Length;
            // What OPTIONS asks of the server as a whole (RFC 9110 9.3.7).
            return path is [(byte)'*'];
        }

        bool certain = Decode(path, destination, out length);
        certain &= !IsEncodedTwice(destination[..length]);
        return Compress(destination[..length], out length) && certain;
    }

    // An encoded percent sign before two hexadecimal digits, which may have been encoded themselves.
    private static bool IsEncodedTwice(ReadOnlySpan<byte> decoded)
    {
        for (int at = decoded.IndexOf("%25"u8); at >= 0; at = Next(decoded, at + 3))
        {
            if (at + 4 < decoded.Length && char.IsAsciiHexDigit((char)decoded[at + 3]) && char.IsAsciiHexDigit((char)decoded[at + 4]))
                return true;
        }

        return false;
    }

    private static int Next(ReadOnlySpan<byte> text, int from) => text[from..].IndexOf("%25"u8) is var found and >= 0 ? from + found : -1;

    private static bool Decode(ReadOnlySpan<byte> path, Span<byte> destination, out int length)
    {
        bool certain = true;
        length = 0;
        for (int i = 0; i < path.Length;)
        {
            byte c = path[i];
            if (c == '%')
            {
                certain &= DecodeOne(path, ref i, destination, ref length);
                continue;
            }

            certain &= c == '/' || PercentText.MayStandInPath(c);
            destination[length++] = c;
            i++;
        }

        return certain;
    }

    private static bool DecodeOne(ReadOnlySpan<byte> path, ref int at, Span<byte> destination, ref int length)
    {
        if (!PercentText.TryByte(path, at, out byte c))
        {
            destination[length++] = path[at++];
            return false;
        }

        if (PercentText.MayStandInPath(c))
        {
            destination[length++] = c;
            at += 3;
            return true;
        }

        bool certain = c switch
        {
            (byte)'/' or (byte)'\\' or (byte)';' or < 0x20 or 0x7F => false,
            _ => true,
        };
        int bytes = 1;
        if (c >= 0x80)
            certain = IsCharacter(path[at..], out bytes);
        for (; bytes > 0; bytes--)
        {
            destination[length++] = (byte)'%';
            destination[length++] = Upper(path[at + 1]);
            destination[length++] = Upper(path[at + 2]);
            at += 3;
        }

        return certain;
    }

    // A character beyond ASCII, each of its bytes encoded (RFC 3986 2.5). Others are how a slash or a dot gets past those who look for it.
    private static bool IsCharacter(ReadOnlySpan<byte> text, out int bytes)
    {
        Span<byte> utf8 = stackalloc byte[4];
        int count = 0;
        for (int at = 0; count < utf8.Length && at < text.Length && text[at] == '%' && PercentText.TryByte(text, at, out byte c); at += 3)
            utf8[count++] = c;
        bool valid = Rune.DecodeFromUtf8(utf8[..count], out _, out bytes) == System.Buffers.OperationStatus.Done;
        bytes = valid ? bytes : 1;
        return valid;
    }

    // Removes dot segments and empty ones, in place.
    private static bool Compress(Span<byte> path, out int length)
    {
        bool certain = true;
        length = 0;
        for (int at = 1; at <= path.Length;)
        {
            int slash = path[at..].IndexOf((byte)'/');
            int end = slash < 0 ? path.Length : at + slash;
            ReadOnlySpan<byte> segment = path[at..end];
            bool parent = segment.SequenceEqual(".."u8);
            if (parent || segment.SequenceEqual("."u8) || (segment.IsEmpty && end < path.Length))
            {
                certain = false;
                if (parent)
                    length = Math.Max(path[..length].LastIndexOf((byte)'/'), 0);
            }
            else if (!segment.IsEmpty)
            {
                path[length++] = (byte)'/';
                segment.CopyTo(path[length..]);
                length += segment.Length;
            }

            at = end + 1;
        }

        if (length == 0)
            path[length++] = (byte)'/';
        return certain;
    }

    private static byte Upper(byte digit) => digit is >= (byte)'a' and <= (byte)'f' ? (byte)(digit - 32) : digit;
}
