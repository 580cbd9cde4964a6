using System.Text;

namespace Sallyport.Policy.Matching;

/// <summary>
/// Options that must all be there, wherever they stand and however they are bundled: <c>-{rf}</c>, or with other spellings of each
/// <c>-{r|R|--recursive,f|--force}</c>.
/// </summary>
internal sealed class OptionsWord
{
    private readonly byte[][][] _required;

    private OptionsWord(byte[][][] required) => _required = required;

    /// <summary>What such a word begins with.</summary>
    public const string Opening = "-{";

    /// <summary>Reads a word that begins with <see cref="Opening"/>.</summary>
    public static OptionsWord? Parse(string word, out string? error)
    {
        error = "has options that are none: write -{rf}, or -{r|--recursive,f|--force}";
        if (!word.EndsWith('}') || word.Length == Opening.Length + 1)
            return null;
        string inner = word[Opening.Length..^1];
        bool letters = inner.All(char.IsAsciiLetterOrDigit);
        string[][] required = letters ? [.. inner.Select(c => new[] { c.ToString() })] : [.. inner.Split(',').Select(o => o.Split('|'))];
        if (required.Any(o => o.Any(s => !IsSpelling(s))))
            return null;
        error = null;
        return new OptionsWord([.. required.Select(o => o.Select(Encoding.UTF8.GetBytes).ToArray())]);
    }

    /// <summary>True when the arguments have all of the options.</summary>
    public bool Matches(ArgumentList arguments)
    {
        foreach (byte[][] spellings in _required)
        {
            if (!Has(arguments, spellings))
                return false;
        }

        return true;
    }

    // r: within -rf; --recursive: also what getopt_long takes for it, --recurs and --recursive=yes; -delete: as it stands.
    private static bool IsSpelling(string text) =>
        text.Length == 1 ? char.IsAsciiLetterOrDigit(text[0]) : text.Length > 2 && text[0] == '-' && text.TrimStart('-').All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && text[^1] != '-';

    private static bool Has(ArgumentList arguments, byte[][] spellings)
    {
        // What follows "--" is an operand to most programs; to those that do not know it, an option still.
        while (arguments.TryNext(out ReadOnlySpan<byte> argument))
        {
            if (argument.Length < 2 || argument[0] != '-')
                continue;
            foreach (byte[] spelling in spellings)
            {
                if (IsIn(argument, spelling))
                    return true;
            }
        }

        return false;
    }

    private static bool IsIn(ReadOnlySpan<byte> argument, byte[] spelling)
    {
        if (spelling.Length == 1)
            return argument[1] != '-' && argument[1..].Contains(spelling[0]);
        if (spelling[1] != '-')
            return argument.SequenceEqual(spelling);
        int value = argument.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = value < 0 ? argument : argument[..value];
        return name.Length > 2 && spelling.AsSpan().StartsWith(name);
    }
}
