using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Proxy.Metrics;

namespace Sallyport.Micro.Policy;

/// <summary>What counting and timing add to a judgement: a few nanoseconds, 0 bytes.</summary>
public class MeteredJudgeBench
{
    private static readonly byte[] Names = "public.customerspublic.orders"u8.ToArray();

    private static readonly ObjectRef[] Join =
        [new(Verb.Select, ObjectFlags.None, 0, 16, 6), new(Verb.Select, ObjectFlags.None, 16, 13, 6)];

    private readonly ProxyMetrics _metrics = new();
    private IGate _plain = null!;
    private IGate _metered = null!;

    [GlobalSetup]
    public void Setup()
    {
        IPolicy policy = Sample.Policy();
        _plain = policy.Open(Sample.Facts);
        _metered = new MeteredPolicy(policy, _metrics).Open(Sample.Facts);
        for (int i = 0; i < 640; i++)
            Sample.Require(Plain() == VerdictKind.Allow && Metered() == VerdictKind.Allow, "a join of two tables is allowed");
        Sample.Require(_metrics.Stages.Count(Stage.Judge) == 10, "one judgement in 64 is timed");
        Sample.Require(_metered.Masks is not null, "masks are passed on");
    }

    [Benchmark(Baseline = true)]
    public VerdictKind Plain() => Judge(_plain);

    [Benchmark]
    public VerdictKind Metered() => Judge(_metered);

    private static VerdictKind Judge(IGate gate) =>
        gate.Judge(new ActionView { Kind = ActionKind.Statement, Verb = Verb.Select, Text = "…"u8, Names = Names, Objects = Join }).Kind;
}
