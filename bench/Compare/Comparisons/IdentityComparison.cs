using System.CommandLine;
using Sallyport.Compare.Identity;
using Sallyport.Compare.Postgres;

namespace Sallyport.Compare.Comparisons;

/// <summary>What knowing who it is costs: logins, the hot path beside pending approvals, the audit, and starting with all of it.</summary>
internal sealed class IdentityComparison : IComparison
{
    private static readonly string[] Parts = ["logins", "approvals", "audit", "start"];

    private readonly Option<FileInfo?> _json = new("--json") { Description = "Write what was measured to this file." };
    private readonly Option<int> _rounds = new("--rounds") { Description = "How often each load is run.", DefaultValueFactory = _ => 5 };
    private readonly Option<int> _seconds = new("--seconds") { Description = "How long each run of pgbench takes.", DefaultValueFactory = _ => 5 };
    private readonly Option<int> _clients = new("--clients") { Description = "Clients at a time.", DefaultValueFactory = _ => 16 };
    private readonly Option<int> _logins = new("--logins") { Description = "Logins of each run.", DefaultValueFactory = _ => 1000 };
    private readonly Option<int> _pending = new("--pending") { Description = "Approvals that wait.", DefaultValueFactory = _ => 10_000 };
    private readonly Option<int> _events = new("--events") { Description = "Events of each run of the audit.", DefaultValueFactory = _ => 100_000 };
    private readonly Option<string> _only = new("--only") { Description = "Only these, separated by commas: logins, approvals, audit, start.", DefaultValueFactory = _ => string.Join(',', Parts) };

    public string Name => "identity";

    public string Description => "logins by token over TLS, SELECTs beside 10,000 pending approvals, audit events, starting with a store";

    public Command Command()
    {
        var command = new Command(Name, Description) { _json, _rounds, _seconds, _clients, _logins, _pending, _events, _only };
        command.Validators.Add(result =>
        {
            foreach (string part in (result.GetValue(_only) ?? string.Join(',', Parts)).Split(',').Except(Parts))
                result.AddError($"--only: {part} is none of {string.Join(", ", Parts)}.");
        });
        command.SetAction((parsed, cancel) => RunAsync(
            new IdentityPlan
            {
                Rounds = Math.Max(1, parsed.GetValue(_rounds)),
                Seconds = Math.Max(1, parsed.GetValue(_seconds)),
                Clients = Math.Max(1, parsed.GetValue(_clients)),
                Logins = Math.Max(1, parsed.GetValue(_logins)),
                Pending = Math.Max(1, parsed.GetValue(_pending)),
                Events = Math.Max(1, parsed.GetValue(_events)),
                Only = parsed.GetValue(_only)!.Split(','),
            },
            parsed.GetValue(_json)?.FullName,
            cancel));
        return command;
    }

    private static async Task RunAsync(IdentityPlan plan, string? json, CancellationToken cancel)
    {
        using var workspace = new Workspace();
        await using BenchDatabase database = await BenchDatabase.StartAsync(workspace);
        var results = new IdentityResults();
        if (plan.Only.Contains("logins"))
            (results.Logins, results.TokensIssuedPerSecond) = await LoginLoad.MeasureAsync(workspace, database, plan.Rounds, plan.Clients, plan.Logins, cancel);
        if (plan.Only.Contains("approvals"))
            results.Approvals = await PendingLoad.MeasureAsync(workspace, database, plan.Rounds, plan.Seconds, plan.Clients, plan.Pending, cancel);
        if (plan.Only.Contains("audit"))
            results.Audit = await AuditLoad.MeasureAsync(workspace, plan.Rounds, plan.Events, cancel);
        if (plan.Only.Contains("start"))
            results.Start = await StartLoad.MeasureAsync(workspace, database, plan.Rounds, cancel);
        IdentityReport.Print(Machine.Current(), plan, results);
        if (json is not null)
            IdentityReport.WriteJson(json, Machine.Current(), plan, results);
    }
}

/// <summary>What the command line asked for.</summary>
internal sealed record IdentityPlan
{
    public required int Rounds { get; init; }

    public required int Seconds { get; init; }

    public required int Clients { get; init; }

    public required int Logins { get; init; }

    public required int Pending { get; init; }

    public required int Events { get; init; }

    public required IReadOnlyList<string> Only { get; init; }
}

/// <summary>What was measured; null: it was not asked for.</summary>
internal sealed class IdentityResults
{
    public IReadOnlyList<LoginRow>? Logins { get; set; }

    /// <summary>By the broker, to agents with a secret.</summary>
    public double? TokensIssuedPerSecond { get; set; }

    public IReadOnlyList<PendingRow>? Approvals { get; set; }

    public IReadOnlyList<AuditRow>? Audit { get; set; }

    public IReadOnlyList<StartRow>? Start { get; set; }
}
