using System.CommandLine;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Admin.Routes;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport sessions</c>: who is in, what they do, and stopping them.</summary>
internal static class SessionsCommand
{
    public static Command Create() => new("sessions", "Live sessions of all nodes") { List(), Show(), Follow(), Order("freeze", "Refuse all that a session does from now on"), Order("resume", "Let a frozen session go on"), Order("terminate", "End a session") };

    private static Command List()
    {
        Option<string> subject = new("--subject", "-s") { Description = "Only of this subject", HelpName = "SUBJECT" };
        Option<string> target = new("--target", "-t") { Description = "Only on this target", HelpName = "TARGET" };
        Option<string> node = new("--node") { Description = "Only on this node", HelpName = "NODE" };
        Option<int> most = Options.Most();
        return AdminVerb.Create("list", "List live sessions, newest first", [subject, target, node, most], async context =>
        {
            string path = AdminClient.Query("/v1/sessions", ("subject", context.Value(subject)), ("target", context.Value(target)), ("node", context.Value(node)));
            List<SessionJson> sessions = await context.Client.ListAsync<SessionJson>(path, context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(sessions, ["SESSION", "STARTED", "SUBJECT", "TARGET", "SOURCE", "NODE", "STATE"], session =>
                [session.Id.ToString(), AdminOutput.Time(session.StartedAt), string.Join(" > ", [session.Subject, .. session.ActingFor]), Target(session), session.Source, session.Node, session.State]);
            return ExitCode.Done;
        });
    }

    private static Command Show()
    {
        Argument<Guid> id = Options.Id("session");
        return AdminVerb.Create("show", "Show a live session", [id], async context =>
        {
            SessionJson session = await context.Client.GetAsync<SessionJson>(AdminClient.Path($"/v1/sessions/{context.Value(id)}"), context.Cancel).ConfigureAwait(false);
            context.Output.Fields(
                session, ("session", session.Id.ToString()), ("state", session.State), ("subject", session.Subject), ("acting for", Join(session.ActingFor)), ("groups", Join(session.Groups)),
                ("kind", session.Kind), ("issuer", session.Issuer), ("target", Target(session)), ("node", session.Node), ("listener", session.Listener), ("source", session.Source),
                ("application", session.ClientApplication), ("started", AdminOutput.Time(session.StartedAt)), ("identity ends", AdminOutput.Time(session.IdentityExpiresAt)), ("approval", session.Approval));
            return ExitCode.Done;
        });
    }

    private static Command Follow()
    {
        Argument<Guid> id = Options.Id("session");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("follow", "Show what a session does, as it happens", [id, reason], async context =>
        {
            string path = AdminClient.Path($"/v1/sessions/{context.Value(id)}/follow?reason={context.Value(reason)}");
            await foreach (SseItem<string> item in context.Client.FollowAsync(path, context.Cancel).ConfigureAwait(false))
            {
                if (context.Output.IsJson)
                    context.Output.Text.WriteLine(item.Data);
                else if (item.EventType != "session" && JsonSerializer.Deserialize<TranscriptJson>(item.Data, AdminJson.Lenient) is { } told)
                    context.Output.Text.WriteLine(AdminOutput.Safe(TranscriptLine.Of(told)));
            }

            return ExitCode.Done;
        });
    }

    private static Command Order(string verb, string description)
    {
        Argument<Guid> id = Options.Id("session");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create(verb, description, [id, reason], async context =>
        {
            var body = new ReasonJson(context.Value(reason)!);
            SessionJson session = await context.Client.SendAsync<SessionJson>(HttpMethod.Post, AdminClient.Path($"/v1/sessions/{context.Value(id)}/") + verb, body, context.Cancel).ConfigureAwait(false);
            context.Output.Done(session, $"{session.Id}: {session.State}");
            return ExitCode.Done;
        });
    }

    private static string Target(SessionJson session) => session.Resource is null ? session.Target : $"{session.Target}/{session.Resource}";

    private static string? Join(IReadOnlyList<string>? values) => values is { Count: > 0 } ? string.Join(", ", values) : null;
}
