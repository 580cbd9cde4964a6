using System.Text;

namespace Sallyport.Policy.Matching;

/// <summary>
/// A pattern over UTF-8 text: <c>*</c> stands for any text, <c>?</c> for one character (code point), all else for itself, case included.
/// Matching allocates nothing and takes at most (text × pattern) steps.
/// </summary>
internal sealed class Glob
{
    // Bytes that no UTF-8 text contains (RFC 3629, 1) stand for the wildcards in the compiled pattern.
    private const byte Star = 0xFF;
    private const byte One = 0xFE;

    private readonly byte[] _pattern;

    private Glob(byte[] pattern)
    {
        _pattern = pattern;
        IsLiteral = pattern.AsSpan().IndexOfAny(Star, One) < 0;
        IsAny = pattern is [Star];
    }

    /// <summary>The pattern <c>*</c>.</summary>
    public static Glob Any { get; } = Compile("*");

    /// <summary>True when there is no wildcard: <see cref="Bytes"/> is the only text that matches.</summary>
    public bool IsLiteral { get; }

    /// <summary>True when every text matches.</summary>
    public bool IsAny { get; }

    /// <summary>The text itself, when <see cref="IsLiteral"/>.</summary>
    public byte[] Bytes => _pattern;

    /// <summary>Compiles a pattern in which <c>*</c> and <c>?</c> are wildcards.</summary>
    public static Glob Compile(string pattern) => Compile(pattern, []);

    /// <summary>Compiles a pattern in which <c>*</c> and <c>?</c> are wildcards, but for the characters that were quoted.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="quoted">For each character, whether it stands for itself; empty: none is quoted.</param>
    public static Glob Compile(ReadOnlySpan<char> pattern, ReadOnlySpan<bool> quoted)
    {
        List<byte> compiled = new(pattern.Length);
        Span<byte> bytes = stackalloc byte[4];
        for (int i = 0; i < pattern.Length;)
        {
            _ = Rune.DecodeFromUtf16(pattern[i..], out Rune rune, out int length);
            bool wild = quoted.IsEmpty || !quoted[i];
            i += length;
            if (wild && rune.Value is ('*' or '?'))
            {
                byte code = rune.Value == '*' ? Star : One;
                if (code != Star || compiled.Count == 0 || compiled[^1] != Star)
                    compiled.Add(code);
                continue;
            }

            compiled.AddRange(bytes[..rune.EncodeToUtf8(bytes)]);
        }

        return new Glob([.. compiled]);
    }

    /// <summary>Makes a pattern that matches <paramref name="text"/> only.</summary>
    public static Glob Literal(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>True when the whole of <paramref name="text"/> matches.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
        if (IsLiteral)
            return text.SequenceEqual(_pattern);
        if (IsAny)
            return true;

        // Greedy with one point of return: a later star makes an earlier one's choice final, so no deeper backtracking is needed.
        ReadOnlySpan<byte> pattern = _pattern;
        int p = 0, t = 0, starAt = -1, starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == Star)
            {
                starAt = p++;
                starText = t;
            }
            else if (p < pattern.Length && pattern[p] == One)
            {
                p++;
                t += CharacterLength(text[t..]);
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (starAt >= 0)
            {
                p = starAt + 1;
                t = ++starText;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == Star)
            p++;
        return p == pattern.Length;
    }

    /// <summary>True when some text matches that begins so and goes on in letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>/</c>: a key below a path.</summary>
    /// <param name="prefix">ASCII.</param>
    public bool MatchesBelow(ReadOnlySpan<byte> prefix)
    {
        // All places in the pattern that the prefix can lead to.
        bool[] at = new bool[_pattern.Length + 1];
        at[0] = true;
        foreach (byte c in prefix)
        {
            bool[] next = new bool[at.Length];
            for (int p = 0; p < _pattern.Length; p++)
            {
                if (at[p] && _pattern[p] == Star)
                    (at[p + 1], next[p]) = (true, true);
                else if (at[p] && (_pattern[p] == One || _pattern[p] == c))
                    next[p + 1] = true;
            }

            at = next;
        }

        for (int p = 0; p < _pattern.Length; p++)
        {
            if (at[p] && IsKey(_pattern.AsSpan(p)))
                return true;
        }

        return false;
    }

    private static bool IsKey(ReadOnlySpan<byte> pattern)
    {
        foreach (byte c in pattern)
        {
            if (c is not (Star or One or (byte)'-' or (byte)'_' or (byte)'.' or (byte)'/') && !char.IsAsciiLetterOrDigit((char)c))
                return false;
        }

        return true;
    }

    private static int CharacterLength(ReadOnlySpan<byte> text)
    {
        int length = 1;
        while (length < text.Length && (text[length] & 0xC0) == 0x80)
            length++;
        return length;
    }
}
