using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Compare.Identity;

/// <summary>Medians of one way to keep events.</summary>
/// <param name="How"><c>keep</c>: each is awaited, on disk and in the store; <c>note</c>: the caller goes on.</param>
/// <param name="InFlight">Events that wait at a time.</param>
internal sealed record AuditRow(string How, int InFlight, double PerSecond, IReadOnlyList<double> PerSecondOfRounds);

/// <summary>The audit in this process: a file and SQLite behind it, as the daemon has them.</summary>
internal static class AuditLoad
{
    /// <summary>Notes between two events that are awaited: fewer than the audit queues, as it drops what finds no room.</summary>
    private const int Wave = 8000;

    private static readonly (string How, int InFlight)[] Ways = [("keep", 1), ("keep", 64), ("keep", 2000), ("note", Wave)];

    private static readonly AuditEvent Event = new("login.accepted", new AuditActor("alice@example.com", "https://sallyport.example", []))
    {
        Object = "session:0193c9d2-7a10-7a43-9d0c-6f2f4a1f7f5e",
        Target = "shop",
        RuleId = "support/read",
        Details = new Dictionary<string, string> { ["action"] = "statement select", ["client"] = "psql" },
    };

    /// <param name="events">Events of each run.</param>
    public static async Task<IReadOnlyList<AuditRow>> MeasureAsync(Workspace workspace, int rounds, int events, CancellationToken cancel)
    {
        Dictionary<(string How, int InFlight), List<double>> rates = Ways.ToDictionary(way => way, _ => new List<double>());
        for (int round = -1; round < rounds; round++)
        {
            foreach ((string how, int inFlight) in Ways)
            {
                // One at a time waits for the disk each time.
                int count = inFlight == 1 ? Math.Max(1, events / 100) : events;
                await Console.Error.WriteLineAsync(round < 0 ? $"warming up: audit, {how}, {inFlight}" : $"round {round + 1}/{rounds}: audit, {how}, {inFlight}");
                double rate = await RunAsync(workspace, how, inFlight, round < 0 ? Math.Min(count, 5000) : count, cancel);
                if (round >= 0)
                    rates[(how, inFlight)].Add(rate);
            }
        }

        return [.. rates.Select(run => new AuditRow(run.Key.How, run.Key.InFlight, Statistics.Median(run.Value), run.Value))];
    }

    private static async Task<double> RunAsync(Workspace workspace, string how, int inFlight, int events, CancellationToken cancel)
    {
        string folder = workspace.At("audit-" + Guid.NewGuid().ToString("n"));
        var config = new StoreConfig
        {
            Sqlite = new ConfigPath(Path.Combine(folder, "state.db"), default),
            Key = new SecretReference(SecretSource.File, "", default),
        };
        string file = Path.Combine(folder, "audit.jsonl");
        using Log log = Log.ToStandardError(LogFormat.Text);
        double seconds;
        int kept = events;
        await using (StateStore store = await StateStore.OpenAsync(config, TimeProvider.System, log, cancel))
        {
            await using (AuditStream audit = AuditStream.Open(file, "bench", store, alone: true, TimeProvider.System, log))
            {
                long start = Stopwatch.GetTimestamp();
                if (how == "keep")
                    await KeepAsync(audit, inFlight, events, cancel);
                else
                    kept += await NoteAsync(audit, events, cancel);
                seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (audit.Lost != 0)
                    throw new InvalidOperationException($"{audit.Lost} events were lost.");
            }

            await VerifyAsync(store, file, kept, cancel);
        }

        Directory.Delete(folder, recursive: true);
        return kept / seconds;
    }

    private static Task KeepAsync(AuditStream audit, int inFlight, int events, CancellationToken cancel)
    {
        int next = 0;
        return Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Increment(ref next) <= events)
                    await audit.KeepAsync(Event, cancel);
            },
            cancel)));
    }

    /// <summary>Returns how many events were awaited beside the notes.</summary>
    private static async Task<int> NoteAsync(AuditStream audit, int events, CancellationToken cancel)
    {
        int awaited = 0;
        for (int noted = 0; noted < events;)
        {
            for (int end = Math.Min(noted + Wave, events); noted < end; noted++)
                audit.Note(Event);
            await audit.KeepAsync(Event, cancel);
            awaited++;
        }

        return awaited;
    }

    /// <summary>Every event is in the file, each line follows from the one before it, and the store has as many.</summary>
    private static async Task VerifyAsync(StateStore store, string file, int events, CancellationToken cancel)
    {
        int lines = 0;
        foreach ((long line, string what) in AuditChain.Verify(AuditFile.ReadAll(file).Select(l =>
        {
            lines++;
            return l;
        })))
            throw new InvalidOperationException($"{file}: line {line} {what}");
        int rows = await store.ReadAsync((db, stop) => db.Set<Proxy.Store.Entities.AuditRow>().CountAsync(stop), cancel);
        if (lines != events || rows != events)
            throw new InvalidOperationException($"Of {events} events {lines} are in the file and {rows} in the store.");
    }
}
