using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Cluster;

/// <summary>
/// What a lost state means for live sessions: for a time they go on by what was last known; then nobody can say any more whether they were revoked, and they are
/// suspended until the state is back. What needs the state itself (a login by issued password, an approval) fails at once, by itself.
/// </summary>
internal sealed class StoreGuard : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly IStateStore _store;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private volatile bool _suspended;

    public StoreGuard(IStateStore store, TimeSpan grace, TimeProvider time, Log log)
    {
        _store = store;
        _grace = grace;
        _time = time;
        _log = log;
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>True: the time of grace is over, suspend every session. False: the state is back. On the thread pool, one call at a time, never twice the same.</summary>
    public event Action<bool>? Suspended;

    /// <summary>While true no session does anything, and none begins.</summary>
    public bool IsSuspended => _suspended;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                Look();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private void Look()
    {
        bool suspend = _store.LostAt is { } lost && _time.GetUtcNow() - lost >= _grace;
        if (suspend == _suspended)
            return;
        _suspended = suspend;
        if (suspend)
            _log.Error("sessions-suspended", new("reason", "store-lost"), new("grace-seconds", (long)_grace.TotalSeconds));
        else
            _log.Warning("sessions-resumed", new LogField("reason", "store-back"));
        try
        {
            Suspended?.Invoke(suspend);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // IsSuspended holds for whoever asks; the watch itself must go on.
            _log.Error("suspension-failed", new LogField("error", failure.Message));
        }
    }
}
