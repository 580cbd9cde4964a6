using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Identity;

/// <summary>Medians of starting the daemon.</summary>
/// <param name="With"><c>store</c>: and broker and admin API; <c>nothing</c>: listeners only.</param>
/// <param name="ReadyMilliseconds">From exec to READY=1 (sd_notify(3)).</param>
/// <param name="CpuMilliseconds">Its CPU time until then.</param>
/// <param name="ResidentBytes">Its memory two seconds later.</param>
internal sealed record StartRow(string With, double ReadyMilliseconds, double CpuMilliseconds, double ResidentBytes);

/// <summary>How long the daemon takes to be ready, with a store and without, and what it holds when it is idle.</summary>
internal static class StartLoad
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    public static async Task<IReadOnlyList<StartRow>> MeasureAsync(Workspace workspace, BenchDatabase database, int rounds, CancellationToken cancel)
    {
        await using IdentityDaemon daemon = IdentityDaemon.Prepare(workspace, database, "start");
        string without = workspace.Write("start/without-store.yaml", daemon.WithoutStore());
        (string With, string Config)[] ways = [("nothing", without), ("store", daemon.Config)];

        // The first makes the tables, and fills the page cache.
        foreach ((_, string config) in ways)
            await OneAsync(workspace, config, cancel);
        Dictionary<string, List<StartRow>> runs = ways.ToDictionary(way => way.With, _ => new List<StartRow>());
        for (int round = 0; round < rounds; round++)
        {
            foreach ((string with, string config) in ways)
            {
                await Console.Error.WriteLineAsync($"round {round + 1}/{rounds}: start, {with}");
                runs[with].Add(await OneAsync(workspace, config, cancel) with { With = with });
            }
        }

        return
        [
            .. runs.Select(run => new StartRow(
                run.Key,
                Statistics.Median(run.Value.Select(r => r.ReadyMilliseconds)),
                Statistics.Median(run.Value.Select(r => r.CpuMilliseconds)),
                Statistics.Median(run.Value.Select(r => r.ResidentBytes)))),
        ];
    }

    private static async Task<StartRow> OneAsync(Workspace workspace, string config, CancellationToken cancel)
    {
        string path = workspace.At("notify");
        using var notify = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        notify.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            var start = new ProcessStartInfo("setpriv") { RedirectStandardError = true };
            foreach (string word in (ReadOnlySpan<string>)["--pdeathsig", "KILL", IdentityDaemon.Executable, "serve", "--config", config])
                start.ArgumentList.Add(word);
            start.Environment["NOTIFY_SOCKET"] = path;
            long began = Stopwatch.GetTimestamp();
            using Process process = await Starter.StartAsync(start);
            Task<string> said = process.StandardError.ReadToEndAsync(cancel);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            over.CancelAfter(TimeSpan.FromSeconds(60));
            Task ended = process.WaitForExitAsync(over.Token);
            Task ready = ReadyAsync(notify, over.Token);
            if (await Task.WhenAny(ready, ended) == ended || !ready.IsCompletedSuccessfully)
                throw new InvalidOperationException($"The daemon did not become ready:\n{await said}");
            double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            double cpu = Usage.Of(process.Id).CpuSeconds * 1000;
            await Task.Delay(Idle, cancel);
            long resident = Usage.Of(process.Id).ResidentBytes;
            using (Process polite = Process.Start("kill", [process.Id.ToString()]))
                await polite.WaitForExitAsync(cancel);
            await ended;
            return new StartRow("", milliseconds, cpu, resident);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task ReadyAsync(Socket notify, CancellationToken cancel)
    {
        byte[] datagram = new byte[4096];
        while (true)
        {
            int length = await notify.ReceiveAsync(datagram, cancel);
            if (Encoding.UTF8.GetString(datagram, 0, length).Split('\n').Contains("READY=1"))
                return;
        }
    }
}
