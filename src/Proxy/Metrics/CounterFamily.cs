using System.Collections.Concurrent;

namespace Sallyport.Proxy.Metrics;

/// <summary>
/// Counts by the value of one or two labels. The number of values is bounded: past it what is new counts as <c>other</c>, so that whoever
/// makes up rule ids or reasons cannot fill memory here or at the collector.
/// </summary>
internal sealed class CounterFamily(string name, string help, int mostValues, params string[] labels) : IMetric
{
    public const string Other = "other";

    private readonly ConcurrentDictionary<(string First, string Second), StrongLong> _values = new();

    /// <summary>Adds to what these labels count.</summary>
    public void Add(string first = "", string second = "", long count = 1)
    {
        if (!_values.TryGetValue((first, second), out StrongLong? value))
        {
            (string, string) key = _values.Count < mostValues ? (first, second) : (Other, labels.Length > 1 ? second : "");
            value = _values.GetOrAdd(key, _ => new StrongLong());
        }

        Interlocked.Add(ref value.Value, count);
    }

    /// <summary>What these labels count.</summary>
    public long Of(string first = "", string second = "") => _values.TryGetValue((first, second), out StrongLong? value) ? Volatile.Read(ref value.Value) : 0;

    public void Write(MetricText text) => Write(text, new Dictionary<(string First, string Second), long>());

    /// <summary>Writes with more added, which is counted elsewhere as yet.</summary>
    public void Write(MetricText text, IReadOnlyDictionary<(string First, string Second), long> more)
    {
        text.Family(name, "counter", help);
        foreach ((string First, string Second) key in _values.Keys.Union(more.Keys).Order())
        {
            long value = Of(key.First, key.Second) + more.GetValueOrDefault(key);
            switch (labels.Length)
            {
                case 0: text.Sample(name, [], value); break;
                case 1: text.Sample(name, [(labels[0], key.First)], value); break;
                default: text.Sample(name, [(labels[0], key.First), (labels[1], key.Second)], value); break;
            }
        }
    }

    private sealed class StrongLong
    {
        public long Value;
    }
}

/// <summary>A value that is asked for when somebody looks.</summary>
internal sealed class Gauge(string name, string help, Func<double> value, string type = "gauge") : IMetric
{
    public void Write(MetricText text)
    {
        text.Family(name, type, help);
        text.Sample(name, [], value());
    }
}
