using System.Globalization;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Time values: xs:dateTime in UTC (SAML core 1.3.3).</summary>
internal static class SamlTime
{
    private const int FractionAt = 19; // after yyyy-MM-ddTHH:mm:ss

    /// <summary>The time this stands for; null when it is none, or not in UTC. Digits beyond 100 ns are dropped.</summary>
    public static DateTimeOffset? Parse(string? text)
    {
        if (text is not { Length: > FractionAt and <= 40 } || text[^1] != 'Z')
            return null;
        ReadOnlySpan<char> fraction = text.AsSpan(FractionAt, text.Length - FractionAt - 1);
        if (fraction.Length == 1 || (fraction.Length > 1 && (fraction[0] != '.' || fraction[1..].IndexOfAnyExceptInRange('0', '9') >= 0)))
            return null;
        string digits = fraction.Length > 1 ? fraction[1..Math.Min(fraction.Length, 8)].ToString().PadRight(7, '0') : "0000000";
        return DateTimeOffset.TryParseExact($"{text.AsSpan(0, FractionAt)}.{digits}Z", "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : null;
    }

    /// <summary>As messages carry it.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
