using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Store;

/// <summary>Whether the database can be reached, and since when it cannot. Probes it once a second while it is lost or silent.</summary>
internal sealed class StoreHealth : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>After so long without a call, it is asked whether it is still there.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(5);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _probing;
    private Lost? _lost;
    private long _succeeded;

    public StoreHealth(Database database, TimeProvider time, Log log)
    {
        _database = database;
        _time = time;
        _log = log;
        _succeeded = time.GetTimestamp();
        _probing = Task.Run(ProbeAsync);
    }

    public DateTimeOffset? LostAt => Volatile.Read(ref _lost)?.At;

    public void Succeeded() => Volatile.Write(ref _succeeded, _time.GetTimestamp());

    /// <summary>A call found it lost.</summary>
    public void Lost(Exception failure)
    {
        lock (_gate)
        {
            if (_lost is not null)
                return;
            Volatile.Write(ref _lost, new Lost(_time.GetUtcNow()));
        }

        _log.Error("store-lost", new("store", _database.Name), new("error", failure.GetBaseException().Message));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _probing.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task ProbeAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                if (LostAt is null && _time.GetElapsedTime(Volatile.Read(ref _succeeded)) < Silence)
                    continue;
                await ProbeOnceAsync().ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task ProbeOnceAsync()
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        time.CancelAfter(ProbeTime);
        try
        {
            await _database.ProbeAsync(time.Token).ConfigureAwait(false);
            await Task.Yield();
            Back();
        }
        catch (Exception failure) when (!_stop.IsCancellationRequested)
        {
            await Task.Yield();
            Lost(failure);
        }
    }

    private void Back()
    {
        Succeeded();
        Lost? lost;
        lock (_gate)
        {
            lost = _lost;
            Volatile.Write(ref _lost, null);
        }

        if (lost is not null)
            _log.Warning("store-back", new("store", _database.Name), new("away-seconds", (long)(_time.GetUtcNow() - lost.At).TotalSeconds));
    }
}

/// <summary>A moment, as one reference that is swapped.</summary>
internal sealed record Lost(DateTimeOffset At);
