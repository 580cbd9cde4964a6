using System.Text.Json;
using Sallyport.Compare.Http;
using Spectre.Console;

namespace Sallyport.Compare.Comparisons;

/// <summary>All runs of one peer under one load: medians over the rounds.</summary>
internal sealed record HttpRow
{
    public required string Load { get; init; }

    public required string Peer { get; init; }

    public required double RequestsPerSecond { get; init; }

    /// <summary>The same, round by round.</summary>
    public required IReadOnlyList<double> RequestsOfRounds { get; init; }

    /// <summary>Requests a second over nghttpx's; the median of the rounds' own ratios; null: it did not run.</summary>
    public required double? ToNghttpx { get; init; }

    /// <summary>Microseconds.</summary>
    public required double P50 { get; init; }

    public required double P99 { get; init; }

    /// <summary><see cref="P99"/> over YARP's.</summary>
    public required double? P99ToYarp { get; init; }

    /// <summary>Microseconds of CPU a request, of what is in between.</summary>
    public required double? Cpu { get; init; }

    public required long? ResidentBytes { get; init; }

    /// <summary>One row per load and peer, in the order they were first run.</summary>
    public static IReadOnlyList<HttpRow> From(IReadOnlyList<HttpRun> runs)
    {
        List<string> peers = [.. runs.Select(run => run.Peer).Distinct()];
        return
        [
            .. from load in runs.GroupBy(run => run.Load)
               from run in load.GroupBy(r => r.Peer).OrderBy(r => peers.IndexOf(r.Key))
               select new HttpRow
               {
                   Load = load.Key,
                   Peer = run.Key,
                   RequestsPerSecond = Statistics.Median(run.Select(r => r.RequestsPerSecond)),
                   RequestsOfRounds = [.. run.Select(r => r.RequestsPerSecond)],
                   ToNghttpx = Ratio(run, load, "nghttpx", r => r.RequestsPerSecond),
                   P50 = Statistics.Median(run.Select(r => r.P50)),
                   P99 = Statistics.Median(run.Select(r => r.P99)),
                   P99ToYarp = Ratio(run, load, "yarp", r => r.P99),
                   Cpu = run.First().CpuMicroseconds is null ? null : Statistics.Median(run.Select(r => r.CpuMicroseconds!.Value)),
                   ResidentBytes = run.Max(r => r.ResidentBytes),
               },
        ];
    }

    private static double? Ratio(IEnumerable<HttpRun> run, IEnumerable<HttpRun> load, string peer, Func<HttpRun, double> value)
    {
        List<HttpRun> other = [.. load.Where(r => r.Peer == peer)];
        return other.Count == 0 ? null : Statistics.Median(run.Zip(other, (a, b) => value(a) / value(b)));
    }
}

/// <summary>The rows as a table for people and as JSON for whoever follows numbers over time.</summary>
internal static class HttpReport
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Print(Machine machine, HttpPlan plan, IReadOnlyList<HttpRow> rows, IReadOnlyList<HttpIdleRun> idle)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 120);
        AnsiConsole.WriteLine(machine.ToString());
        AnsiConsole.WriteLine($"{plan.Rounds} rounds of {plan.Seconds} s, interleaved; medians; ratios are medians of the rounds' own. h2load over TLS, one upstream (nginx), the load generator on the same cores.");
        AnsiConsole.WriteLine("Sallyport verifies a token, judges and records every request. nginx speaks HTTP/1.1 to the upstream; the others HTTP/2. CPU and RSS are the proxy's.");
        Table table = new Table().AddColumns("connections x streams", "way");
        foreach (string column in (string[])["requests/s", "/nghttpx", "p50 µs", "p99 µs", "p99/YARP", "CPU µs/request", "RSS MiB"])
            table.AddColumn(column, c => c.RightAligned());
        string previous = "";
        foreach (HttpRow row in rows)
        {
            if (previous.Length > 0 && previous != row.Load)
                table.AddEmptyRow();
            previous = row.Load;
            table.AddRow(
                row.Load, row.Peer, row.RequestsPerSecond.ToString("0"), Number(row.ToNghttpx, "0.00"), row.P50.ToString("0"), row.P99.ToString("0"), Number(row.P99ToYarp, "0.00"),
                Number(row.Cpu, "0.0"), Number(row.ResidentBytes / 1048576.0, "0"));
        }

        AnsiConsole.Write(table);
        if (idle.Count == 0)
            return;
        Table memory = new Table().AddColumns("RSS MiB of");
        foreach (string column in (string[])["no client", $"{HttpIdleRun.Connections} idle connections", $"and {HttpIdleRun.Streams} open streams", "KiB a connection", "KiB a stream"])
            memory.AddColumn(column, c => c.RightAligned());
        foreach (HttpIdleRun run in idle)
        {
            memory.AddRow(
                run.Peer, Number(run.Before / 1048576.0, "0"), Number(run.Connected / 1048576.0, "0"), Number(run.Streaming / 1048576.0, "0"),
                Number((run.Connected - run.Before) / 1024.0 / HttpIdleRun.Connections, "0.0"), Number((run.Streaming - run.Connected) / 1024.0 / HttpIdleRun.Streams, "0.0"));
        }

        AnsiConsole.Write(memory);
    }

    public static void WriteJson(string file, Machine machine, HttpPlan plan, IReadOnlyList<HttpRow> rows, IReadOnlyList<HttpIdleRun> idle)
    {
        using FileStream stream = File.Create(file);
        JsonSerializer.Serialize(stream, new { Comparison = "http2", machine, plan, rows, idle }, Format);
    }

    private static string Number(double? value, string format) => value?.ToString(format) ?? "-";
}
