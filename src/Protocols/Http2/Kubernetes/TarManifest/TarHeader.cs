using System.Text;

namespace Sallyport.Protocols.Http2.Kubernetes.TarManifest;

/// <summary>
/// One header block of an archive (POSIX.1-1988 ustar, and GNU's form of it).
/// <code>
///  name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | link 100 | magic 6 | version 2 | … | prefix 155 (at 345)
/// </code>
/// </summary>
internal readonly ref struct TarHeader
{
    public const int Length = 512;

    public string Path { get; private init; }

    public long Size { get; private init; }

    /// <summary>The type flag; <c>0</c> also for the zero byte and <c>7</c>, which mean a file, too.</summary>
    public char Type { get; private init; }

    /// <returns>False: it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> block, out TarHeader header)
    {
        header = default;
        if (!TryOctal(block.Slice(148, 8), out long checksum) || checksum != Sum(block) || !TrySize(block.Slice(124, 12), out long size))
            return false;
        // GNU has other fields where ustar has the prefix; its magic is followed by a blank.
        bool isUstar = block.Slice(257, 6).SequenceEqual("ustar\0"u8);
        string name = Text(block[..100]);
        string prefix = isUstar ? Text(block.Slice(345, 155)) : "";
        char type = (char)block[156];
        header = new TarHeader { Path = prefix.Length == 0 ? name : $"{prefix}/{name}", Size = size, Type = type is '\0' or '7' ? '0' : type };
        return true;
    }

    /// <summary>Text up to its first zero byte.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>All bytes, those of the checksum taken for blanks.</summary>
    private static long Sum(ReadOnlySpan<byte> block)
    {
        long sum = 8 * ' ';
        for (int i = 0; i < Length; i++)
            sum += i is >= 148 and < 156 ? 0 : block[i];
        return sum;
    }

    /// <summary>Octal digits, or, where they do not suffice, a binary number whose first byte is 0x80 (GNU).</summary>
    private static bool TrySize(ReadOnlySpan<byte> field, out long size)
    {
        if (field[0] != 0x80)
            return TryOctal(field, out size);
        size = 0;
        foreach (byte b in field[1..])
        {
            if (size > long.MaxValue >> 9)
                return false;
            size = (size << 8) | b;
        }

        return true;
    }

    private static bool TryOctal(ReadOnlySpan<byte> field, out long number)
    {
        number = 0;
        field = field.Trim(" \0"u8);
        foreach (byte digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return false;
            number = (number << 3) | (uint)(digit - '0');
        }

        return true;
    }
}
