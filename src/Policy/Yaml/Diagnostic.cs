using System.Globalization;

namespace Sallyport.Policy.Yaml;

/// <summary>A place in a file. Lines and columns count from 1; 0 means the file as a whole.</summary>
/// <param name="File">The file's name as it was given to the reader.</param>
/// <param name="Line">The line.</param>
/// <param name="Column">The column, in characters.</param>
public readonly record struct YamlMark(string File, int Line, int Column);

/// <summary>One thing that is wrong (or, as a warning, doubtful) in a file.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Line">The line, from 1; 0 when it is about the file as a whole.</param>
/// <param name="Column">The column, from 1; 0 when it is about the file as a whole.</param>
/// <param name="Message">What is wrong, as a sentence. Never contains a control character.</param>
/// <param name="Suggestion">What was probably meant, to be written literally; null when nothing is near.</param>
public sealed record Diagnostic(string File, int Line, int Column, string Message, string? Suggestion = null)
{
    /// <summary>True when the file is usable in spite of it.</summary>
    public bool IsWarning { get; init; }

    /// <summary><c>file:line:column: error: message (did you mean "suggestion"?)</c>, the form compilers use and editors understand.</summary>
    public override string ToString()
    {
        string place = Line == 0 ? File : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
        string word = IsWarning ? "warning" : "error";
        string hint = Suggestion is null ? "" : $" (did you mean \"{Suggestion}\"?)";
        return $"{place}: {word}: {Message}{hint}";
    }
}
