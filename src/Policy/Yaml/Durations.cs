using System.Globalization;

namespace Sallyport.Policy.Yaml;

/// <summary>Lengths of time as people write them: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>8h</c>, <c>1d</c>, <c>1h30m</c>.</summary>
public static class Durations
{
    // Far above any sensible setting, far below where ticks overflow.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    // Largest first: parts must be in this order, so that "1h30m" reads one way only.
    private static readonly (string Unit, long Ticks)[] Units =
    [
        ("d", TimeSpan.TicksPerDay),
        ("h", TimeSpan.TicksPerHour),
        ("m", TimeSpan.TicksPerMinute),
        ("s", TimeSpan.TicksPerSecond),
        ("ms", TimeSpan.TicksPerMillisecond),
    ];

    /// <summary>Reads one. A bare number is none: its unit could only be guessed.</summary>
    public static bool TryParse(string text, out TimeSpan value)
    {
        value = default;
        ReadOnlySpan<char> rest = text;
        long ticks = 0;
        int unit = -1;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 9)
                return false;
            long number = long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            rest = rest[digits..];
            int letters = rest.IndexOfAnyInRange('0', '9');
            ReadOnlySpan<char> name = letters < 0 ? rest : rest[..letters];
            int next = UnitOf(name);
            if (next <= unit || number > Longest.Ticks / Units[next].Ticks)
                return false;
            unit = next;
            ticks += number * Units[next].Ticks;
            rest = rest[name.Length..];
        }

        value = TimeSpan.FromTicks(ticks);
        return unit >= 0;
    }

    /// <summary>Writes one as <see cref="TryParse"/> reads it; parts below a millisecond are dropped.</summary>
    public static string Format(TimeSpan value)
    {
        string text = "";
        long rest = value.Ticks;
        foreach ((string unit, long ticks) in Units)
        {
            if (rest >= ticks)
                text += string.Create(CultureInfo.InvariantCulture, $"{rest / ticks}{unit}");
            rest %= ticks;
        }

        return text.Length == 0 ? "0s" : text;
    }

    private static int UnitOf(ReadOnlySpan<char> name)
    {
        for (int i = 0; i < Units.Length; i++)
        {
            if (name.SequenceEqual(Units[i].Unit))
                return i;
        }

        return -1;
    }
}
