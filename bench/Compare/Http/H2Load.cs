using System.Globalization;
using System.Text.RegularExpressions;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Http;

/// <summary>One load: so many connections, so many streams on each, of one path.</summary>
internal sealed record HttpLoad(string What, string Path, int Connections, int Streams);

/// <summary>One run of one peer under one load.</summary>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="CpuMicroseconds">Of the peer, a request; null: there is nothing in between.</param>
internal sealed record HttpRun(string Load, string Peer, double RequestsPerSecond, double P50, double P99, double? CpuMicroseconds, long? ResidentBytes);

/// <summary>nghttp2's load generator.</summary>
internal static partial class H2Load
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    /// <exception cref="InvalidOperationException">A request failed, or was not answered by 200.</exception>
    public static async Task<HttpRun> RunAsync(IHttpPeer peer, HttpLoad load, int seconds, Workspace workspace)
    {
        string log = workspace.At("h2load.log");
        File.Delete(log);
        double cpuBefore = peer.ProcessId is { } before ? Usage.Of(before).CpuSeconds : 0;
        string output = await Tool.RunAsync("h2load",
        [
            "-c", Text(load.Connections), "-m", Text(load.Streams), "-t", "1", "-D", Text(seconds), $"--warm-up-time={WarmUp.TotalSeconds}", $"--log-file={log}",
            .. peer.Headers.SelectMany(header => (string[])["-H", header]), peer.Url + load.Path,
        ]);
        Usage? after = peer.ProcessId is { } id ? Usage.Of(id) : null;
        Match rate = Rate().Match(output);
        if (!rate.Success || !AllSucceeded().IsMatch(output) || !AllFound().IsMatch(output))
            throw new InvalidOperationException($"{peer.Name}: {load}: {output}");
        double requests = double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture);
        List<int> times = [.. File.ReadLines(log).Select(line => line.Split('\t')).Where(cells => cells[1] == "200").Select(cells => int.Parse(cells[2], CultureInfo.InvariantCulture))];
        times.Sort();
        double served = times.Count;
        // Warm-up requests cost CPU, too: the log has them all but those of the warm-up, which came at the same rate.
        double all = served * (seconds + WarmUp.TotalSeconds) / seconds;
        return new HttpRun(
            Name(load), peer.Name, requests, times[times.Count / 2], times[(int)(times.Count * 0.99)],
            after is { } used ? (used.CpuSeconds - cpuBefore) / all * 1e6 : null, after?.ResidentBytes);
    }

    private static string Name(HttpLoad load) => $"{load.What}, {load.Connections} x {load.Streams}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"finished in [^,]+, ([0-9.]+) req/s")]
    private static partial Regex Rate();

    [GeneratedRegex(@"requests: .* 0 failed, 0 errored, 0 timeout")]
    private static partial Regex AllSucceeded();

    [GeneratedRegex(@"status codes: \d+ 2xx, 0 3xx, 0 4xx, 0 5xx")]
    private static partial Regex AllFound();
}
