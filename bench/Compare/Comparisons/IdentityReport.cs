using System.Text.Json;
using Spectre.Console;

namespace Sallyport.Compare.Comparisons;

/// <summary>What was measured, as tables for people and as JSON for whoever follows numbers over time.</summary>
internal static class IdentityReport
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Print(Machine machine, IdentityPlan plan, IdentityResults results)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 120);
        AnsiConsole.WriteLine(machine.ToString());
        AnsiConsole.WriteLine($"{plan.Rounds} rounds, interleaved; medians");
        if (results.Logins is { } logins)
        {
            AnsiConsole.WriteLine($"\nlogins by token over TLS, {plan.Clients} clients, {plan.Logins} logins a run; the broker issued {results.TokensIssuedPerSecond:N0} tokens/s");
            Write(
                ["issuer", "tokens", "until"],
                ["logins/s", "p50 ms", "p99 ms", "own CPU ms", "own logins/s, 2 cores"],
                logins.Select(row => new[] { row.Issuer, row.Tokens, row.End, $"{row.PerSecond:N0}", $"{row.P50:0.0}", $"{row.P99:0.0}", $"{row.CpuMilliseconds:0.00}", $"{row.OwnPerSecondOnTwoCores:N0}" }));
        }

        if (results.Approvals is { } approvals)
        {
            AnsiConsole.WriteLine($"\npgbench -S -M prepared, {plan.Clients} clients, runs of {plan.Seconds} s, beside pending approvals");
            Write(
                ["pending"],
                ["TPS", "/none", "p50 µs", "p99 µs", "CPU s/100k"],
                approvals.Select(row => new[] { $"{row.Pending:N0}", $"{row.Tps:N0}", row.Ratio?.ToString("0.000") ?? "-", $"{row.P50:N0}", $"{row.P99:N0}", $"{row.CpuSecondsPer100k:0.00}" }));
        }

        if (results.Audit is { } audit)
        {
            AnsiConsole.WriteLine($"\naudit, file and SQLite, {plan.Events:N0} events a run");
            Write(["how", "at a time"], ["events/s"], audit.Select(row => new[] { row.How, $"{row.InFlight:N0}", $"{row.PerSecond:N0}" }));
        }

        if (results.Start is { } start)
        {
            AnsiConsole.WriteLine("\nstarting");
            Write(
                ["with"],
                ["ready ms", "CPU ms", "idle RSS MiB"],
                start.Select(row => new[] { row.With, $"{row.ReadyMilliseconds:N0}", $"{row.CpuMilliseconds:N0}", $"{row.ResidentBytes / 1048576.0:N0}" }));
        }
    }

    public static void WriteJson(string file, Machine machine, IdentityPlan plan, IdentityResults results)
    {
        using FileStream stream = File.Create(file);
        JsonSerializer.Serialize(stream, new { Comparison = "identity", machine, plan, results }, Format);
    }

    private static void Write(string[] words, string[] numbers, IEnumerable<string[]> rows)
    {
        Table table = new Table().AddColumns(words);
        foreach (string heading in numbers)
            table.AddColumn(heading, column => column.RightAligned());
        foreach (string[] row in rows)
            table.AddRow(row);
        AnsiConsole.Write(table);
    }
}
