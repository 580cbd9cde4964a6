namespace Sallyport.Proxy.Cluster;

/// <summary>
/// Which events have been seen. A database gives out numbers when rows are written and shows the rows when their transactions end, so 8 may appear before 7: the
/// numbers that were jumped over are asked for again for a while. Most never come: their transactions failed.
/// </summary>
internal sealed class EventWindow
{
    /// <summary>A publishing transaction is one row long; its commands time out long before this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Most numbers asked for again. After a crash PostgreSQL jumps over 32; more than this is no transaction in flight.</summary>
    private const int MostMissing = 1024;

    private readonly Dictionary<long, DateTimeOffset> _missing = [];

    /// <summary>The highest number seen.</summary>
    public long Last { get; private set; }

    /// <summary>Numbers below <see cref="Last"/> that may still come.</summary>
    public IReadOnlyCollection<long> Missing => _missing.Keys;

    /// <summary>Begins with the newest events there are, in order: they are not news.</summary>
    public void Begin(IReadOnlyList<long> sequences, DateTimeOffset now)
    {
        _missing.Clear();
        Last = sequences.Count == 0 ? 0 : sequences[0] - 1;
        foreach (long sequence in sequences)
            Take(sequence, now);
    }

    /// <summary>True for an event that has not been seen.</summary>
    public bool Take(long sequence, DateTimeOffset now)
    {
        if (sequence <= Last)
            return _missing.Remove(sequence);
        for (long between = Math.Max(Last + 1, sequence - MostMissing); between < sequence && _missing.Count < MostMissing; between++)
            _missing[between] = now;
        Last = sequence;
        return true;
    }

    /// <summary>Gives up what has been missing for long.</summary>
    public void Forget(DateTimeOffset now)
    {
        foreach ((long sequence, DateTimeOffset since) in _missing)
        {
            if (now - since > Patience)
                _missing.Remove(sequence);
        }
    }
}
