using System.IO.Pipelines;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>Wakes a read loop when what it waits for takes too long. A read is woken, not undone: nothing is lost if it was not late after all.</summary>
internal sealed class ReadWatch : IDisposable
{
    private const long Never = long.MaxValue;

    private readonly PipeReader _input;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _due = Never;

    public ReadWatch(PipeReader input, TimeProvider time)
    {
        _input = input;
        _time = time;
        _timer = time.CreateTimer(static watch => ((ReadWatch)watch!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool IsDue => _time.GetTimestamp() >= Volatile.Read(ref _due);

    /// <summary>From now on so much time is left.</summary>
    public void Set(TimeSpan left)
    {
        Volatile.Write(ref _due, _time.GetTimestamp() + (long)(left.TotalSeconds * _time.TimestampFrequency));
        _timer.Change(left, Timeout.InfiniteTimeSpan);
    }

    public void Clear()
    {
        Volatile.Write(ref _due, Never);
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();

    private void Ring()
    {
        long due = Volatile.Read(ref _due);
        if (due == Never)
            return;
        // Timers count in coarser steps than timestamps do.
        if (IsDue)
            _input.CancelPendingRead();
        else
            _timer.Change(_time.GetElapsedTime(_time.GetTimestamp(), due) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
