using System.Globalization;
using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads the <c>match</c> block of a document.</summary>
internal sealed class MatchReader(DiagnosticBag bag)
{
    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>Reads the block; the text of each condition goes to <paramref name="texts"/>.</summary>
    public DocumentMatch Read(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        return new DocumentMatch
        {
            Subjects = Globs(map, "subjects", MatchCondition.Subjects, texts),
            Issuers = Globs(map, "issuers", MatchCondition.Issuers, texts),
            Groups = Globs(map, "groups", MatchCondition.Groups, texts),
            Kinds = Kinds(map, texts),
            Targets = Globs(map, "targets", MatchCondition.Targets, texts),
            Resources = Globs(map, "resources", MatchCondition.Resources, texts),
            Sources = Sources(map, texts),
            Time = [.. map.Maps("time", PolicyLimits.ListEntries).Select(m => Window(m, texts))],
        };
    }

    private List<Glob> Globs(YamlMap map, string key, MatchCondition condition, Dictionary<MatchCondition, string> texts)
    {
        List<Glob> globs = [];
        foreach (YamlText text in map.Texts(key, PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (text.Value.Count(c => c is '*' or '?') > DottedPattern.MaxWildcards)
                bag.Error(text.Mark, $"\"{text.Value}\" has more than {DottedPattern.MaxWildcards} wildcards.");
            globs.Add(Glob.Compile(text.Value));
            Note(texts, condition, text.Value);
        }

        return globs;
    }

    private static IReadOnlyList<IdentityKind> Kinds(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        IReadOnlyList<IdentityKind> kinds = map.Words("kinds", KebabNames.Of<IdentityKind>());
        foreach (IdentityKind kind in kinds)
            Note(texts, MatchCondition.Kinds, KebabNames.Name(kind));
        return kinds;
    }

    private List<SourceRange> Sources(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        List<SourceRange> ranges = [];
        foreach (YamlText text in map.Texts("sources", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (SourceRange.Parse(text.Value, out string? error, out string? suggestion) is SourceRange range)
                ranges.Add(range);
            else
                bag.Error(text.Mark, error!, suggestion);
            Note(texts, MatchCondition.Sources, text.Value);
        }

        return ranges;
    }

    private TimeWindow Window(YamlMap map, Dictionary<MatchCondition, string> texts)
    {
        bool[] days = Days(map);
        TimeSpan? from = Clock(map, "from");
        TimeSpan? to = Clock(map, "to");
        if (map.Has("from") != map.Has("to"))
            map.Error(map.Has("from") ? "from" : "to", "\"from\" and \"to\" belong together.");
        else if (from is not null && from == to)
            map.Error("to", "\"from\" and \"to\" are the same: leave both out for the whole day.");
        else if (!map.Has("from") && !map.Has("days"))
            bag.Error(map.Mark, "\"time\" needs \"days\", or \"from\" and \"to\".");
        if (from >= TimeSpan.FromDays(1))
            map.Error("from", "\"from\" is at most 23:59.");
        TimeZoneInfo zone = Zone(map);
        string daysText = string.Join(",", DayNames.Where((_, i) => days[i]));
        string hours = from is null ? "" : string.Create(CultureInfo.InvariantCulture, $" {map.Text("from")}-{map.Text("to")}");
        Note(texts, MatchCondition.Time, $"{daysText}{hours} {zone.Id}");
        return new TimeWindow(days, from ?? TimeSpan.Zero, to ?? TimeSpan.FromDays(1), zone);
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

    private static void Note(Dictionary<MatchCondition, string> texts, MatchCondition condition, string text) =>
        texts[condition] = texts.TryGetValue(condition, out string? before) ? $"{before}, {text}" : text;
}
