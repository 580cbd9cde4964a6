namespace Sallyport.Policy.Masking.Streams;

/// <summary>International bank account numbers (ISO 13616): of the length of their country, with the right check digits, together or in groups of four.</summary>
internal sealed class IbanDetector : Detector
{
    // The IBAN registry: country and length.
    private static readonly Dictionary<int, int> Lengths = Read(
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28"
        + "IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33"
        + "SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30");

    /// <inheritdoc/>
    public override Sighting Next(ReadOnlySpan<byte> text, int from, bool final)
    {
        int at = from;
        while (true)
        {
            int found = text[at..].IndexOfAnyInRange((byte)'A', (byte)'Z');
            if (found < 0)
                return Sighting.Undecided(text.Length);
            int start = at + found;
            at = start + 1;
            if (IsWord(text[start - 1]))
                continue;
            if (at >= text.Length)
                return Sighting.Undecided(final ? text.Length : start);
            if (!char.IsAsciiLetterUpper((char)text[at]))
                continue;
            if (!Lengths.TryGetValue(Key(text[start], text[start + 1]), out int length))
                continue;
            int end = End(text, start, length, out bool isShort);
            if (isShort && !final)
                return Sighting.Undecided(start);
            if (end > 0 && EndsAt(text, end) && Remainder(text[start..end]) == 1)
                return new Sighting(start, end - start);
        }
    }

    // Behind its last character; 0 when it is none. A text that ends at it is too short to tell.
    private static int End(ReadOnlySpan<byte> text, int start, int length, out bool isShort)
    {
        int at = start;
        int count = 0;
        isShort = false;
        while (count < length)
        {
            if (at < text.Length && text[at] == ' ' && count % 4 == 0 && text[at - 1] != ' ')
                at++;
            isShort = at >= text.Length;
            bool isDigit = !isShort && char.IsAsciiDigit((char)text[at]);
            if (isShort || !(isDigit || (count is < 2 or >= 4 && char.IsAsciiLetterUpper((char)text[at]))))
                return 0;
            count++;
            at++;
        }

        isShort = at >= text.Length;
        return at;
    }

    // ISO 7064, MOD 97-10, over the characters with the first four at the end; letters count as 10 to 35.
    private static int Remainder(ReadOnlySpan<byte> text)
    {
        int remainder = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            int count = 0;
            foreach (byte b in text)
            {
                if (b == ' ')
                    continue;
                if (count++ < 4 != (pass == 1))
                    continue;
                int value = char.IsAsciiDigit((char)b) ? b - '0' : b - 'A' + 10;
                remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
            }
        }

        return remainder;
    }

    private static int Key(int first, int second) => first << 8 | second;

    private static Dictionary<int, int> Read(string table) =>
        Enumerable.Range(0, table.Length / 4).ToDictionary(i => Key(table[i * 4], table[i * 4 + 1]), i => (table[i * 4 + 2] - '0') * 10 + table[i * 4 + 3] - '0');
}
