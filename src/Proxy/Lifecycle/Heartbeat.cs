using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Lifecycle;

/// <summary>
/// Tells systemd's watchdog that the daemon is alive, at half the interval it asks for (sd_watchdog_enabled(3)), and only while every
/// loop is: a proxy that runs but lets nobody in is to be restarted.
/// </summary>
internal sealed class Heartbeat(Systemd systemd, Func<string?> stuck, Func<string> status, TimeSpan? watchdog, TimeProvider time, Log log) : IAsyncDisposable
{
    /// <summary>How often the status line is renewed when there is no watchdog.</summary>
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private string _lastStatus = "";

    public void Start() => _loop = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    /// <summary>One beat.</summary>
    /// <returns>False when something hangs, and systemd was not told that all is well.</returns>
    public bool Beat()
    {
        if (stuck() is { } what)
        {
            log.Error("watchdog-withheld", new LogField("stuck", what));
            return false;
        }

        systemd.Watchdog();
        string line = status();
        if (line != _lastStatus)
            systemd.Status(line);
        _lastStatus = line;
        return true;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(watchdog / 2 ?? StatusInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                Beat();
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
