using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sallyport.Replay.Terminal;

/// <summary>Where people read. Recorded text goes through <see cref="SafeText"/>, and nothing is ever parsed as markup.</summary>
internal sealed class Screen
{
    // Redirected output is not wrapped: a line of the transcript is a line of the file.
    private const int Unwrapped = 1 << 16;

    private readonly IAnsiConsole _console;

    public Screen(TextWriter output)
    {
        Output = output;
        var target = new AnsiConsoleOutput(output);
        _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = target, Ansi = target.IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        if (!target.IsTerminal)
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
        foreach ((string text, Style? style) in parts)
            line.Append(text, style ?? Style.Plain);
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
}
