using Microsoft.EntityFrameworkCore;
using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Compare.Identity;

/// <summary>Medians of the hot path beside some number of approvals that nobody has given.</summary>
/// <param name="Pending">Requests that wait.</param>
/// <param name="Ratio">To none; the median of the rounds' own ratios.</param>
/// <param name="CpuSecondsPer100k">The daemon's own, for 100 000 queries.</param>
internal sealed record PendingRow(int Pending, double Tps, double? Ratio, double P50, double P99, double CpuSecondsPer100k, IReadOnlyList<double> TpsOfRounds);

/// <summary>
/// Sessions that hold nothing must not pay for those that do: pgbench's prepared SELECT through two daemons of which one has thousands of
/// approvals pending, most of them in the store (of sessions of another node) and some of its own sessions.
/// </summary>
internal sealed class PendingLoad(int seconds, int clients, string folder)
{
    /// <summary>Its own sessions that wait: each takes a backend of the target.</summary>
    private const int Own = 100;

    /// <param name="pending">Requests that wait in the second daemon.</param>
    public static async Task<IReadOnlyList<PendingRow>> MeasureAsync(
        Workspace workspace, BenchDatabase database, int rounds, int seconds, int clients, int pending, CancellationToken cancel)
    {
        await using IdentityDaemon none = await IdentityDaemon.StartAsync(workspace, database, "none-pending");
        await using IdentityDaemon many = await IdentityDaemon.StartAsync(workspace, database, "many-pending");
        List<Stream> waiting = [];
        using Log log = Log.ToStandardError(LogFormat.Text);
        try
        {
            await using StateStore store = await StateStore.OpenAsync(many.Store, TimeProvider.System, log, cancel);
            int own = Math.Min(Own, pending);
            await AddAsync(store, pending - own, cancel);
            waiting.AddRange(await HoldAsync(many, own, cancel));
            await VerifyAsync(store, many, pending, own, cancel);
            var load = new PendingLoad(seconds, clients, workspace.At(""));
            IReadOnlyList<PendingRow> rows = await load.RunAsync(none, many, rounds, pending, cancel);
            await VerifyAsync(store, many, pending, own, cancel);
            return rows;
        }
        finally
        {
            foreach (Stream stream in waiting)
                await stream.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<PendingRow>> RunAsync(IdentityDaemon none, IdentityDaemon many, int rounds, int pending, CancellationToken cancel)
    {
        (IdentityDaemon Daemon, int Pending)[] daemons = [(none, 0), (many, pending)];
        foreach ((IdentityDaemon daemon, _) in daemons)
            await OneAsync(daemon, Math.Min(seconds, 3));
        Dictionary<int, List<(PgBenchResult Result, double Cpu)>> runs = daemons.ToDictionary(d => d.Pending, _ => new List<(PgBenchResult, double)>());
        for (int round = 0; round < rounds; round++)
        {
            for (int turn = 0; turn < daemons.Length; turn++)
            {
                cancel.ThrowIfCancellationRequested();
                (IdentityDaemon daemon, int count) = daemons[(turn + round) % daemons.Length];
                await Console.Error.WriteLineAsync($"round {round + 1}/{rounds}: {count} approvals pending");
                runs[count].Add(await OneAsync(daemon, seconds));
            }
        }

        return
        [
            .. runs.Select(run => new PendingRow(
                run.Key,
                Statistics.Median(run.Value.Select(r => r.Result.Tps)),
                run.Key == 0 ? null : Statistics.Median(run.Value.Zip(runs[0], (with, without) => with.Result.Tps / without.Result.Tps)),
                Statistics.Median(run.Value.Select(r => r.Result.P50)),
                Statistics.Median(run.Value.Select(r => r.Result.P99)),
                Statistics.Median(run.Value.Select(r => r.Cpu / r.Result.Transactions * 100_000)),
                [.. run.Value.Select(r => r.Result.Tps)])),
        ];
    }

    private async Task<(PgBenchResult Result, double Cpu)> OneAsync(IdentityDaemon daemon, int time)
    {
        var endpoint = new Endpoint(daemon.PlaintextPort, BenchDatabase.Name, BenchDatabase.User, daemon.LocalToken("reader", IdentityDaemon.Members));
        double before = Usage.Of(daemon.Server.Id).CpuSeconds;
        PgBenchResult result = await PgBench.RunAsync(endpoint, "prepared", clients, time, folder);
        return (result, Usage.Of(daemon.Server.Id).CpuSeconds - before);
    }

    /// <summary>Requests of sessions of another node, which is not there to end them.</summary>
    private static async Task AddAsync(StateStore store, int count, CancellationToken cancel)
    {
        foreach (int[] some in Enumerable.Range(0, count).Chunk(500))
        {
            await store.WriteAsync(
                (db, _) =>
                {
                    db.Approvals.AddRange(some.Select(Row));
                    return Task.FromResult(true);
                },
                cancel);
        }
    }

    private static ApprovalRow Row(int i) => new()
    {
        Id = Guid.CreateVersion7(),
        Kind = ApprovalKind.Action,
        Status = ApprovalStatus.Pending,
        SessionId = Guid.NewGuid(),
        Node = "elsewhere",
        Subject = $"waiting-{i}",
        Issuer = "https://sallyport.example",
        IdentityKind = "human",
        ActingFor = "[]",
        Target = BenchDatabase.Name,
        Rules = """["bench/deletes"]""",
        Policy = "bench",
        ActionDigest = new byte[32],
        Text = new string('x', 1000),
        Parameters = "[]",
        Effects = "[]",
        Terms = ApprovalJson.Write(new ReleaseTerms { Requirements = [new("bench/deletes", 1, ["approvers"], [])] }),
        CreatedAt = DateTimeOffset.UtcNow,
        ExpiresAt = DateTimeOffset.UtcNow.AddHours(12),
    };

    /// <summary>Sessions that wait with a DELETE, each of another subject.</summary>
    private static async Task<List<Stream>> HoldAsync(IdentityDaemon daemon, int count, CancellationToken cancel)
    {
        List<Stream> waiting = [];
        for (int i = 0; i < count; i++)
        {
            LoginEnd end = await daemon.Client.EnterAsync(daemon.LocalToken($"holder-{i}", IdentityDaemon.Members), cancel);
            Stream stream = end.Stream ?? throw new InvalidOperationException($"A session that is to wait was refused: {end.Refusal}");
            waiting.Add(stream);
            await stream.WriteAsync(RawLogin.Message('Q', "DELETE FROM pgbench_history WHERE tid = 1"), cancel);
        }

        return waiting;
    }

    /// <summary>All of them wait, those of its own sessions too; queries are answered rightly meanwhile.</summary>
    private static async Task VerifyAsync(StateStore store, IdentityDaemon daemon, int pending, int own, CancellationToken cancel)
    {
        int waiting = 0;
        double live = 0;
        for (int attempt = 0; attempt < 200 && (waiting != pending || live != own); attempt++)
        {
            waiting = await store.ReadAsync((db, stop) => db.Approvals.CountAsync(a => a.Status == ApprovalStatus.Pending, stop), cancel);
            live = await daemon.CounterAsync("sallyport_holds_pending");
            if (waiting != pending || live != own)
                await Task.Delay(50, cancel);
        }

        if (waiting != pending || live != own)
            throw new InvalidOperationException($"{waiting} approvals wait, {live} of them on the node; {pending} and {own} should.");
        var endpoint = new Endpoint(daemon.PlaintextPort, BenchDatabase.Name, BenchDatabase.User, daemon.LocalToken("reader", IdentityDaemon.Members));
        string answer = (await Tool.RunAsync("psql", ["-X", "-q", "-A", "-t", "-c", "SELECT aid, filler FROM pgbench_accounts WHERE aid = 4711"], endpoint.Environment)).Trim();
        if (answer != "4711|[redacted]")
            throw new InvalidOperationException($"The answer is '{answer}'.");
    }
}
