using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Identity.Local;

/// <summary>Makes a source wait that has named too many wrong passwords, whatever users it tried. On this node, in memory, bounded.</summary>
internal sealed class SourceBackoff(LockoutConfig config, TimeProvider time)
{
    private const int MostSources = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Counts an attempt before it is judged, so that many at once do not slip through; false: it must wait.</summary>
    public bool TryTake(string source)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            Entry entry = _entries.GetValueOrDefault(source);
            if (now < entry.BlockedUntil)
                return false;
            if (now - entry.Last > config.LongestWait)
                entry = default;
            int failures = entry.Failures + 1;
            if (entry.Failures == 0)
                MakeRoom(now);
            _entries[source] = new Entry(failures, now, now + Backoff.After(failures, config.AttemptsPerSource, config));
            return true;
        }
    }

    /// <summary>The attempt was right: it does not count.</summary>
    public void Forgive(string source)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(source, out Entry entry))
                _entries[source] = entry with { Failures = Math.Max(0, entry.Failures - 1), BlockedUntil = default };
        }
    }

    /// <summary>Forgets those that would be forgotten anyway, then the oldest.</summary>
    private void MakeRoom(DateTimeOffset now)
    {
        if (_entries.Count < MostSources)
            return;
        foreach (string source in _entries.Where(pair => now - pair.Value.Last > config.LongestWait).Select(pair => pair.Key).ToList())
            _entries.Remove(source);
        if (_entries.Count < MostSources)
            return;
        foreach (string source in _entries.OrderBy(pair => pair.Value.Last).Take(MostSources / 10).Select(pair => pair.Key).ToList())
            _entries.Remove(source);
    }

    private readonly record struct Entry(int Failures, DateTimeOffset Last, DateTimeOffset BlockedUntil);
}

/// <summary>How long to wait after wrong passwords.</summary>
internal static class Backoff
{
    /// <param name="free">Failures without a wait.</param>
    public static TimeSpan After(int failures, int free, LockoutConfig config)
    {
        if (failures < free)
            return TimeSpan.Zero;
        double wait = config.Wait.TotalSeconds * Math.Pow(2, Math.Min(failures - free, 30));
        return wait < config.LongestWait.TotalSeconds ? TimeSpan.FromSeconds(wait) : config.LongestWait;
    }
}
