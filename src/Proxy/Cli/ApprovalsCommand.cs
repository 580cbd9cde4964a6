using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Cli.Admin;
using Spectre.Console;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport approvals</c>: what waits for a person, and saying yes or no to it.</summary>
internal static class ApprovalsCommand
{
    /// <summary>Most lines of a list.</summary>
    private const int Longest = 1000;

    private static readonly string[] Columns = ["ID", "STATUS", "WHO", "TARGET", "ACTION", "WHAT", "UNTIL"];

    public static Command Create() => new("approvals", "What waits for a person's yes, and saying yes or no")
    {
        List(),
        Watch(),
        Show(),
        Approve(),
        Deny(),
        Withdraw(),
        Review(),
        Grants(),
        Revoke(),
    };

    /// <summary>The columns of a list, also of <c>access list</c>.</summary>
    internal static void Table(AdminOutput output, IReadOnlyList<ApprovalSummary> items) => output.Table(items, Columns, Row);

    internal static Argument<Guid> IdArgument() => new("id") { Description = "The request's id", HelpName = "ID" };

    internal static Option<string?> ReasonOption(string what) => new("--reason", "-r") { Description = what, HelpName = "TEXT" };

    private static Command List()
    {
        Option<string?> status = new("--status") { Description = "pending (the default), approved, used, denied, withdrawn, expired, lost, or all", HelpName = "STATUS" };
        Option<string?> subject = new("--subject") { Description = "Only of this subject", HelpName = "SUBJECT" };
        return AdminVerb.Create("list", "List requests, the latest first", [status, subject], async context =>
        {
            string? wanted = context.Value(status) ?? ApprovalStatus.Pending;
            string path = AdminClient.Query("/v1/approvals", ("status", wanted == "all" ? null : wanted), ("subject", context.Value(subject)));
            Table(context.Output, await context.Client.ListAsync<ApprovalSummary>(path, Longest, context.Cancel).ConfigureAwait(false));
            return ExitCode.Done;
        });
    }

    private static Command Watch() => AdminVerb.Create("watch", "Show what waits as it comes and goes, until interrupted", [], async context =>
    {
        IAsyncEnumerable<SseItem<string>> events = context.Client.FollowAsync("/v1/approvals/watch", context.Cancel);
        if (context.Output.IsJson)
        {
            await foreach (SseItem<string> item in events.ConfigureAwait(false))
                context.Output.Text.WriteLine(item.Data);
            return ExitCode.Done;
        }

        bool live = ReferenceEquals(context.Output.Text, Console.Out) && !Console.IsOutputRedirected;
        return live ? await LiveAsync(events).ConfigureAwait(false) : await LinesAsync(events, context.Output).ConfigureAwait(false);
    });

    private static async Task<int> LinesAsync(IAsyncEnumerable<SseItem<string>> events, AdminOutput output)
    {
        await foreach (SseItem<string> item in events.ConfigureAwait(false))
            output.Text.WriteLine(string.Join("  ", Row(Read(item)).Select(cell => AdminOutput.Safe(cell ?? "-"))));
        return ExitCode.Done;
    }

    private static async Task<int> LiveAsync(IAsyncEnumerable<SseItem<string>> events)
    {
        var waiting = new SortedDictionary<Guid, ApprovalSummary>();
        await AnsiConsole.Live(TableOf(waiting.Values)).StartAsync(async view =>
        {
            await foreach (SseItem<string> item in events.ConfigureAwait(false))
            {
                ApprovalSummary one = Read(item);
                if (one.Status == ApprovalStatus.Pending)
                    waiting[one.Id] = one;
                else
                    waiting.Remove(one.Id);
                view.UpdateTarget(TableOf(waiting.Values));
            }
        }).ConfigureAwait(false);
        return ExitCode.Done;
    }

    private static Command Show()
    {
        Argument<Guid> id = IdArgument();
        return AdminVerb.Create("show", "Show all there is to know about a request", [id], async context =>
        {
            ApprovalView view = await context.Client.GetAsync<ApprovalView>(AdminClient.Path($"/v1/approvals/{context.Value(id)}"), context.Cancel).ConfigureAwait(false);
            ApprovalText.Write(context.Output, view);
            return ExitCode.Done;
        });
    }

    private static Command Approve()
    {
        Argument<Guid> id = IdArgument();
        Option<string?> reason = ReasonOption("Why; some rules want it");
        Option<string?> grant = new("--grant") { Description = "What is granted beyond this one run: digest (the same again), rule, target", HelpName = "SCOPE" };
        Option<string?> time = new("--for") { Description = "With --grant: for how long, such as 30m", HelpName = "TIME" };
        return AdminVerb.Create("approve", "Say yes", [id, reason, grant, time], context =>
            DecideAsync(context, context.Value(id), "approve", new ApproveForm(context.Value(reason), context.Value(grant), context.Value(time))));
    }

    private static Command Deny()
    {
        Argument<Guid> id = IdArgument();
        Option<string?> reason = ReasonOption("Why; the one who waits is told");
        return AdminVerb.Create("deny", "Say no", [id, reason], context => DecideAsync(context, context.Value(id), "deny", new ReasonForm(context.Value(reason))));
    }

    private static Command Withdraw()
    {
        Argument<Guid> id = IdArgument();
        return AdminVerb.Create("withdraw", "Take back your own request", [id], context => DecideAsync(context, context.Value(id), "withdraw", new ReasonForm()));
    }

    private static Command Review()
    {
        Argument<Guid?> id = new("id") { Description = "What was looked at; without it, list what is to be looked at", HelpName = "ID", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> note = new("--note", "-n") { Description = "What you found", HelpName = "TEXT" };
        return AdminVerb.Create("review", "List emergencies that nobody has looked at yet, or say that you have looked at one", [id, note], async context =>
        {
            if (context.Parsed.GetValue(id) is { } one)
                return await DecideAsync(context, one, "review", new ReasonForm(context.Value(note))).ConfigureAwait(false);
            Table(context.Output, await context.Client.ListAsync<ApprovalSummary>("/v1/approvals?review=true", Longest, context.Cancel).ConfigureAwait(false));
            return ExitCode.Done;
        });
    }

    private static Command Grants() => AdminVerb.Create("grants", "List what has been granted for a time", [], async context =>
    {
        ApprovalText.Write(context.Output, await context.Client.ListAsync<GrantJson>("/v1/grants", Longest, context.Cancel).ConfigureAwait(false));
        return ExitCode.Done;
    });

    private static Command Revoke()
    {
        Argument<Guid> id = new("id") { Description = "The grant's id", HelpName = "ID" };
        Option<string> reason = new("--reason", "-r") { Description = "Why", HelpName = "TEXT", Required = true };
        return AdminVerb.Create("revoke", "End a grant, and what runs under it", [id, reason], async context =>
        {
            string path = AdminClient.Path($"/v1/grants/{context.Value(id)}?reason={context.Value(reason)}");
            DecidedJson done = await context.Client.SendAsync<DecidedJson>(HttpMethod.Delete, path, null, context.Cancel).ConfigureAwait(false);
            context.Output.Done(done, done.Message);
            return ExitCode.Done;
        });
    }

    private static async Task<int> DecideAsync(AdminContext context, Guid id, string verb, object form)
    {
        DecidedJson done = await context.Client.SendAsync<DecidedJson>(HttpMethod.Post, $"/v1/approvals/{id}/{verb}", form, context.Cancel).ConfigureAwait(false);
        context.Output.Done(done, done.Message);
        return ExitCode.Done;
    }

    private static ApprovalSummary Read(SseItem<string> item) => JsonSerializer.Deserialize<ApprovalSummary>(item.Data, AdminJson.Lenient)
        ?? throw new AdminClientException("the server sent an empty event");

    private static Table TableOf(IEnumerable<ApprovalSummary> items)
    {
        var table = new Table { Border = TableBorder.None };
        foreach (string column in Columns)
            table.AddColumn(column);
        foreach (ApprovalSummary item in items)
            table.AddRow([.. Row(item).Select(cell => (Spectre.Console.Rendering.IRenderable)new Text(AdminOutput.Safe(cell ?? "-")))]);
        return table;
    }

    private static IEnumerable<string?> Row(ApprovalSummary item) =>
    [
        item.Id.ToString(),
        item.BreakGlass ? $"{item.Status} (break-glass{(item.ReviewedBy is { } by ? ", reviewed by " + by : "")})" : item.Status,
        item.ActingFor.Count == 0 ? item.Subject : $"{item.Subject} for {string.Join(" for ", item.ActingFor)}",
        item.Resource.Length == 0 ? item.Target : $"{item.Target}/{item.Resource}",
        item.Kind == ApprovalKind.Action ? item.Action : item.Kind,
        item.Summary,
        item.ExpiresAt.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    ];
}
