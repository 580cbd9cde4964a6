namespace Sallyport.Fuzz;

/// <summary>Ends the process when one run takes too long: a parser that loops cannot be stopped from within.</summary>
internal sealed class Watchdog : IDisposable
{
    private readonly Timer _timer;
    private readonly TimeSpan _longest;
    private readonly Action _report;
    private long _began = long.MaxValue;

    public Watchdog(TimeSpan longest, Action report)
    {
        _longest = longest;
        _report = report;
        _timer = new Timer(_ => Look(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>Runs <paramref name="run"/> under watch.</summary>
    public void Time(Action run)
    {
        Volatile.Write(ref _began, Environment.TickCount64);
        run();
        Volatile.Write(ref _began, long.MaxValue);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (Environment.TickCount64 - Volatile.Read(ref _began) < _longest.TotalMilliseconds)
            return;
        _report();
        Environment.Exit(1);
    }
}
