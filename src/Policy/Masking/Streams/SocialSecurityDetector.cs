namespace Sallyport.Policy.Masking.Streams;

/// <summary>Social security numbers of the United States, written <c>123-45-6789</c>: only areas, groups and serials that are issued.</summary>
internal sealed class SocialSecurityDetector : Detector
{
    private const int Length = 11;

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOfAnyInRange((byte)'0', (byte)'9');
            if (found < 0)
                return Sighting.Undecided(text.Length);
            int start = at + found;
            at = EndOfDigits(text, start);
            if (IsWord(text[start - 1]) || at - start > 3)
                continue;
            bool possible = IsBeginning(text[start..Math.Min(start + Length, text.Length)]);
            if (possible && !final && start + Length >= text.Length)
                return Sighting.Undecided(start);
            if (possible && start + Length <= text.Length && EndsAt(text, start + Length) && IsIssued(text.Slice(start, Length)))
                return new Sighting(start, Length);
        }
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
