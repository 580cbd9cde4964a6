using System.Globalization;
using System.Text.RegularExpressions;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Postgres;

/// <summary>What one run of pgbench measured.</summary>
/// <param name="Tps">Transactions per second, connecting not counted.</param>
/// <param name="Transactions">Transactions in all.</param>
/// <param name="P50">Median latency, µs.</param>
/// <param name="P99">99th percentile of latency, µs.</param>
internal sealed record PgBenchResult(double Tps, long Transactions, double P50, double P99);

/// <summary>Runs pgbench's read-only script (-S) and reads its report and its latency log.</summary>
internal static partial class PgBench
{
    // Enough for a p99 at every load here, little enough not to be what is measured.
    private const string SamplingRate = "0.2";

    /// <summary>Runs <c>pgbench -S</c> for some seconds.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="mode"><c>simple</c> or <c>prepared</c>.</param>
    /// <param name="clients">Connections.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="folder">A folder for the latency log.</param>
    /// <exception cref="InvalidOperationException">pgbench failed, or a transaction did.</exception>
    public static async Task<PgBenchResult> RunAsync(Endpoint endpoint, string mode, int clients, int seconds, string folder)
    {
        string prefix = Path.Combine(folder, "pgbench." + Guid.NewGuid().ToString("n"));
        string report = await Tool.RunAsync("pgbench",
        [
            "-S", "-n", "-M", mode, "-c", clients.ToString(), "-j", Math.Min(clients, Environment.ProcessorCount).ToString(), "-T", seconds.ToString(),
            "--log", "--log-prefix", prefix, "--sampling-rate", SamplingRate,
        ], endpoint.Environment);

        if (Failed().Match(report) is { Success: true } failed && failed.Groups[1].Value != "0")
            throw new InvalidOperationException($"pgbench: {failed.Value}\n{report}");
        double[] latencies = ReadLog(folder, Path.GetFileName(prefix));
        return new PgBenchResult(
            double.Parse(Tps().Match(report).Groups[1].Value, CultureInfo.InvariantCulture),
            long.Parse(Processed().Match(report).Groups[1].Value, CultureInfo.InvariantCulture),
            Statistics.Percentile(latencies, 50),
            Statistics.Percentile(latencies, 99));
    }

    private static double[] ReadLog(string folder, string prefix)
    {
        // One file a thread; the third word of a line is the transaction's time in µs.
        List<double> latencies = [];
        foreach (string file in Directory.EnumerateFiles(folder, prefix + "*"))
        {
            latencies.AddRange(File.ReadLines(file).Select(line => double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture)));
            File.Delete(file);
        }

        double[] sorted = [.. latencies];
        Array.Sort(sorted);
        return sorted;
    }

    [GeneratedRegex(@"^tps = ([\d.]+)", RegexOptions.Multiline)]
    private static partial Regex Tps();

    [GeneratedRegex(@"^number of transactions actually processed: (\d+)", RegexOptions.Multiline)]
    private static partial Regex Processed();

    [GeneratedRegex(@"^number of failed transactions: (\d+)", RegexOptions.Multiline)]
    private static partial Regex Failed();
}
