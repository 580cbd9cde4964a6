using System.Buffers.Text;

namespace Sallyport.Protocols.Ssh.Sftp;

/// <summary>A line of the scp protocol: <c>C0644 size name</c>, <c>D0755 0 name</c>, <c>E</c>, <c>T…</c>.</summary>
internal readonly ref struct ScpLine
{
    public const int Longest = 8 << 10;

    private ScpLine(byte kind, long size, ReadOnlySpan<byte> name)
    {
        Kind = kind;
        Size = size;
        Name = name;
    }

    public byte Kind { get; }

    public long Size { get; }

    /// <summary>One component of a path; empty for E and T.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <param name="line">Without its line break.</param>
    /// <returns>False: it is none, or its name leads elsewhere.</returns>
    public static bool TryRead(ReadOnlySpan<byte> line, out ScpLine read)
    {
        read = default;
        if (line.IsEmpty)
            return false;
        if (line[0] == 'E' || line[0] == 'T')
        {
            read = new ScpLine(line[0], 0, default);
            return line[0] == 'T' ? line[1..].IndexOfAnyExcept("0123456789 "u8) < 0 : line.Length == 1;
        }

        if (line[0] is not ((byte)'C' or (byte)'D') || line.Length < 7 || line[5] != ' ')
            return false;
        ReadOnlySpan<byte> rest = line[6..];
        if (!Utf8Parser.TryParse(rest, out long size, out int digits) || size < 0 || rest[0] is (byte)'-' or (byte)'+' || digits >= rest.Length || rest[digits] != ' ')
            return false;
        ReadOnlySpan<byte> name = rest[(digits + 1)..];
        if (name.IsEmpty || name.SequenceEqual(".."u8) || name.IndexOfAny((byte)'/', (byte)0) >= 0 || !System.Text.Unicode.Utf8.IsValid(name))
            return false;
        read = new ScpLine(line[0], size, name);
        return true;
    }
}
