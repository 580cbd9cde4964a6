using System.Diagnostics;

namespace Sallyport.Proxy.Metrics;

/// <summary>
/// What the daemon counts and measures. It is written out by hand rather than by a library: counting must cost a session neither an allocation
/// nor a shared cache line per message, and the text form is a page.
/// </summary>
internal sealed class ProxyMetrics
{
    /// <summary>Fixed words of ours; the bound is for the day when one of them is not.</summary>
    private const int MostReasons = 200;

    private readonly List<IMetric> _asked = [];
    private int _held;

    public CounterFamily SessionsStarted { get; } = new("sallyport_sessions_started_total", "Sessions that were let in.", 64, "protocol");

    public CounterFamily SessionsEnded { get; } = new("sallyport_sessions_ended_total", "Sessions that ended, by reason.", MostReasons, "reason");

    public CounterFamily LoginsRefused { get; } = new("sallyport_logins_refused_total", "Logins that were refused, by reason.", MostReasons, "reason");

    public CounterFamily LoginsAccepted { get; } = new("sallyport_logins_total", "Logins that were accepted.", 1);

    public CounterFamily Holds { get; } = new("sallyport_holds_total", "Held actions, by how waiting ended.", MostReasons, "outcome");

    public CounterFamily TargetFailures { get; } = new("sallyport_target_connect_failures_total", "Connections to a target that failed.", 1000, "target");

    public CounterFamily HostKeysRefused { get; } = new("sallyport_host_keys_refused_total", "Host keys of targets that were not trusted, by what they are.", 8, "status");

    public Verdicts Verdicts { get; } = new();

    public StageTimes Stages { get; } = new();

    /// <summary>Actions that wait for a person now.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Adds a value that is asked for when somebody looks: what rooms know already is not counted twice.</summary>
    public void Ask(string name, string help, Func<double> value, string type = "gauge") => _asked.Add(new Gauge(name, help, value, type));

    /// <summary>A held action begins to wait.</summary>
    public void HoldBegins() => Interlocked.Increment(ref _held);

    public void HoldEnds(string outcome)
    {
        Interlocked.Decrement(ref _held);
        Holds.Add(outcome);
    }

    /// <summary>All of it, as text.</summary>
    public string Text()
    {
        var text = new MetricText();
        IMetric[] own =
        [
            SessionsStarted, SessionsEnded, LoginsAccepted, LoginsRefused, Holds, TargetFailures, HostKeysRefused, Verdicts, Stages,
            new Gauge("sallyport_holds_pending", "Held actions that wait for a person.", () => Held),
            new Gauge("process_resident_memory_bytes", "Memory of the process.", () => Environment.WorkingSet),
            new Gauge("process_cpu_seconds_total", "Processor time of the process.", () => Environment.CpuUsage.TotalTime.TotalSeconds, "counter"),
        ];
        foreach (IMetric metric in own.Concat(_asked))
            metric.Write(text);
        return text.ToString();
    }
}
