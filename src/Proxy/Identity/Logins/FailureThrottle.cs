namespace Sallyport.Proxy.Identity.Logins;

/// <summary>
/// Slows down whoever fails again and again: some failures are free, as a pool of connections with an expired token is no attack; then each
/// failure doubles the wait, up to a minute. Failures are forgotten with time. Bounded: when it is full, those that wait the least are forgotten.
/// </summary>
internal sealed class FailureThrottle<TKey>(TimeProvider time, int free = 20, int most = 16 * 1024)
    where TKey : notnull
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>One failure is forgotten in each of these.</summary>
    private static readonly TimeSpan Forget = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Failures> _failures = [];

    /// <summary>Sources or names that failed lately.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _failures.Count;
        }
    }

    /// <summary>True while it must wait.</summary>
    public bool IsBlocked(TKey key)
    {
        lock (_lock)
            return _failures.TryGetValue(key, out Failures failures) && time.GetUtcNow() < failures.Until;
    }

    /// <summary>It failed.</summary>
    public void Failed(TKey key)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            Failures before = _failures.GetValueOrDefault(key);
            double count = Math.Max(0, before.Count - ((now - before.At) / Forget)) + 1;
            if (!_failures.ContainsKey(key) && _failures.Count >= most)
                MakeRoom(now);
            double wait = count <= free ? 0 : Math.Min(FirstWait.TotalMilliseconds * Math.Pow(2, count - free - 1), LongestWait.TotalMilliseconds);
            _failures[key] = new Failures(Math.Min(count, free + 16), now, now + TimeSpan.FromMilliseconds(wait));
        }
    }

    private void MakeRoom(DateTimeOffset now)
    {
        foreach (TKey key in _failures.Where(f => now - f.Value.At > Forget * f.Value.Count).Select(f => f.Key).ToArray())
            _failures.Remove(key);
        if (_failures.Count < most)
            return;
        foreach (TKey key in _failures.OrderBy(f => f.Value.Count).Select(f => f.Key).Take(most / 4).ToArray())
            _failures.Remove(key);
    }

    private readonly record struct Failures(double Count, DateTimeOffset At, DateTimeOffset Until);
}
