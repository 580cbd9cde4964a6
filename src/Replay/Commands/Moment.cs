using System.CommandLine.Parsing;
using System.Globalization;

namespace Sallyport.Replay.Commands;

/// <summary>Moments and spans as people write and read them.</summary>
internal static class Moment
{
    /// <summary>A moment of the command line: <c>2026-03-14</c>, <c>2026-03-14T09:30Z</c>, or so long ago: <c>30m</c>, <c>12h</c>, <c>7d</c>.</summary>
    public static DateTimeOffset? Parse(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset moment))
            return moment;
        if (text.Length > 1 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) && count < 36_500)
        {
            TimeSpan? ago = text[^1] switch { 'm' => TimeSpan.FromMinutes(count), 'h' => TimeSpan.FromHours(count), 'd' => TimeSpan.FromDays(count), _ => null };
            if (ago is not null)
                return DateTimeOffset.UtcNow - ago;
        }

        result.AddError($"'{text}' is no moment: write 2026-03-14, 2026-03-14T09:30Z, or 30m, 12h, 7d for so long ago.");
        return null;
    }

    public static string Day(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset moment) => moment.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    public static string Span(TimeSpan span) => span switch
    {
        { TotalMilliseconds: < 1000 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.0} ms"),
        { TotalSeconds: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s"),
        { TotalMinutes: < 120 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.0} h"),
    };

    /// <summary>An offset as players write it: <c>1:02:03</c>, <c>2:03</c>.</summary>
    public static string Clock(TimeSpan offset) => offset.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(long)offset.TotalHours}:{offset.Minutes:00}:{offset.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{offset.Minutes}:{offset.Seconds:00}");

    /// <summary>An offset of the command line: <c>95</c> or <c>95.5</c> seconds, <c>1:35</c>, <c>1:02:03</c>.</summary>
    public static TimeSpan? ParseOffset(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        double seconds = 0;
        bool good = text.Length > 0;
        string[] parts = text.Split(':');
        foreach (string part in parts)
        {
            good &= double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value < 1_000_000;
            seconds = (seconds * 60) + value;
        }

        if (good && parts.Length <= 3)
            return TimeSpan.FromSeconds(seconds);
        result.AddError($"'{text}' is no offset: write seconds (95.5), 1:35 or 1:02:03.");
        return null;
    }
}
