using System.Diagnostics;
using Sallyport.Contract;

namespace Sallyport.Proxy.Metrics;

/// <summary>
/// Counts verdicts and the ends of sessions, and times waiting for the recorder. Every verdict is recorded, those too that no rule gave
/// (limits, an expired identity): so this is where none is missed.
/// </summary>
internal sealed class MeteredRecorder(IRecorder inner, ProxyMetrics metrics) : IRecorder
{
    public ISessionRecorder Open(SessionFacts facts) => new Session(inner.Open(facts), metrics);

    private sealed class Session(ISessionRecorder inner, ProxyMetrics metrics) : ISessionRecorder
    {
        private readonly Verdicts.OfSession _verdicts = metrics.Verdicts.Open();

        public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => inner.Data(direction, bytes);

        public bool Decision(in ActionView action, in Verdict verdict)
        {
            _verdicts.Count(verdict);
            return inner.Decision(action, verdict);
        }

        public bool Event(string name, string detail) => inner.Event(name, detail);

        public ValueTask ReadyAsync(CancellationToken cancel)
        {
            ValueTask ready = inner.ReadyAsync(cancel);
            return ready.IsCompletedSuccessfully ? ready : WaitAsync(ready);
        }

        public async ValueTask CompleteAsync(SessionEnd end)
        {
            try
            {
                await inner.CompleteAsync(end).ConfigureAwait(false);
            }
            finally
            {
                metrics.Verdicts.Close(_verdicts);
                metrics.SessionsEnded.Add(end.Reason);
            }
        }

        private async ValueTask WaitAsync(ValueTask ready)
        {
            long start = Stopwatch.GetTimestamp();
            await ready.ConfigureAwait(false);
            metrics.Stages.Observe(Stage.RecordWait, start);
        }
    }
}
