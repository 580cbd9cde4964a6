using System.Globalization;

namespace Sallyport.Policy.Yaml;

/// <summary>Sizes as people write them: <c>100MB</c> is 100,000,000 bytes, <c>64MiB</c> 67,108,864.</summary>
public static class ByteSizes
{
    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ];

    /// <summary>Reads one: a whole number from 1 to 999,999 and a unit. A bare number is none: its unit could only be guessed.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        foreach ((string unit, long factor) in Units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal) || text.Length - unit.Length is < 1 or > 6)
                continue;
            if (int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0)
                bytes = number * factor;
            break;
        }

        return bytes > 0;
    }
}
