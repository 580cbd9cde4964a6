namespace Sallyport.Policy.Masking.Streams;

/// <summary>
/// Numbers of payment cards (ISO/IEC 7812): digits that a network issues, whose check digit is right; all together, or in the groups in which cards show them
/// with one space or hyphen between.
/// </summary>
internal sealed class CardDetector : Detector
{
    private const int Shortest = 13;
    private const int Longest = 19;
    private const int MostGroups = 5;
    private const int LongestGroup = 6;

    // The longer before those they begin with.
    private static readonly int[][] Groups = [[4, 4, 4, 4, 3], [4, 4, 4, 4], [4, 6, 5], [4, 6, 4]];

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        int at = from;
        while (true)
        {
            int start = NextGroup(text, at);
            if (start == text.Length)
                return Sighting.Undecided(text.Length);
            at = EndOfDigits(text, start);
            int digits = at - start;
            if (IsWord(text[start - 1]) || digits > Longest)
                continue;
            if (at == text.Length && !final)
                return Sighting.Undecided(start);
            if (digits >= Shortest && EndsAt(text, at) && IsCard(text[start..at]))
                return new Sighting(start, digits);
            if (digits != 4)
                continue;
            int length = GroupedLength(text, start, final, out bool open);
            if (open)
                return Sighting.Undecided(start);
            if (length > 0)
                return new Sighting(start, length);
        }
    }

    // Where the next four digits in a row begin, or those that the text ends with. Of four places one beside the other, every fourth is looked at.
    private static int NextGroup(ReadOnlySpan<byte> text, int from)
    {
        int at = from + 3;
        while (at < text.Length && !char.IsAsciiDigit((char)text[at]))
            at += 4;
        int start = Math.Min(at, text.Length);
        while (start > from && char.IsAsciiDigit((char)text[start - 1]))
            start--;
        return start;
    }

    private static int GroupedLength(ReadOnlySpan<byte> text, int start, bool final, out bool open)
    {
        Span<int> ends = stackalloc int[MostGroups];
        int count = 0;
        int at = start;
        byte separator = 0;
        while (count < MostGroups)
        {
            int end = EndOfDigits(text, at);
            if (end == at || end - at > LongestGroup)
                break;
            ends[count++] = end;
            at = end;
            if (at == text.Length || text[at] is not ((byte)' ' or (byte)'-') || (separator != 0 && text[at] != separator))
                break;
            separator = text[at++];
        }

        // The last group may go on, or another follow.
        open = at == text.Length && !final;
        if (open)
            return 0;

        foreach (int[] sizes in Groups)
        {
            if (Fits(ends[..count], start, sizes) && EndsAt(text, ends[sizes.Length - 1]) && IsCard(text[start..ends[sizes.Length - 1]]))
                return ends[sizes.Length - 1] - start;
        }

        return 0;
    }

    private static bool Fits(ReadOnlySpan<int> ends, int start, int[] sizes)
    {
        if (ends.Length < sizes.Length)
            return false;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (ends[i] - start != sizes[i])
                return false;
            start = ends[i] + 1;
        }

        return true;
    }

    private static bool IsCard(ReadOnlySpan<byte> text)
    {
        int count = 0;
        int first = 0;
        foreach (byte b in text)
        {
            if (!char.IsAsciiDigit((char)b))
                continue;
            first = count < 4 ? first * 10 + b - '0' : first;
            count++;
        }

        return IsIssued(first, count) && Luhn(text, count);
    }

    private static bool IsIssued(int first, int count) => first switch
    {
        >= 4000 and <= 4999 => count is 13 or 16 or 19,
        (>= 5100 and <= 5599) or (>= 2221 and <= 2720) => count == 16,
        (>= 3400 and <= 3499) or (>= 3700 and <= 3799) => count == 15,
        (>= 3000 and <= 3059) or (>= 3600 and <= 3699) or (>= 3800 and <= 3999) => count == 14,
        >= 3528 and <= 3589 => count is 16 or 19,
        6011 or (>= 6200 and <= 6299) or (>= 6440 and <= 6599) => count is 16 or 19,
        (>= 5000 and <= 5099) or (>= 5600 and <= 5899) or (>= 6300 and <= 6399) or (>= 6700 and <= 6799) => count is 16 or 18 or 19,
        _ => false,
    };

    // ISO/IEC 7812-1, annex B.
    private static bool Luhn(ReadOnlySpan<byte> text, int count)
    {
        int sum = 0;
        bool twice = count % 2 == 0;
        foreach (byte b in text)
        {
            if (!char.IsAsciiDigit((char)b))
                continue;
            int digit = twice ? (b - '0') * 2 : b - '0';
            sum += digit > 9 ? digit - 9 : digit;
            twice = !twice;
        }

        return sum % 10 == 0;
    }
}
