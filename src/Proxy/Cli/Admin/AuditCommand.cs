using System.CommandLine;
using System.Text.Json;
using Sallyport.Proxy.Admin.Routes;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport audit</c>: what was done, by whom.</summary>
internal static class AuditCommand
{
    public static Command Create() => new("audit", "What was done, by whom") { Query(), Export(), Verify(), AuditFilesVerb.Create() };

    private static Command Query()
    {
        (Option[] filter, Func<AdminContext, string, (string, object?)[], string> path) = Filter();
        Option<int> most = Options.Most();
        return AdminVerb.Create("query", "List events, newest first; all that is known of them with --json", [.. filter, most], async context =>
        {
            List<AuditJson> events = await context.Client.ListAsync<AuditJson>(path(context, "/v1/audit", []), context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(events, ["TIME", "TYPE", "OUTCOME", "WHO", "OBJECT", "REASON"], item =>
                [Text(item.Event, "time"), Text(item.Event, "type"), Text(item.Event, "outcome"), Who(item.Event), Text(item.Event, "object"), Text(item.Event, "reason")]);
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
        Option<string> type = new("--type") { Description = "Only of this type; it may end in *", HelpName = "TYPE" };
        Option<string> actor = new("--actor") { Description = "Only by this subject", HelpName = "SUBJECT" };
        Option<string> target = new("--target", "-t") { Description = "Only on this target", HelpName = "TARGET" };
        Option<Guid?> session = new("--session") { Description = "Only of this session", HelpName = "ID" };
        return ([since, until, type, actor, target, session], (context, path, more) => AdminClient.Query(path,
        [
            ("from", context.Value(since)), ("to", context.Value(until)), ("type", context.Value(type)), ("actor", context.Value(actor)), ("target", context.Value(target)),
            ("session", context.Value(session)), .. more,
        ]));
    }

    private static string? Text(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value) ? value.ToString() : null;

    /// <summary>Whoever did it, and for whom; nothing for what the daemon did by itself.</summary>
    private static string? Who(JsonElement item)
    {
        if (!item.TryGetProperty("actor", out JsonElement actor))
            return null;
        return actor.TryGetProperty("actingFor", out JsonElement chain)
            ? string.Join(" > ", [Text(actor, "subject"), .. chain.EnumerateArray().Select(one => one.ToString())])
            : Text(actor, "subject");
    }
}
