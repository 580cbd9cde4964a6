using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// Keys fetched from the issuer. Whoever sends tokens cannot make this node send requests faster than one per
/// <see cref="RemoteKeysTimes.BetweenFetches"/>, whatever <c>kid</c> the tokens name; a fetch is shared by all who wait for it.
/// When the issuer is unreachable the last known keys hold, but not for ever: a withdrawn key must die even then.
/// </summary>
internal sealed class RemoteKeys : IKeySource, IDisposable
{
    private readonly string _issuer;
    private readonly Func<CancellationToken, Task<KeySet>> _fetch;
    private readonly RemoteKeysTimes _times;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private KeySet? _keys;
    private DateTimeOffset _fetchedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _triedAt = DateTimeOffset.MinValue;
    private Task? _fetching;

    /// <param name="issuer">Its name, for the log.</param>
    /// <param name="fetch">Fetches the keys once; failures are exceptions.</param>
    public RemoteKeys(string issuer, Func<CancellationToken, Task<KeySet>> fetch, RemoteKeysTimes times, TimeProvider time, Log log)
    {
        _issuer = issuer;
        _fetch = fetch;
        _times = times;
        _time = time;
        _log = log;
    }

    /// <inheritdoc/>
    public async ValueTask<KeySet?> GetAsync(CancellationToken cancel)
    {
        TimeSpan age = Age();
        if (age < _times.RefreshAfter)
            return Current();

        // Stale but still believed: the fetch goes on beside, nobody waits for it.
        Task? fetching = FetchIfAllowed();
        if (age >= _times.BelievedFor && fetching is not null)
            await fetching.WaitAsync(cancel).ConfigureAwait(false);
        return Current();
    }

    /// <inheritdoc/>
    public async ValueTask<KeySet?> LookAgainAsync(CancellationToken cancel)
    {
        if (FetchIfAllowed() is { } fetching)
            await fetching.WaitAsync(cancel).ConfigureAwait(false);
        return Current();
    }

    /// <summary>Ends a running fetch; there will be no other. A login that still asks is answered with the last known keys.</summary>
    public void Dispose() => _stop.Cancel();

    private KeySet? Current()
    {
        lock (_lock)
            return _keys is not null && _time.GetUtcNow() - _fetchedAt < _times.BelievedFor ? _keys : null;
    }

    private TimeSpan Age()
    {
        lock (_lock)
            return _keys is null ? TimeSpan.MaxValue : _time.GetUtcNow() - _fetchedAt;
    }

    /// <summary>The running fetch, or a new one if the last is long enough ago, or null.</summary>
    private Task? FetchIfAllowed()
    {
        lock (_lock)
        {
            if (_fetching is { IsCompleted: false })
                return _fetching;
            DateTimeOffset now = _time.GetUtcNow();
            if (_stop.IsCancellationRequested || (_triedAt != DateTimeOffset.MinValue && now - _triedAt < _times.BetweenFetches))
                return null;
            _triedAt = now;
            CancellationToken stop = _stop.Token;
            return _fetching = Task.Run(() => FetchAsync(stop), CancellationToken.None);
        }
    }

    private async Task FetchAsync(CancellationToken stop)
    {
        try
        {
            KeySet keys = await _fetch(stop).ConfigureAwait(false);
            lock (_lock)
            {
                _keys = keys;
                _fetchedAt = _time.GetUtcNow();
            }

            _log.Info("issuer-keys-fetched", new("issuer", _issuer), new("keys", keys.Count));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or FormatException or OperationCanceledException)
        {
            // Logins go on with the last known keys, or are refused as keys-unavailable.
            _log.Warning("issuer-keys-unreachable", new("issuer", _issuer), new("error", failure.Message));
        }
    }
}

/// <summary>The times of <see cref="RemoteKeys"/>, with their reasons.</summary>
internal sealed record RemoteKeysTimes
{
    /// <summary>At least this long between two fetches, failed ones included.</summary>
    public TimeSpan BetweenFetches { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Older keys are fetched again: so long may a withdrawn key live on while the issuer is reachable.</summary>
    public TimeSpan RefreshAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Older keys are no longer believed: so long may a withdrawn key live on while the issuer is not reachable.</summary>
    public TimeSpan BelievedFor { get; init; } = TimeSpan.FromHours(24);
}
