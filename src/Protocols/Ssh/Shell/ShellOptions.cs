namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>Steps over a program's own options, as getopt does that stops at the first operand.</summary>
internal static class ShellOptions
{
    /// <summary>The command is not known: an option that is not known, or a value that is not there.</summary>
    public const int Unknown = -1;

    /// <summary>It runs nothing.</summary>
    public const int Idle = -2;

    /// <summary>Where the first word behind the options is.</summary>
    /// <param name="i">The first word behind the program.</param>
    /// <param name="end">Behind the last word.</param>
    public static int Skip(ShellWords words, ShellProgram program, int i, int end)
    {
        while (i < end)
        {
            ReadOnlySpan<byte> word = words.Text(i);
            bool literal = !words[i].Is(ShellWordFlags.NotLiteral);
            if (word.Length < 2 || word[0] != '-')
                return literal || word.Length == 0 || word[0] != '-' ? i : Unknown;
            if (!literal)
                return Unknown;
            if (word.SequenceEqual("--"u8))
                return i + 1;
            i = word[1] == '-' ? Long(program, word[2..], i, end) : Short(program, word[1..], i, end);
            if (i < 0)
                return i;
        }

        return i;
    }

    /// <summary>Whether a word has this option letter among others, or is this long option.</summary>
    public static bool Has(ReadOnlySpan<byte> word, char letter, ReadOnlySpan<byte> name) =>
        word.Length > 1 && word[0] == '-' && (word[1] == '-' ? word[2..].SequenceEqual(name) : word.Contains((byte)letter));

    private static int Short(ShellProgram program, ReadOnlySpan<byte> letters, int i, int end)
    {
        for (int at = 0; at < letters.Length; at++)
        {
            char letter = (char)letters[at];
            if (program.Idle.Contains(letter, StringComparison.Ordinal))
                return Idle;
            if (program.Values.Contains(letter, StringComparison.Ordinal))
                return at + 1 < letters.Length ? i + 1 : i + 2 <= end ? i + 2 : Unknown;
            if (!program.Flags.Contains(letter, StringComparison.Ordinal))
                return Unknown;
        }

        return i + 1;
    }

    private static int Long(ShellProgram program, ReadOnlySpan<byte> option, int i, int end)
    {
        int equals = option.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = equals < 0 ? option : option[..equals];
        if (Contains(program.LongFlags, name))
            return equals < 0 || name.SequenceEqual("preserve-env"u8) ? i + 1 : Unknown;
        if (!Contains(program.LongValues, name))
            return Unknown;
        return equals >= 0 ? i + 1 : i + 2 <= end ? i + 2 : Unknown;
    }

    private static bool Contains(string[] names, ReadOnlySpan<byte> name)
    {
        foreach (string one in names)
        {
            if (one.Length == name.Length && System.Text.Ascii.Equals(name, one))
                return true;
        }

        return false;
    }
}
