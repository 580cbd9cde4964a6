using System.Globalization;
using System.Text;

namespace Sallyport.Replay.Terminal;

/// <summary>
/// Recorded text as a terminal may see it. What a session sent is hostile to whoever reads it: escape sequences move the cursor, set titles,
/// answer as if typed; direction marks and invisible characters make a line read as another. All of them are written out (<c>\x1b</c>, <c>\u{202e}</c>).
/// A backslash is left alone; JSON output is the exact one.
/// </summary>
internal static class SafeText
{
    /// <summary>The text on one line.</summary>
    public static string Line(string text)
    {
        // Half a surrogate pair reads as the replacement character here, and must be written as one.
        if (!text.EnumerateRunes().Any(rune => IsUnsafe(rune) || rune == Rune.ReplacementChar))
            return text;
        var safe = new StringBuilder(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!IsUnsafe(rune))
                safe.Append(rune.ToString());
            else
                safe.Append(Name(rune));
        }

        return safe.ToString();
    }

    /// <summary>The text line by line, a tab as four spaces; at most <paramref name="maxChars"/> characters of it.</summary>
    public static IEnumerable<string> Lines(string text, int maxChars)
    {
        string head = text.Length <= maxChars ? text : text[..maxChars] + $"… ({text.Length - maxChars} more characters; --full shows them)";
        return head.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => Line(line.Replace("\t", "    ", StringComparison.Ordinal)));
    }

    private static bool IsUnsafe(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned;

    private static string Name(Rune rune) => rune.Value switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        < 0x80 => string.Create(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}"),
    };
}
