using System.Globalization;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads windows of time: those of the week, on the clock of a zone, and those of a single change.</summary>
internal sealed class WindowReader(DiagnosticBag bag)
{
    private const string LocalFormat = "yyyy-MM-dd'T'HH:mm";

    // What is approved beforehand for longer than this is not a change any more, but the normal state of things.
    private static readonly TimeSpan LongestChange = TimeSpan.FromDays(31);

    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>Reads <c>{days, from, to, zone}</c>.</summary>
    public TimeWindow Weekly(YamlMap map, string key)
    {
        bool[] days = Days(map);
        TimeSpan? from = Clock(map, "from");
        TimeSpan? to = Clock(map, "to");
        if (map.Has("from") != map.Has("to"))
            map.Error(map.Has("from") ? "from" : "to", "\"from\" and \"to\" belong together.");
        else if (from is not null && from == to)
            map.Error("to", "\"from\" and \"to\" are the same: leave both out for the whole day.");
        else if (!map.Has("from") && !map.Has("days"))
            bag.Error(map.Mark, $"\"{key}\" needs \"days\", or \"from\" and \"to\".");
        if (from >= TimeSpan.FromDays(1))
            map.Error("from", "\"from\" is at most 23:59.");
        TimeZoneInfo zone = Zone(map);
        string daysText = string.Join(",", DayNames.Where((_, i) => days[i]));
        string hours = from is null ? "" : string.Create(CultureInfo.InvariantCulture, $" {map.Text("from")}-{map.Text("to")}");
        return new TimeWindow(days, from ?? TimeSpan.Zero, to ?? TimeSpan.FromDays(1), zone) { Text = $"{daysText}{hours} {zone.Id}" };
    }

    /// <summary>Reads <c>{from, to, zone, reference}</c> with dates, or a weekly window with a reference.</summary>
    public ChangeWindow? Change(YamlMap map)
    {
        string reference = map.RequiredText("reference", PolicyLimits.PatternLength);
        // A time of day has no hyphen; a date cannot be without one.
        if (!HasDate(map, "from") && !HasDate(map, "to"))
            return new ChangeWindow(reference, Weekly(map, "pre-approved"));
        if (map.Has("days"))
            map.Error("days", "\"days\" belongs to a window that comes back every week: this one has dates.");
        if (!map.Has("from") || !map.Has("to"))
            map.Error(map.Has("from") ? "from" : "to", "\"from\" and \"to\" belong together.");
        TimeZoneInfo zone = Zone(map);
        if (Moment(map, "from", zone) is not DateTimeOffset from || Moment(map, "to", zone) is not DateTimeOffset to)
            return null;
        if (to <= from)
            map.Error("to", "\"to\" must be after \"from\".");
        else if (to - from > LongestChange)
            map.Error("to", $"A change window lasts at most {Durations.Format(LongestChange)}.");
        return new ChangeWindow(reference, from, to);
    }

    private static bool HasDate(YamlMap map, string key) => map.IsSingle(key) && map.Text(key)?.Contains('-') == true;

    // A date is written once and for all, so a time that the clock skips or shows twice is a mistake that can be told before it matters.
    private static DateTimeOffset? Moment(YamlMap map, string key, TimeZoneInfo zone)
    {
        if (map.Text(key) is not string text)
            return null;
        bool read = DateTime.TryParseExact(text, LocalFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local);
        if (!read || local.Year is < 2000 or > 9000)
        {
            string meant = text.Replace(' ', 'T');
            bool near = DateTime.TryParseExact(meant, LocalFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) && meant != text;
            map.Error(key, $"\"{text}\" is not a date and time such as 2026-11-24T20:00, in the zone of the window.", near ? meant : null);
            return null;
        }

        if (zone.IsInvalidTime(local))
            map.Error(key, $"\"{text}\" does not occur in {zone.Id}: the clock skips it. Choose another time, or write both times with \"zone: UTC\".");
        else if (zone.IsAmbiguousTime(local))
            map.Error(key, $"\"{text}\" occurs twice in {zone.Id}: the clock is set back. Choose another time, or write both times with \"zone: UTC\".");
        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }

    private bool[] Days(YamlMap map)
    {
        bool[] days = new bool[7];
        if (!map.Has("days"))
        {
            Array.Fill(days, true);
            return days;
        }

        foreach (YamlText text in map.Texts("days"))
        {
            string[] ends = text.Value.Split('-');
            int first = Day(text.Mark, ends[0]);
            int last = ends.Length == 2 ? Day(text.Mark, ends[1]) : first;
            if (ends.Length > 2)
                bag.Error(text.Mark, $"\"{text.Value}\" is not a range of days such as mon-fri.");
            if (first < 0 || last < 0)
                continue;
            // fri-mon goes over the week's end.
            for (int day = first; ; day = (day + 1) % 7)
            {
                days[day] = true;
                if (day == last)
                    break;
            }
        }

        return days;
    }

    private int Day(YamlMark mark, string name)
    {
        int day = Array.IndexOf(DayNames, name);
        if (day < 0)
            bag.Error(mark, $"\"{name}\" is not a day: mon, tue, wed, thu, fri, sat or sun.", DayNames.FirstOrDefault(d => name.StartsWith(d, StringComparison.OrdinalIgnoreCase)));
        return day;
    }

    private static TimeSpan? Clock(YamlMap map, string key)
    {
        if (map.Text(key) is not string text)
            return null;
        bool shape = text.Length == 5 && text[2] == ':'
            && char.IsAsciiDigit(text[0]) && char.IsAsciiDigit(text[1]) && char.IsAsciiDigit(text[3]) && char.IsAsciiDigit(text[4]);
        if (shape)
        {
            int hours = (text[0] - '0') * 10 + text[1] - '0';
            int minutes = (text[3] - '0') * 10 + text[4] - '0';
            if (minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0)))
                return new TimeSpan(hours, minutes, 0);
        }

        string? meant = text.Length == 4 && text[1] == ':' ? $"0{text}" : null;
        map.Error(key, $"\"{text}\" is not a time of day from 00:00 to 24:00.", meant);
        return null;
    }

    private static TimeZoneInfo Zone(YamlMap map)
    {
        if (map.Text("zone") is not string id)
            return TimeZoneInfo.Utc;
        // The framework opens a file of that name, so the name must be one.
        bool isName = id.Length <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') && !id.StartsWith('/');
        if (isName && TimeZoneInfo.TryFindSystemTimeZoneById(id, out TimeZoneInfo? zone))
            return zone;
        map.Error("zone", $"\"{id}\" is not a time zone of the IANA database on this machine.", Nearest.Of(id, TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id)));
        return TimeZoneInfo.Utc;
    }
}
