namespace Sallyport.Policy.Documents;

/// <summary>What a set of policy documents may have at most. People write these files: beyond the bounds lies a mistake or an attack.</summary>
internal static class PolicyLimits
{
    /// <summary>Files of one directory.</summary>
    public const int Files = 1000;

    /// <summary>Documents in all.</summary>
    public const int Documents = 1000;

    /// <summary>Rules (and, apart from these, masks) of one document.</summary>
    public const int Rules = 1000;

    /// <summary>Rules of all documents together.</summary>
    public const int AllRules = 10_000;

    /// <summary>Entries of one list.</summary>
    public const int ListEntries = 1000;

    /// <summary>Characters of an id. Ids go into every record and every refusal.</summary>
    public const int IdLength = 64;

    /// <summary>True when the text is one.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= IdLength && IsIdText(text);

    /// <summary>True when the text has the characters of an id only, or none.</summary>
    public static bool IsIdText(string text) =>
        text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && (text.Length == 0 || char.IsAsciiLetterOrDigit(text[0]));

    /// <summary>Characters of a pattern. PostgreSQL's names have at most 63 bytes; subjects are URLs at worst.</summary>
    public const int PatternLength = 256;

    /// <summary>Characters of a hint, which clients show on a terminal.</summary>
    public const int HintLength = 500;
}
