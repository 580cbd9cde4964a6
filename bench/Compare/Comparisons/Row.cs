using Sallyport.Compare.Postgres;

namespace Sallyport.Compare.Comparisons;

/// <summary>One run: what pgbench measured, the CPU time the proxy used and the most memory it was seen to hold (null when there is no proxy).</summary>
internal sealed record Sample(string Peer, string Mode, int Clients, PgBenchResult Result, double? CpuSeconds, long? ResidentBytes);

/// <summary>All runs of one peer under one load: medians over the rounds.</summary>
internal sealed record Row
{
    public required string Target { get; init; }

    public required string Mode { get; init; }

    public required int Clients { get; init; }

    /// <summary>Transactions per second, connecting not counted.</summary>
    public required double Tps { get; init; }

    /// <summary>The same, round by round.</summary>
    public required IReadOnlyList<double> TpsOfRounds { get; init; }

    /// <summary>µs.</summary>
    public required double P50 { get; init; }

    /// <summary>µs.</summary>
    public required double P99 { get; init; }

    /// <summary>CPU seconds the proxy used for 100 000 queries.</summary>
    public required double? CpuSecondsPer100k { get; init; }

    /// <summary>The most memory the proxy held in any round.</summary>
    public required long? ResidentBytes { get; init; }

    /// <summary><see cref="Tps"/> over that of no proxy.</summary>
    public required double? RatioToDirect { get; init; }

    /// <summary><see cref="Tps"/> over PgBouncer's.</summary>
    public required double? RatioToPgBouncer { get; init; }

    /// <summary>One row per peer, mode and number of clients, in the order they were first run. Ratios are medians of the rounds' own ratios.</summary>
    public static IReadOnlyList<Row> From(IReadOnlyList<Sample> samples) =>
    [
        .. from sample in samples
           group sample by (sample.Mode, sample.Clients, sample.Peer) into run
           orderby Array.IndexOf(["prepared", "simple"], run.Key.Mode), run.Key.Clients
           select new Row
           {
               Target = run.Key.Peer,
               Mode = run.Key.Mode,
               Clients = run.Key.Clients,
               Tps = Statistics.Median(run.Select(s => s.Result.Tps)),
               TpsOfRounds = [.. run.Select(s => s.Result.Tps)],
               P50 = Statistics.Median(run.Select(s => s.Result.P50)),
               P99 = Statistics.Median(run.Select(s => s.Result.P99)),
               CpuSecondsPer100k = run.First().CpuSeconds is null ? null : Statistics.Median(run.Select(s => s.CpuSeconds!.Value / s.Result.Transactions * 100_000)),
               ResidentBytes = run.Max(s => s.ResidentBytes),
               RatioToDirect = Ratio([.. run], samples, "direct"),
               RatioToPgBouncer = Ratio([.. run], samples, "pgbouncer"),
           },
    ];

    private static double? Ratio(List<Sample> run, IReadOnlyList<Sample> all, string peer)
    {
        // The n-th run of a peer under a load is its run in round n: what it is compared with ran in the same minute.
        List<Sample> others = [.. all.Where(s => s.Peer == peer && s.Mode == run[0].Mode && s.Clients == run[0].Clients)];
        return others.Count == 0 ? null : Statistics.Median(run.Zip(others, (a, b) => a.Result.Tps / b.Result.Tps));
    }
}
