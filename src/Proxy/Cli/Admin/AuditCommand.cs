using System.CommandLine;
using System.Text.Json;
using Sallyport.Proxy.Admin.Routes;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport audit</c>: what was done, by whom.</summary>
internal static class AuditCommand
{
    public static Command Create() => new("audit", "The audit") { Query(), Export(), Verify(), AuditFilesVerb.Create() };

    private static Command Query()
    {
        (Option[] filter, Func<AdminContext, string, (string, object?)[], string> path) = Filter();
        Option<int> most = Options.Most();
        return AdminVerb.Create("query", "List events, newest first", [.. filter, most], async context =>
        {
            List<AuditJson> events = await context.Client.ListAsync<AuditJson>(path(context, "/v1/audit", []), context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(events, ["SEQUENCE", "EVENT"], item => [$"{item.Sequence}", JsonSerializer.Serialize(item.Event)]);
            return ExitCode.Done;
        });
    }

    private static Command Export()
    {
        (Option[] filter, Func<AdminContext, string, (string, object?)[], string> path) = Filter();
        Option<string> reason = Options.Reason();
        Option<FileInfo?> output = Options.Output();
        return AdminVerb.Create("export", "Get events as JSON lines, oldest first", [.. filter, reason, output], async context =>
        {
            string from = path(context, "/v1/audit/export", [("reason", context.Value(reason))]);
            await Options.WriteAsync(context.Value(output), stream => context.Client.DownloadAsync(from, stream, context.Cancel)).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }

    private static Command Verify() => AdminVerb.Create("verify", "Say whether the chain of events is whole", [], async context =>
    {
        AuditProofJson proof = await context.Client.GetAsync<AuditProofJson>("/v1/audit/verify", context.Cancel).ConfigureAwait(false);
        context.Output.Fields(proof, ("whole", proof.IsWhole ? "yes" : "no"), ("events", $"{proof.Events}"), ("broken", proof.Broken));
        return proof.IsWhole ? ExitCode.Done : ExitCode.Failed;
    });

    private static (Option[] Options, Func<AdminContext, string, (string, object?)[], string> Path) Filter()
    {
        Option<DateTimeOffset?> since = Options.Since(), until = Options.Until();
        Option<string> type = new("--type") { Description = "Only of this type; it may end in *" };
        Option<string> actor = new("--actor") { Description = "Only by this subject" };
        Option<string> target = new("--target", "-t") { Description = "Only on this target" };
        Option<Guid?> session = new("--session") { Description = "Only of this session" };
        return ([since, until, type, actor, target, session], (context, path, more) => AdminClient.Query(path,
        [
            ("from", context.Value(since)), ("to", context.Value(until)), ("type", context.Value(type)), ("actor", context.Value(actor)), ("target", context.Value(target)),
            ("session", context.Value(session)), .. more,
        ]));
    }
}
