namespace Sallyport.Proxy.Sessions;

/// <summary>The one timer of all sessions: looks once a second whose time is over.</summary>
/// <param name="warden">Looks at the same time whose identity has changed; null: there is no store that could know.</param>
internal sealed class Sweeper(LiveSessions sessions, TimeProvider time, SessionWarden? warden = null) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A sweeper that has not swept for so long hangs, or the thread pool does.</summary>
    private const long HangsAfter = 10_000;

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private long _sweptAt;

    public void Start()
    {
        _sweptAt = Environment.TickCount64;
        _loop = RunAsync();
    }

    /// <summary>True while it sweeps.</summary>
    /// <param name="tick"><see cref="Environment.TickCount64"/>.</param>
    public bool IsAlive(long tick) => !_loop.IsCompleted && tick - Volatile.Read(ref _sweptAt) < HangsAfter;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // A loop that failed has long been missed by the watchdog.
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                sessions.Sweep(time.GetUtcNow(), Environment.TickCount64);
                warden?.Tick();
                Volatile.Write(ref _sweptAt, Environment.TickCount64);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
