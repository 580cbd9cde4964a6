using System.Diagnostics;
using System.Globalization;

namespace Sallyport.Proxy.Metrics;

/// <summary>The stages whose time is measured.</summary>
internal enum Stage
{
    /// <summary>Verifying who it is.</summary>
    Login,

    /// <summary>Opening the rules of a session.</summary>
    PolicyOpen,

    /// <summary>Connecting to the target (TCP).</summary>
    TargetConnect,

    /// <summary>Getting the target's credential.</summary>
    Credential,

    /// <summary>Judging one action; one of 64 is measured.</summary>
    Judge,

    /// <summary>Waiting for the recorder.</summary>
    RecordWait,

    /// <summary>Waiting for a person.</summary>
    Hold,
}

/// <summary>How long each stage takes, as one histogram with a label. Observing is lock-free and allocates nothing.</summary>
internal sealed class StageTimes : IMetric
{
    private const string Name = "sallyport_stage_seconds";

    /// <summary>Upper bounds, seconds: from a judgement (0.2 µs) to a person (an hour).</summary>
    private static readonly double[] Bounds = [2e-7, 5e-7, 1e-6, 5e-6, 2.5e-5, 1e-4, 5e-4, 2.5e-3, 1e-2, 5e-2, 0.25, 1, 5, 30, 300, 3600];

    private static readonly long[] Ticks = [.. Bounds.Select(bound => (long)(bound * Stopwatch.Frequency))];

    private static readonly string[] Words = [.. Bounds.Select(bound => bound.ToString("R", CultureInfo.InvariantCulture))];

    private readonly long[][] _counts = [.. Enum.GetValues<Stage>().Select(_ => new long[Bounds.Length + 1])];

    private readonly long[] _sums = new long[Enum.GetValues<Stage>().Length];

    /// <summary>One stage took from <paramref name="start"/> (<see cref="Stopwatch.GetTimestamp"/>) until now.</summary>
    public void Observe(Stage stage, long start)
    {
        long took = Stopwatch.GetTimestamp() - start;
        int bucket = 0;
        while (bucket < Ticks.Length && took > Ticks[bucket])
            bucket++;
        Interlocked.Increment(ref _counts[(int)stage][bucket]);
        Interlocked.Add(ref _sums[(int)stage], took);
    }

    /// <summary>How often a stage was measured.</summary>
    public long Count(Stage stage) => _counts[(int)stage].Sum();

    public void Write(MetricText text)
    {
        text.Family(Name, "histogram", "Time that a stage took; of judging, one in 64.");
        foreach (Stage stage in Enum.GetValues<Stage>())
        {
            string word = Policy.Yaml.KebabNames.Name(stage);
            long count = 0;
            for (int i = 0; i < Bounds.Length; i++)
            {
                count += Volatile.Read(ref _counts[(int)stage][i]);
                text.Sample(Name + "_bucket", [("stage", word), ("le", Words[i])], count);
            }

            count += Volatile.Read(ref _counts[(int)stage][Bounds.Length]);
            text.Sample(Name + "_bucket", [("stage", word), ("le", "+Inf")], count);
            text.Sample(Name + "_sum", [("stage", word)], Volatile.Read(ref _sums[(int)stage]) / (double)Stopwatch.Frequency);
            text.Sample(Name + "_count", [("stage", word)], count);
        }
    }
}
