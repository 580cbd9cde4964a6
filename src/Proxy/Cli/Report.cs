using Sallyport.Policy.Yaml;
using Spectre.Console;

namespace Sallyport.Proxy.Cli;

/// <summary>Shows what is wrong on a terminal or a pipe, one line each in the form that compilers use.</summary>
internal static class Report
{
    public static void Write(TextWriter output, IEnumerable<Diagnostic> diagnostics)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new UnwrappedOutput(output) });
        foreach (Diagnostic diagnostic in diagnostics)
        {
            string line = Markup.Escape(diagnostic.ToString());
            console.MarkupLine(diagnostic.IsWarning ? $"[yellow]{line}[/]" : $"[red]{line}[/]");
        }
    }

    /// <summary>Editors follow file:line:column only while it stays on one line.</summary>
    private sealed class UnwrappedOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => ReferenceEquals(writer, Console.Error) && !Console.IsErrorRedirected;

        public int Width => int.MaxValue / 2;

        public int Height => 24;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // Ours is UTF-8 already.
        }
    }
}
