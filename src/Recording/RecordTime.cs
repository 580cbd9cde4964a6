namespace Sallyport.Recording;

/// <summary>Microseconds to moments, safe for any number that a file may hold.</summary>
internal static class RecordTime
{
    /// <summary>About 3000 years: a start and an offset of this size still add up to a DateTimeOffset.</summary>
    public const long MaxMicros = 100_000_000_000_000_000;

    /// <summary><paramref name="anchor"/> plus <paramref name="micros"/>, held to the range that a DateTimeOffset has.</summary>
    public static DateTimeOffset At(DateTimeOffset anchor, long micros)
    {
        long room = (DateTimeOffset.MaxValue.UtcTicks - anchor.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        return anchor.AddTicks(Math.Clamp(micros, 0, room) * TimeSpan.TicksPerMicrosecond);
    }
}
