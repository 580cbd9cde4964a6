namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>OpenSSH's patterns (ssh_config(5), PATTERNS): <c>*</c> any run, <c>?</c> any one, everything else itself.</summary>
internal static class HostPattern
{
    /// <summary>Time is bounded by the product of the lengths: a failed match goes back to the last star only.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || char.ToLowerInvariant(pattern[p]) == char.ToLowerInvariant(text[t])))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    /// <summary>A list with commas: one must match, and none that is negated with <c>!</c>.</summary>
    public static bool ListMatches(ReadOnlySpan<char> list, ReadOnlySpan<char> text)
    {
        bool found = false;
        foreach (Range range in list.Split(','))
        {
            ReadOnlySpan<char> pattern = list[range].Trim();
            bool negated = !pattern.IsEmpty && pattern[0] == '!';
            if (pattern.IsEmpty || !Matches(negated ? pattern[1..] : pattern, text))
                continue;
            if (negated)
                return false;
            found = true;
        }

        return found;
    }
}
