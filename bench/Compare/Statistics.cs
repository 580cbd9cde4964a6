namespace Sallyport.Compare;

internal static class Statistics
{
    /// <summary>The middle of the values; the mean of both middles when their number is even; NaN of none.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The value that <paramref name="percent"/> of the values do not exceed (nearest rank); NaN of none.</summary>
    public static double Percentile(ReadOnlySpan<double> sorted, double percent) =>
        sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
}
