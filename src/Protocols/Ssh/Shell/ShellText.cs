namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>A text of shell commands, and how far it was read.</summary>
internal ref struct ShellText(ReadOnlySpan<byte> text)
{
    public readonly ReadOnlySpan<byte> Text = text;

    /// <summary>The next byte to read.</summary>
    public int Position;

    public readonly bool AtEnd => Position >= Text.Length;

    /// <summary>The next byte; 0 at the end, and nowhere else: a text with NUL is never read.</summary>
    public readonly byte Current => Peek(0);

    /// <summary>A byte ahead of the next one; 0 behind the end.</summary>
    public readonly byte Peek(int ahead) => Position + ahead < Text.Length ? Text[Position + ahead] : (byte)0;

    /// <summary>True where a word ends (POSIX 2.3).</summary>
    public static bool EndsWord(byte c) => c is 0 or (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)';' or (byte)'&' or (byte)'|' or (byte)'(' or (byte)')' or (byte)'<' or (byte)'>';

    /// <summary>Whether the next bytes are this word, written plainly and ended.</summary>
    public readonly bool IsWord(ReadOnlySpan<byte> word) => Text[Math.Min(Position, Text.Length)..].StartsWith(word) && EndsWord(Peek(word.Length));

    /// <summary>Skips blanks, continued lines, and a comment, up to what comes next on this line.</summary>
    public void SkipBlanks()
    {
        while (!AtEnd)
        {
            byte c = Current;
            if (c is (byte)' ' or (byte)'\t')
            {
                Position++;
            }
            else if (c == '\\' && Peek(1) == '\n')
            {
                Position += 2;
            }
            else if (c == '#')
            {
                int end = Text[Position..].IndexOf((byte)'\n');
                Position = end < 0 ? Text.Length : Position + end;
                return;
            }
            else
            {
                return;
            }
        }
    }
}
