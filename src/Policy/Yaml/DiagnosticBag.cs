using System.Text;

namespace Sallyport.Policy.Yaml;

/// <summary>Collects what is wrong, so that all of it is told at once. Bounded: a hostile file cannot fill the log. Not thread-safe.</summary>
public sealed class DiagnosticBag
{
    /// <summary>Most entries kept. Nobody mends more than this in one go.</summary>
    public const int Capacity = 200;

    private readonly List<Diagnostic> _items = [];
    private int _left;

    /// <summary>True when at least one entry is an error.</summary>
    public bool HasErrors { get; private set; }

    /// <summary>All entries: by file, then by line and column.</summary>
    public IReadOnlyList<Diagnostic> Items
    {
        get
        {
            List<Diagnostic> sorted = [.. _items.OrderBy(d => d.File, StringComparer.Ordinal).ThenBy(d => d.Line).ThenBy(d => d.Column)];
            if (_left > 0)
                sorted.Add(new Diagnostic("", 0, 0, $"{_left} more are not shown."));
            return sorted;
        }
    }

    /// <summary>Adds an error.</summary>
    public void Error(YamlMark mark, string message, string? suggestion = null)
    {
        HasErrors = true;
        Add(new Diagnostic(mark.File, mark.Line, mark.Column, Printable(message), suggestion));
    }

    /// <summary>Adds an error about a file as a whole.</summary>
    public void Error(string file, string message) => Error(new YamlMark(file, 0, 0), message);

    /// <summary>Adds a warning.</summary>
    public void Warning(YamlMark mark, string message, string? suggestion = null) =>
        Add(new Diagnostic(mark.File, mark.Line, mark.Column, Printable(message), suggestion) { IsWarning = true });

    private void Add(Diagnostic diagnostic)
    {
        if (_items.Count < Capacity)
            _items.Add(diagnostic);
        else
            _left++;
    }

    // Messages quote the file, and end up on terminals and in logs.
    private static string Printable(string message)
    {
        if (!message.Any(YamlText.IsUnprintable))
            return message;
        StringBuilder clean = new(message.Length);
        foreach (char c in message)
            clean.Append(YamlText.IsUnprintable(c) ? '\uFFFD' : c);
        return clean.ToString();
    }
}
