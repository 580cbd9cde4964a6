namespace Sallyport.Policy.Masking.Streams;

/// <summary>Social security numbers of the United States, written <c>123-45-6789</c>: only areas, groups and serials that are issued.</summary>
internal sealed class SocialSecurityDetector : Detector
{
    private const int Length = 11;
    private const int AreaLength = 3;

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOf((byte)'-');
            if (found < 0)
                return Sighting.Undecided(final ? text.Length : AreaAtEnd(text, from));
            int start = at + found - AreaLength;
            at += found + 1;
            if (start < from || IsWord(text[start - 1]))
                continue;
            bool possible = IsBeginning(text[start..Math.Min(start + Length, text.Length)]);
            if (possible && !final && start + Length >= text.Length)
                return Sighting.Undecided(start);
            if (possible && start + Length <= text.Length && EndsAt(text, start + Length) && IsIssued(text.Slice(start, Length)))
                return new Sighting(start, Length);
        }
    }

    private static int AreaAtEnd(ReadOnlySpan<byte> text, int from)
    {
        int start = text.Length;
        while (start > from && text.Length - start < AreaLength && char.IsAsciiDigit((char)text[start - 1]))
            start--;
        return start;
    }

    private static bool IsBeginning(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (i is 3 or 6 ? text[i] != '-' : !char.IsAsciiDigit((char)text[i]))
                return false;
        }

        return true;
    }

    private static bool IsIssued(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> area = text[..3];
        return area[0] != '9' && !area.SequenceEqual("000"u8) && !area.SequenceEqual("666"u8)
            && !text[4..6].SequenceEqual("00"u8) && !text[7..].SequenceEqual("0000"u8);
    }
}
