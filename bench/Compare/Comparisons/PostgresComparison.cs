using System.CommandLine;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Comparisons;

/// <summary>
/// pgbench -S straight to PostgreSQL and through each proxy, interleaved: every round visits every peer for each load, starting with
/// another peer each time, so that what drifts on the machine drifts for all.
/// </summary>
internal sealed class PostgresComparison : IComparison
{
    private static readonly string[] Modes = ["prepared", "simple"];

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write one row per target, mode and number of clients to this file." };
    private readonly Option<int> _rounds = new("--rounds") { Description = "How often each load is run.", DefaultValueFactory = _ => 5 };
    private readonly Option<int> _seconds = new("--seconds") { Description = "How long each run takes.", DefaultValueFactory = _ => 5 };
    private readonly Option<string> _clients = new("--clients") { Description = "Numbers of clients.", DefaultValueFactory = _ => "1,16,64" };
    private readonly Option<string?> _peers = new("--peers") { Description = "Only these peers, separated by commas (direct is always there)." };

    public string Name => "postgres";

    public string Description => "pgbench -S through PostgreSQL itself, PgBouncer, HAProxy and Sallyport";

    public Command Command()
    {
        var command = new Command(Name, Description) { _json, _rounds, _seconds, _clients, _peers };
        command.SetAction((parsed, cancel) => RunAsync(
            new Plan(
                Math.Max(1, parsed.GetValue(_rounds)),
                Math.Max(1, parsed.GetValue(_seconds)),
                [.. parsed.GetValue(_clients)!.Split(',').Select(int.Parse)],
                parsed.GetValue(_peers)?.Split(',')),
            parsed.GetValue(_json)?.FullName,
            cancel));
        return command;
    }

    private static async Task RunAsync(Plan plan, string? json, CancellationToken cancel)
    {
        using var workspace = new Workspace();
        await using BenchDatabase database = await BenchDatabase.StartAsync(workspace);
        List<IPeer> peers = [];
        try
        {
            await StartPeersAsync(peers, workspace, database, plan);
            foreach (IPeer peer in peers)
                await peer.VerifyAsync();
            List<Sample> samples = await MeasureAsync(plan, peers, workspace, cancel);
            IReadOnlyList<Row> rows = Row.From(samples);
            PostgresReport.Print(Machine.Current(), plan, rows);
            if (json is not null)
                PostgresReport.WriteJson(json, Machine.Current(), plan, rows);
        }
        finally
        {
            foreach (IPeer peer in Enumerable.Reverse(peers))
                await peer.DisposeAsync();
        }
    }

    private static async Task StartPeersAsync(List<IPeer> peers, Workspace workspace, BenchDatabase database, Plan plan)
    {
        peers.Add(new Direct(database));
        if (plan.Wants("pgbouncer"))
            peers.Add(await PgBouncer.StartAsync(workspace, database));
        if (plan.Wants("haproxy"))
            peers.Add(await HAProxy.StartAsync(workspace, database));
        if (plan.Wants("sallyport"))
            peers.Add(await SallyportPeer.StartAsync(workspace, database, restricted: true));
        if (plan.Wants("sallyport-off"))
            peers.Add(await SallyportPeer.StartAsync(workspace, database, restricted: false));
    }

    private static async Task<List<Sample>> MeasureAsync(Plan plan, List<IPeer> peers, Workspace workspace, CancellationToken cancel)
    {
        // Caches fill and code is compiled before anything counts.
        foreach (IPeer peer in peers)
        {
            foreach (string mode in Modes)
                await PgBench.RunAsync(peer.Endpoint, mode, 16, Math.Min(plan.Seconds, 3), workspace.At(""));
        }

        List<Sample> samples = [];
        for (int round = 0; round < plan.Rounds; round++)
        {
            foreach (string mode in Modes)
            {
                foreach (int clients in plan.Clients)
                {
                    await Console.Error.WriteLineAsync($"round {round + 1}/{plan.Rounds}: {mode}, {clients} clients");
                    for (int turn = 0; turn < peers.Count; turn++)
                    {
                        cancel.ThrowIfCancellationRequested();
                        samples.Add(await MeasureAsync(peers[(turn + round) % peers.Count], mode, clients, plan.Seconds, workspace.At("")));
                    }
                }
            }
        }

        return samples;
    }

    private static async Task<Sample> MeasureAsync(IPeer peer, string mode, int clients, int seconds, string folder)
    {
        if (peer.ProcessId is not { } process)
            return new Sample(peer.Name, mode, clients, await PgBench.RunAsync(peer.Endpoint, mode, clients, seconds, folder), null, null);

        Usage before = Usage.Of(process);
        Task<PgBenchResult> running = PgBench.RunAsync(peer.Endpoint, mode, clients, seconds, folder);
        long resident = 0;
        while (await Task.WhenAny(running, Task.Delay(500)) != running)
            resident = Math.Max(resident, Usage.Of(process).ResidentBytes);
        PgBenchResult result = await running;
        Usage after = Usage.Of(process);
        return new Sample(peer.Name, mode, clients, result, after.CpuSeconds - before.CpuSeconds, Math.Max(resident, after.ResidentBytes));
    }
}
