using System.Globalization;
using System.Text.Json;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Logging;
using Spectre.Console;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary>How verbs of the admin API show what they got: a table for people, or JSON for programs.</summary>
internal sealed class AdminOutput(TextWriter output, TextWriter error, bool json)
{
    /// <summary>True when JSON was asked for.</summary>
    public bool IsJson => json;

    public TextWriter Text => output;

    public TextWriter Error => error;

    /// <summary>Shows a list.</summary>
    /// <param name="row">The cells of an item, in the order of <paramref name="columns"/>.</param>
    public void Table<T>(IReadOnlyList<T> items, string[] columns, Func<T, IEnumerable<string?>> row)
    {
        if (json)
        {
            Json(items);
            return;
        }

        var table = new Table { Border = TableBorder.None };
        foreach (string column in columns)
            table.AddColumn(new TableColumn(column) { NoWrap = true });
        foreach (T item in items)
            table.AddRow([.. row(item).Select(cell => (Spectre.Console.Rendering.IRenderable)new Text(Safe(cell ?? "-")))]);
        Console().Write(table);
    }

    /// <summary>Shows one thing: name and value, a line each.</summary>
    public void Fields<T>(T item, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        if (json)
        {
            Json(item);
            return;
        }

        int width = 0;
        foreach ((string name, _) in fields)
            width = Math.Max(width, name.Length);
        foreach ((string name, string? value) in fields)
        {
            if (value is not null)
                output.WriteLine($"{name.PadRight(width)}  {Safe(value)}");
        }
    }

    /// <summary>Says that something was done; in JSON, what came back.</summary>
    public void Done<T>(T answer, string text)
    {
        if (json)
            Json(answer);
        else
            output.WriteLine(Safe(text));
    }

    public void Json<T>(T value) => output.WriteLine(JsonSerializer.Serialize(value, AdminJson.Indented));

    /// <summary>A moment, for a table.</summary>
    public static string Time(DateTimeOffset? time) => time is { } at ? at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "-";

    /// <summary>What a server, and behind it a client, wrote: no terminal obeys it.</summary>
    public static string Safe(string text) => string.Join('\n', text.Split('\n').Select(LogLine.Escape)).Replace("\\\"", "\"", StringComparison.Ordinal);

    private IAnsiConsole Console()
    {
        bool terminal = ReferenceEquals(output, System.Console.Out) && !System.Console.IsOutputRedirected;
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            Out = terminal ? new AnsiConsoleOutput(output) : new WideOutput(output),
        });
    }

    /// <summary>A pipe has no width to wrap at.</summary>
    private sealed class WideOutput(TextWriter writer) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => false;

        public int Width => 10_000;

        public int Height => 24;

        public void SetEncoding(System.Text.Encoding encoding)
        {
            // Ours is UTF-8 already.
        }
    }
}
