using System.CommandLine;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Ssh;

namespace Sallyport.Compare.Comparisons;

/// <summary>
/// OpenSSH's clients straight to OpenSSH's sshd, through a second sshd whose ForceCommand is ssh, and through Sallyport with policy and recording; interleaved:
/// every round visits every peer for each load, starting with another one each time.
/// </summary>
internal sealed class SshComparison : IComparison
{
    private static readonly string[] Parts = ["echo", "sessions", "bulk"];

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write what was measured to this file." };
    private readonly Option<int?> _rounds = new("--rounds") { Description = "How often each load is run; 3, or 1 when quick." };
    private readonly Option<int?> _megabytes = new("--megabytes") { Description = "MiB of each copy, half of it by sftp and with other ciphers than the first; 1024, or 256 when quick." };
    private readonly Option<int?> _seconds = new("--seconds") { Description = "How long each run of sessions and of echoes takes; 3, or 2 when quick." };
    private readonly Option<int> _clients = new("--clients") { Description = "Clients at a time that open sessions.", DefaultValueFactory = _ => 8 };
    private readonly Option<string> _ciphers = new("--ciphers")
    {
        Description = "Ciphers, the first of which is used for everything: aes128-gcm, aes256-gcm, chacha20, aes128-ctr.",
        DefaultValueFactory = _ => string.Join(',', SshCipherCase.All.Select(c => c.Word)),
    };

    private readonly Option<string> _only = new("--only") { Description = "Only these: echo, sessions, bulk.", DefaultValueFactory = _ => string.Join(',', Parts) };
    private readonly Option<bool> _quick = new("--quick") { Description = "One short round, to see that it works and roughly where it stands." };

    public string Name => "ssh";

    public string Description => "copies by cipher, sessions, echoes: OpenSSH itself, a double hop of OpenSSH, Sallyport";

    public Command Command()
    {
        var command = new Command(Name, Description) { _json, _rounds, _megabytes, _seconds, _clients, _ciphers, _only, _quick };
        command.Validators.Add(result =>
        {
            foreach (string part in (result.GetValue(_only) ?? Parts[0]).Split(',').Except(Parts))
                result.AddError($"--only: {part} is none of {string.Join(", ", Parts)}.");
            foreach (string word in (result.GetValue(_ciphers) ?? SshCipherCase.All[0].Word).Split(',').Except(SshCipherCase.All.Select(c => c.Word)))
                result.AddError($"--ciphers: {word} is none of {string.Join(", ", SshCipherCase.All.Select(c => c.Word))}.");
        });
        command.SetAction((parsed, cancel) =>
        {
            bool quick = parsed.GetValue(_quick);
            var plan = new SshPlan
            {
                Rounds = Math.Max(1, parsed.GetValue(_rounds) ?? (quick ? 1 : 3)),
                Megabytes = Math.Max(2, parsed.GetValue(_megabytes) ?? (quick ? 256 : 1024)),
                Seconds = Math.Max(1, parsed.GetValue(_seconds) ?? (quick ? 2 : 3)),
                Clients = Math.Max(1, parsed.GetValue(_clients)),
                Ciphers = [.. parsed.GetValue(_ciphers)!.Split(',').Distinct().Select(word => SshCipherCase.All.Single(c => c.Word == word))],
                Only = parsed.GetValue(_only)!.Split(','),
            };
            return RunAsync(plan, parsed.GetValue(_json)?.FullName, cancel);
        });
        return command;
    }

    private static async Task RunAsync(SshPlan plan, string? json, CancellationToken cancel)
    {
        using var workspace = new Workspace();
        SshMaterial material = await SshMaterial.CreateAsync(workspace, (long)plan.Megabytes << 20);
        List<ISshPeer> peers = [];
        try
        {
            SshDirect direct = await SshDirect.StartAsync(material, plan.Ciphers);
            peers.Add(direct);
            peers.Add(await SshDoubleHop.StartAsync(workspace, material, direct, plan.Ciphers));
            peers.Add(await SshSallyport.StartAsync(workspace, material, direct, plan.Ciphers));
            List<SshRun> runs = await MeasureAsync(plan, peers, material, workspace, cancel);
            IReadOnlyList<SshRow> rows = SshRow.From(runs);
            SshReport.Print(Machine.Current(), plan, rows);
            if (json is not null)
                SshReport.WriteJson(json, Machine.Current(), plan, rows);
        }
        finally
        {
            foreach (ISshPeer peer in Enumerable.Reverse(peers))
                await peer.DisposeAsync();
        }
    }

    private static async Task<List<SshRun>> MeasureAsync(SshPlan plan, List<ISshPeer> peers, SshMaterial material, Workspace workspace, CancellationToken cancel)
    {
        SshCipherCase first = plan.Ciphers[0];
        // Nothing is timed that moves the wrong bytes; code is compiled meanwhile, and caches fill.
        foreach (ISshPeer peer in peers)
        {
            await Console.Error.WriteLineAsync($"checking: {peer.Name}");
            foreach (SshCipherCase cipher in plan.Ciphers)
                await SshCopy.VerifyAsync(peer, cipher, material, workspace);
            // A daemon's key exchanges are compiled well only once they have run some dozens of times.
            await SshLogins.ProcessesAsync(peer, first, material, plan.Clients, Math.Min(2, plan.Seconds));
            await SshLogins.LightAsync(peer, first, plan.Clients, Math.Min(2, plan.Seconds));
            peer.Tidy();
        }

        List<SshRun> runs = [];
        for (int round = 0; round < plan.Rounds; round++)
        {
            foreach ((string what, Func<ISshPeer, Task<SshRun[]>> run) in Loads(plan, material, workspace))
            {
                await Console.Error.WriteLineAsync($"round {round + 1}/{plan.Rounds}: {what}");
                for (int turn = 0; turn < peers.Count; turn++)
                {
                    cancel.ThrowIfCancellationRequested();
                    ISshPeer peer = peers[(turn + round) % peers.Count];
                    runs.AddRange(await run(peer));
                    peer.Tidy();
                }
            }
        }

        return runs;
    }

    private static IEnumerable<(string What, Func<ISshPeer, Task<SshRun[]>> Run)> Loads(SshPlan plan, SshMaterial material, Workspace workspace)
    {
        SshCipherCase first = plan.Ciphers[0];
        if (plan.Only.Contains("echo"))
            yield return ("echo", peer => SshEcho.RunAsync(peer, first, material, plan.Seconds));
        if (plan.Only.Contains("sessions"))
        {
            yield return ("sessions by ssh", async peer => [await SshLogins.ProcessesAsync(peer, first, material, plan.Clients, plan.Seconds)]);
            yield return ("sessions by the light client", async peer => [await SshLogins.LightAsync(peer, first, plan.Clients, plan.Seconds)]);
        }

        if (!plan.Only.Contains("bulk"))
            yield break;
        foreach (SshCipherCase cipher in plan.Ciphers)
        {
            foreach (SshCopy copy in cipher == first ? (SshCopy[])[SshCopy.DownZeros, SshCopy.Down, SshCopy.Up, SshCopy.Get, SshCopy.Put] : [SshCopy.Down with { Half = true }, SshCopy.Up with { Half = true }, SshCopy.Get, SshCopy.Put])
                yield return ($"{copy.Load}, {cipher.Word}", async peer => [await copy.RunAsync(peer, cipher, material, workspace)]);
        }
    }
}

/// <summary>What the command line asked for.</summary>
internal sealed record SshPlan
{
    public required int Rounds { get; init; }

    public required int Megabytes { get; init; }

    public required int Seconds { get; init; }

    public required int Clients { get; init; }

    public required IReadOnlyList<SshCipherCase> Ciphers { get; init; }

    public required IReadOnlyList<string> Only { get; init; }
}
