using System.Text;

namespace Sallyport.Policy.Matching;

/// <summary>
/// Splits <c>schema.name</c> patterns into their parts. A part in double quotes stands for itself, dots and wildcards included;
/// <c>""</c> inside it is one quote, as in SQL.
/// </summary>
internal static class DottedPattern
{
    /// <summary>Most wildcards of one part: keeps the cost of a match small.</summary>
    public const int MaxWildcards = 8;

    /// <summary>Splits and compiles.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="maxParts">Most parts.</param>
    /// <param name="parts">The compiled parts; empty when there is an error.</param>
    /// <param name="error">What is wrong, or null.</param>
    /// <returns>True when all is well.</returns>
    public static bool TryParse(string text, int maxParts, out IReadOnlyList<Glob> parts, out string? error)
    {
        List<Glob> found = [];
        parts = found;
        error = null;
        int at = 0;
        do
        {
            Glob? part = text[at..].StartsWith('"') ? Quoted(text, ref at, out error) : Plain(text, ref at, out error);
            if (part is null)
                break;
            found.Add(part);
        }
        while (at < text.Length && text[at++] == '.' && found.Count <= maxParts);

        if (error is null && found.Count > maxParts)
            error = $"has more than {maxParts} parts: put a name that contains a dot into double quotes";
        if (error is not null)
            parts = [];
        return error is null;
    }

    private static Glob? Plain(string text, ref int at, out string? error)
    {
        int end = text.IndexOf('.', at);
        if (end < 0)
            end = text.Length;
        string part = text[at..end];
        at = end;
        error = part switch
        {
            "" => "has an empty part",
            _ when part.Contains('"') => "has a double quote inside a name: quote the whole name",
            _ when part.Any(char.IsWhiteSpace) => "has a space: quote the name if it really has one",
            _ when part.Count(c => c is '*' or '?') > MaxWildcards => $"has more than {MaxWildcards} wildcards in one name",
            _ => null,
        };
        return error is null ? Glob.Compile(part) : null;
    }

    private static Glob? Quoted(string text, ref int at, out string? error)
    {
        StringBuilder name = new();
        error = null;
        for (int i = at + 1; i < text.Length; i++)
        {
            if (text[i] != '"')
            {
                name.Append(text[i]);
                continue;
            }

            if (i + 1 < text.Length && text[i + 1] == '"')
            {
                name.Append('"');
                i++;
                continue;
            }

            at = i + 1;
            if (at < text.Length && text[at] != '.')
                error = "goes on after a closing quote: only a dot may follow";
            else if (name.Length == 0)
                error = "has an empty part";
            return error is null ? Glob.Literal(name.ToString()) : null;
        }

        error = "lacks a closing quote";
        return null;
    }
}
