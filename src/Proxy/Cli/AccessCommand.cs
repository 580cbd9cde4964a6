using System.CommandLine;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Cli.Admin;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport access</c>: what one asks for, has been given, and takes in an emergency.</summary>
internal static class AccessCommand
{
    private const int Longest = 1000;

    public static Command Create() => new("access", "Ask for a group for a time, see it, give it back; break the glass") { Request(), List(), End(), BreakGlass() };

    private static Command Request()
    {
        Option<string> group = new("--group", "-g") { Description = "The group to be of", HelpName = "GROUP", Required = true };
        Option<string> target = TargetOption();
        Option<string> time = new("--for") { Description = "For how long, such as 2h", HelpName = "TIME", Required = true };
        Option<string?> reason = ApprovalsCommand.ReasonOption("Why");
        return AdminVerb.Create("request", "Ask to be of a group for a time", [group, target, time, reason], context =>
            SendAsync(context, "/v1/access", new AccessForm(context.Value(group)!, context.Value(target)!, context.Value(time)!, context.Value(reason))));
    }

    private static Command List()
    {
        Option<bool> requests = new("--requests") { Description = "What was asked for, instead of what was given" };
        return AdminVerb.Create("list", "List what you have been given", [requests], async context =>
        {
            if (context.Value(requests))
                ApprovalsCommand.Table(context.Output, await context.Client.ListAsync<ApprovalSummary>("/v1/me/approvals", Longest, context.Cancel).ConfigureAwait(false));
            else
                ApprovalText.Write(context.Output, await context.Client.ListAsync<GrantJson>("/v1/me/grants", Longest, context.Cancel).ConfigureAwait(false));
            return ExitCode.Done;
        });
    }

    private static Command End()
    {
        Argument<Guid> id = new("id") { Description = "The grant's id, as access list shows it", HelpName = "ID" };
        return AdminVerb.Create("end", "Give something back before its time", [id], async context =>
        {
            DecidedJson done = await context.Client.SendAsync<DecidedJson>(HttpMethod.Delete, $"/v1/me/grants/{context.Value(id)}", null, context.Cancel).ConfigureAwait(false);
            context.Output.Done(done, done.Message);
            return ExitCode.Done;
        });
    }

    private static Command BreakGlass()
    {
        Option<string?> target = new("--target", "-t") { Description = "Open this target to yourself", HelpName = "TARGET" };
        Option<string> time = new("--for") { Description = "For how long, 1h at most", HelpName = "TIME", DefaultValueFactory = _ => "15m" };
        Option<Guid?> id = new("--id") { Description = "Or let through this one request of yours that waits", HelpName = "ID" };
        Option<string> reason = new("--reason", "-r") { Description = "Why; everyone is told", HelpName = "TEXT", Required = true };
        Command command = AdminVerb.Create("break-glass", "Go ahead alone in an emergency: everyone is told, and it is reviewed", [target, time, id, reason], context =>
            context.Value(id) is { } one
                ? SendAsync(context, $"/v1/approvals/{one}/break-glass", new ReasonForm(context.Value(reason)))
                : SendAsync(context, "/v1/break-glass", new BreakGlassForm(context.Value(target)!, context.Value(time)!, context.Value(reason))));
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(target) is null == (parsed.GetValue(id) is null))
                parsed.AddError("Say --target or --id.");
        });
        return command;
    }

    private static Option<string> TargetOption() => new("--target", "-t") { Description = "On which target", HelpName = "TARGET", Required = true };

    private static async Task<int> SendAsync(AdminContext context, string path, object form)
    {
        DecidedJson done = await context.Client.SendAsync<DecidedJson>(HttpMethod.Post, path, form, context.Cancel).ConfigureAwait(false);
        context.Output.Done(done, $"{done.Message} ({done.Id})");
        return ExitCode.Done;
    }
}
