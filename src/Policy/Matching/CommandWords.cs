using System.Text;

namespace Sallyport.Policy.Matching;

/// <summary>One word of a command pattern.</summary>
/// <param name="Text">Without its quotes.</param>
/// <param name="Quoted">For each character, whether it was quoted and so stands for itself.</param>
internal sealed record CommandWord(string Text, bool[] Quoted)
{
    /// <summary>True when the word is this text, none of it quoted.</summary>
    public bool IsPlain(string text) => Text == text && !Quoted.Contains(true);

    /// <summary>True when it begins with this text, unquoted.</summary>
    public bool StartsPlain(string text) => Text.StartsWith(text, StringComparison.Ordinal) && !Quoted.AsSpan(0, text.Length).Contains(true);
}

/// <summary>Splits a command pattern into words as a shell does: single quotes, double quotes and backslashes, and nothing else that shells know.</summary>
internal static class CommandWords
{
    /// <summary>Splits.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="error">What is wrong, or null.</param>
    public static IReadOnlyList<CommandWord> Split(string text, out string? error)
    {
        List<CommandWord> words = [];
        StringBuilder word = new();
        List<bool> quoted = [];
        bool inWord = false;
        char quote = '\0';
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quote == '\0' && c == ' ')
            {
                Finish();
                continue;
            }

            inWord = true;
            if (c == quote)
            {
                quote = '\0';
                continue;
            }

            if (quote == '\0' && c is ('\'' or '"'))
            {
                quote = c;
                continue;
            }

            bool escaped = c == '\\' && quote != '\'' && i + 1 < text.Length && (quote == '\0' || text[i + 1] is '"' or '\\');
            word.Append(escaped ? text[++i] : c);
            quoted.Add(escaped || quote != '\0');
        }

        Finish();
        error = quote != '\0' ? "lacks a closing quote" : words.Count == 0 ? "names no program" : null;
        return words;

        void Finish()
        {
            if (inWord)
                words.Add(new CommandWord(word.ToString(), [.. quoted]));
            word.Clear();
            quoted.Clear();
            inWord = false;
        }
    }
}
