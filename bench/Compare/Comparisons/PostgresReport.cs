using System.Text.Json;
using Spectre.Console;

namespace Sallyport.Compare.Comparisons;

/// <summary>The rows as a table for people and as JSON for whoever follows numbers over time.</summary>
internal static class PostgresReport
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Print(Machine machine, Plan plan, IReadOnlyList<Row> rows)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 120);
        AnsiConsole.WriteLine(machine.ToString());
        AnsiConsole.WriteLine($"pgbench -S, {plan.Rounds} rounds of {plan.Seconds} s, interleaved; medians");
        var table = new Table().AddColumns("mode", "clients", "target");
        foreach (string heading in (ReadOnlySpan<string>)["TPS", "/direct", "/pgbouncer", "p50 µs", "p99 µs", "CPU s/100k", "RSS MiB"])
            table.AddColumn(heading, column => column.RightAligned());

        (string, int) previous = default;
        foreach (Row row in rows)
        {
            if (previous != default && previous != (row.Mode, row.Clients))
                table.AddEmptyRow();
            previous = (row.Mode, row.Clients);
            table.AddRow(
                row.Mode,
                row.Clients.ToString(),
                row.Target,
                row.Tps.ToString("N0"),
                Number(row.RatioToDirect, "0.00"),
                Number(row.RatioToPgBouncer, "0.00"),
                row.P50.ToString("N0"),
                row.P99.ToString("N0"),
                Number(row.CpuSecondsPer100k, "0.00"),
                Number(row.ResidentBytes / 1048576.0, "0"));
        }

        AnsiConsole.Write(table);
    }

    public static void WriteJson(string file, Machine machine, Plan plan, IReadOnlyList<Row> rows)
    {
        using FileStream stream = File.Create(file);
        JsonSerializer.Serialize(stream, new { Comparison = "postgres", machine, plan.Rounds, plan.Seconds, rows }, Format);
    }

    private static string Number(double? value, string format) => value?.ToString(format) ?? "-";
}
