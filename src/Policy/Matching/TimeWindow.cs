using System.Globalization;

namespace Sallyport.Policy.Matching;

/// <summary>
/// Days and hours on the wall clock of a time zone. The clock on the wall decides: an hour that it shows twice (the end of daylight saving)
/// counts twice, one that it skips does not happen.
/// </summary>
internal sealed class TimeWindow
{
    private static readonly TimeSpan Horizon = TimeSpan.FromDays(8);
    private static readonly TimeSpan Step = TimeSpan.FromHours(1);

    private readonly bool[] _days;
    private readonly TimeSpan _from;
    private readonly TimeSpan _to;
    private readonly TimeZoneInfo _zone;
    private volatile Stretch? _last;

    /// <param name="days">One flag per <see cref="DayOfWeek"/>: a window begins on this day.</param>
    /// <param name="from">When it begins, from midnight.</param>
    /// <param name="to">When it ends, from midnight; not after <paramref name="from"/>: on the next day. 24 hours: at midnight.</param>
    /// <param name="zone">Whose clock.</param>
    public TimeWindow(bool[] days, TimeSpan from, TimeSpan to, TimeZoneInfo zone) => (_days, _from, _to, _zone) = (days, from, to, zone);

    /// <summary>As it was written, for people.</summary>
    public string Text { get; init; } = "";

    /// <summary>True when the moment lies in the window.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="until">
    /// When the answer changes, or an earlier moment that is worth asking again at: the answer is looked ahead for eight days.
    /// </param>
    public bool Contains(DateTimeOffset now, out DateTimeOffset until)
    {
        // Ten thousand sessions that open in the same hour share one search.
        Stretch? stretch = _last;
        if (stretch is null || now < stretch.From || now >= stretch.Until)
            _last = stretch = Search(now);
        until = stretch.Until;
        return stretch.Inside;
    }

    /// <summary>What the wall clock shows, for people.</summary>
    public string Describe(DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"it is {TimeZoneInfo.ConvertTime(now, _zone):ddd HH:mm} in {_zone.Id}");

    private bool IsInside(DateTimeOffset moment)
    {
        DateTime wall = TimeZoneInfo.ConvertTime(moment, _zone).DateTime;
        TimeSpan time = wall.TimeOfDay;
        bool today = _days[(int)wall.DayOfWeek];
        if (_from < _to)
            return today && time >= _from && time < _to;
        bool yesterday = _days[((int)wall.DayOfWeek + 6) % 7];
        return (today && time >= _from) || (yesterday && time < _to);
    }

    // Walks from one moment at which something could change to the next. Between two changes of the zone's offset the wall clock runs evenly,
    // so there those moments are midnight, the beginning and the end of a window.
    private Stretch Search(DateTimeOffset now)
    {
        bool inside = IsInside(now);
        if (now > DateTimeOffset.MaxValue - Horizon - Horizon)
            return new Stretch(now, DateTimeOffset.MaxValue, inside);
        DateTimeOffset end = now + Horizon;
        DateTimeOffset at = now;
        while (at < end)
        {
            at = NextCandidate(at);
            if (at < end && IsInside(at) != inside)
                return new Stretch(now, at, inside);
        }

        return new Stretch(now, end, inside);
    }

    private DateTimeOffset NextCandidate(DateTimeOffset after)
    {
        TimeSpan offset = _zone.GetUtcOffset(after);
        DateTime wall = after.UtcDateTime + offset;
        DateTime next = wall.Date.AddDays(1);
        foreach (TimeSpan time in (ReadOnlySpan<TimeSpan>)[_from, _to])
        {
            DateTime edge = wall.Date + time;
            if (edge > wall && edge < next)
                next = edge;
        }

        DateTimeOffset candidate = new(next - offset, TimeSpan.Zero);
        return OffsetChange(after, candidate, offset) ?? candidate;
    }

    private DateTimeOffset? OffsetChange(DateTimeOffset after, DateTimeOffset before, TimeSpan offset)
    {
        DateTimeOffset same = after;
        DateTimeOffset changed = after;
        while (changed < before && _zone.GetUtcOffset(changed) == offset)
        {
            same = changed;
            changed = changed + Step < before ? changed + Step : before;
        }

        if (_zone.GetUtcOffset(changed) == offset)
            return null;
        while (changed.UtcTicks - same.UtcTicks > 1)
        {
            DateTimeOffset middle = new(same.UtcTicks + (changed.UtcTicks - same.UtcTicks) / 2, TimeSpan.Zero);
            if (_zone.GetUtcOffset(middle) == offset)
                same = middle;
            else
                changed = middle;
        }

        return changed;
    }

    private sealed record Stretch(DateTimeOffset From, DateTimeOffset Until, bool Inside);
}
