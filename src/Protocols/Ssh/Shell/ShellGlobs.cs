namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>The unquoted bytes of a word that stand for names of files, or for several words.</summary>
internal struct ShellGlobs()
{
    private byte _last;

    /// <summary>Where the first pattern character stands in the word; -1: there is none.</summary>
    public int First { get; private set; } = -1;

    public bool HasBrace { get; private set; }

    /// <summary>A brace with a comma or a range behind it: bash and zsh make several words of it, others do not.</summary>
    public bool Alternatives { get; private set; }

    public void See(byte c, int at)
    {
        if (First < 0 && c is (byte)'*' or (byte)'?' or (byte)'[')
            First = at;
        if (c == '{')
            HasBrace = true;
        else if (HasBrace && (c == ',' || (c == '.' && _last == '.')))
            Alternatives = true;
        _last = c;
    }

    /// <summary>
    /// Whether a pattern may stand for names outside the directory that its text shows: <c>..</c> behind what matches anything, or a component
    /// that begins with a period, because <c>.*</c> and <c>.?</c> match <c>..</c> in many shells (POSIX 2.13.3).
    /// </summary>
    public static bool MayLeave(ReadOnlySpan<byte> word, int first)
    {
        if (word[first..].IndexOf(".."u8) >= 0)
            return true;
        int start = word[..first].LastIndexOf((byte)'/') + 1;
        while (start < word.Length)
        {
            int length = word[start..].IndexOf((byte)'/');
            ReadOnlySpan<byte> component = length < 0 ? word[start..] : word.Slice(start, length);
            if (component.Length > 1 && component[0] == '.' && component.IndexOfAny("*?["u8) >= 0)
                return true;
            if (length < 0)
                return false;
            start += length + 1;
        }

        return false;
    }
}
