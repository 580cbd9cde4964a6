using Sallyport.Compare.Ssh;

namespace Sallyport.Compare.Comparisons;

/// <summary>All runs of one peer under one load: medians over the rounds.</summary>
internal sealed record SshRow
{
    public required string Load { get; init; }

    public required string Cipher { get; init; }

    public required string Peer { get; init; }

    /// <summary>MB/s, sessions/s, or µs.</summary>
    public required double Value { get; init; }

    /// <summary>The same, round by round.</summary>
    public required IReadOnlyList<double> ValueOfRounds { get; init; }

    /// <summary><see cref="Value"/> over that without anything in between; of times too: more than 1 is slower there.</summary>
    public required double ToDirect { get; init; }

    /// <summary><see cref="Value"/> over the double hop's.</summary>
    public required double ToDoubleHop { get; init; }

    /// <summary>CPU time of what is in between: seconds per GB, or ms per session.</summary>
    public required double? Cpu { get; init; }

    /// <summary>The most memory it held in any round, all its processes together.</summary>
    public required long? ResidentBytes { get; init; }

    /// <summary>One row per load, cipher and peer, in the order they were first run. Ratios are medians of the rounds' own ratios.</summary>
    public static IReadOnlyList<SshRow> From(IReadOnlyList<SshRun> runs)
    {
        List<string> peers = [.. runs.Select(r => r.Peer).Distinct()];
        return
        [
            .. from load in runs.GroupBy(r => (r.Load, r.Cipher))
               from run in load.GroupBy(r => r.Peer).OrderBy(r => peers.IndexOf(r.Key))
               select new SshRow
               {
                   Load = load.Key.Load,
                   Cipher = load.Key.Cipher,
                   Peer = run.Key,
                   Value = Statistics.Median(run.Select(r => r.Value)),
                   ValueOfRounds = [.. run.Select(r => r.Value)],
                   ToDirect = Ratio(run, load, "direct"),
                   ToDoubleHop = Ratio(run, load, "double hop"),
                   Cpu = run.First().Cpu is null ? null : Statistics.Median(run.Select(r => r.Cpu!.Value)),
                   ResidentBytes = run.Max(r => r.ResidentBytes),
               },
        ];
    }

    /// <summary>The n-th run of a peer under a load is its run in round n: what it is compared with ran in the same minute.</summary>
    private static double Ratio(IEnumerable<SshRun> run, IEnumerable<SshRun> load, string peer) =>
        Statistics.Median(run.Zip(load.Where(r => r.Peer == peer), (a, b) => a.Value / b.Value));
}
