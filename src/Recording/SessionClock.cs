namespace Sallyport.Recording;

/// <summary>Time within one recording: a monotonic clock, so that setting the machine's clock neither reorders nor stretches it.</summary>
internal sealed class SessionClock
{
    private readonly TimeProvider _time;
    private readonly long _start;

    public SessionClock(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        DateTimeOffset now = time.GetUtcNow();
        StartedAt = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }

    /// <summary>What <see cref="Micros"/> counts from, whole microseconds.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>Microseconds since <see cref="StartedAt"/>.</summary>
    public long Micros => _time.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond;
}
