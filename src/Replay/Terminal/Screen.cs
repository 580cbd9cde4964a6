using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sallyport.Replay.Terminal;

/// <summary>Where people read. Recorded text goes through <see cref="SafeText"/>, and nothing is ever parsed as markup.</summary>
internal sealed class Screen
{
    // Tables are wider than many terminals, which wrap them themselves, and redirected output is not wrapped at all.
    private const int Unwrapped = 1 << 16;

    // A line that goes on does so behind this, so that no recorded text, however long, begins where the tool's own lines do.
    private const string Continuation = "\n                ";

    private readonly IAnsiConsole _console;
    private readonly int _wrapAt;

    /// <summary>Colours and line breaks are for terminals only.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="wrapAt">Wraps at this many columns; null: at the terminal's width, if it is one.</param>
    public Screen(TextWriter output, int? wrapAt = null)
    {
        Output = output;
        var target = new AnsiConsoleOutput(output);
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = target, Ansi = target.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        _wrapAt = wrapAt ?? (target.IsTerminal ? Math.Max(_console.Profile.Width, 2 * Continuation.Length) : Unwrapped);
        _console.Profile.Width = Unwrapped;
    }

    public static Style Plain => Style.Plain;

    public static Style Dim { get; } = new(Color.Grey);

    public static Style Good { get; } = new(Color.Green);

    public static Style Warn { get; } = new(Color.Yellow);

    public static Style Bad { get; } = new(Color.Red, decoration: Decoration.Bold);

    /// <summary>For output that must be exact: JSON.</summary>
    public TextWriter Output { get; }

    /// <summary>One line of parts that are safe already, or are made so by the caller.</summary>
    public void Line(params ReadOnlySpan<(string Text, Style? Style)> parts)
    {
        var line = new Paragraph();
        int column = 0;
        foreach ((string text, Style? style) in parts)
            line.Append(Wrap(text, ref column), style ?? Style.Plain);
        _console.Write(line);
        _console.WriteLine();
    }

    /// <summary>A table; its cells must be <see cref="Cell"/>s.</summary>
    public void Table(IReadOnlyList<string> headers, IEnumerable<IRenderable[]> rows)
    {
        var table = new Table { Border = TableBorder.None, UseSafeBorder = true };
        foreach (string header in headers)
            table.AddColumn(new TableColumn(new Text(header, Dim)) { NoWrap = true });
        foreach (IRenderable[] row in rows)
            table.AddRow(row);
        _console.Write(table);
    }

    public static IRenderable Cell(string text, Style? style = null) => new Text(SafeText.Line(text), style ?? Style.Plain);

    private string Wrap(string text, ref int column)
    {
        if (_wrapAt == Unwrapped)
            return text;
        var wrapped = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            string one = rune.ToString();
            int width = new Segment(one).CellCount();
            if (column + width > _wrapAt)
            {
                wrapped.Append(Continuation);
                column = Continuation.Length - 1;
            }

            wrapped.Append(one);
            column += width;
        }

        return wrapped.ToString();
    }
}
