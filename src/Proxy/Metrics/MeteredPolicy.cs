using System.Diagnostics;
using Sallyport.Contract;

namespace Sallyport.Proxy.Metrics;

/// <summary>Times the opening of gates, and one in 64 of their judgements.</summary>
internal sealed class MeteredPolicy(IPolicy inner, ProxyMetrics metrics) : IPolicy
{
    public int Version => inner.Version;

    public IGate Open(SessionFacts facts)
    {
        long start = Stopwatch.GetTimestamp();
        IGate gate = inner.Open(facts);
        metrics.Stages.Observe(Stage.PolicyOpen, start);
        return new Gate(gate, metrics.Stages);
    }

    private sealed class Gate(IGate inner, StageTimes stages) : IGate
    {
        /// <summary>Looking at the clock twice takes longer than judging.</summary>
        private const int Sampled = 64;

        private int _judged;

        public int Version => inner.Version;

        public DateTimeOffset ValidUntil => inner.ValidUntil;

        public MaskPlan? Masks => inner.Masks;

        public SessionLimits Limits => inner.Limits;

        public IReadOnlyList<string> HoldingRules(in ActionView action) => inner.HoldingRules(action);

        public Verdict Judge(in ActionView action)
        {
            // Two loops that count at once lose a count at most: which one is measured does not matter.
            if (++_judged % Sampled != 0)
                return inner.Judge(action);
            long start = Stopwatch.GetTimestamp();
            Verdict verdict = inner.Judge(action);
            stages.Observe(Stage.Judge, start);
            return verdict;
        }
    }
}
