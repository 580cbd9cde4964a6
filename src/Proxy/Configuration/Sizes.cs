using System.Globalization;

namespace Sallyport.Proxy.Configuration;

/// <summary>Sizes as people write them: <c>512MiB</c>, <c>10GiB</c>. The unit is demanded, and is a power of two (IEC 80000-13).</summary>
internal static class Sizes
{
    private static readonly (string Name, long Bytes)[] Units =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40)];

    public static bool TryParse(string text, out long bytes)
    {
        foreach ((string name, long unit) in Units)
        {
            if (text.EndsWith(name, StringComparison.Ordinal)
                && long.TryParse(text[..^name.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                && number <= long.MaxValue / unit)
            {
                bytes = number * unit;
                return true;
            }
        }

        bytes = 0;
        return text == "0";
    }
}
