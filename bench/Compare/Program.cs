using System.CommandLine;
using Sallyport.Compare.Comparisons;
using Sallyport.Compare.Http;
using Spectre.Console;

namespace Sallyport.Compare;

/// <summary>`eng/bench NAME`: Sallyport against its peers, on this machine, in one run. A further comparison is one more entry here.</summary>
internal static class Program
{
    private static readonly IComparison[] Comparisons = [new PostgresComparison(), new IdentityComparison(), new SshComparison(), new HttpComparison()];

    private static Task<int> Main(string[] args)
    {
        var root = new RootCommand("Sallyport against its peers, on this machine, in one run.");
        foreach (IComparison comparison in Comparisons)
            root.Subcommands.Add(comparison.Command());

        root.Subcommands.Add(YarpProxy.Command());
        root.SetAction(_ => List());
        return root.Parse(args).InvokeAsync();
    }

    private static void List()
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("name", "what");
        table.AddRow(Markup.Escape("micro [filter]"), "the hot paths one by one, time and bytes allocated (BenchmarkDotNet)");
        foreach (IComparison comparison in Comparisons)
            table.AddRow(comparison.Name, Markup.Escape(comparison.Description));
        AnsiConsole.Write(table);
    }
}
