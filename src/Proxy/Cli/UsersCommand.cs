using System.CommandLine;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Identity.Local;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport users</c>.</summary>
internal static class UsersCommand
{
    public static Command Create() => new("users", "Who may log in, and in which groups they are")
    {
        List(),
        Invite(),
        Reset(),
        Change("disable", "Let a user in no more, and end what they do"),
        Change("enable", "Let a user in again"),
        new Command("groups", "A user's groups") { Group("add", "Add a user to a group", HttpMethod.Put), Group("remove", "Take a user out of a group", HttpMethod.Delete) },
    };

    private static Command List()
    {
        Option<int> most = Options.Most();
        return AdminVerb.Create("list", "List users", [most], async context =>
        {
            List<UserView> users = await context.Client.ListAsync<UserView>("/v1/users", context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(users, ["USER", "FROM", "STATE", "SECOND FACTOR", "LAST LOGIN", "GROUPS"], user =>
                [user.Subject, user.Provider ?? "here", State(user), user.HasTotp ? "yes" : "no", AdminOutput.Time(user.LastLoginAt), string.Join(", ", user.Groups)]);
            return ExitCode.Done;
        });
    }

    private static Command Invite()
    {
        Argument<string> user = Options.Name("user");
        Option<string?> name = new("--display-name") { Description = "The person's name", HelpName = "NAME" };
        Option<string?> email = new("--email") { Description = "The person's e-mail address", HelpName = "EMAIL" };
        Option<string[]> groups = new("--group", "-g") { Description = "A group they are to be in; may be repeated", HelpName = "GROUP", AllowMultipleArgumentsPerToken = true };
        return AdminVerb.Create("invite", "Make a user; prints the address by which they choose a password, once", [user, name, email, groups], async context =>
        {
            InvitationJson answer = await context.Client.SendAsync<InvitationJson>(
                HttpMethod.Post, "/v1/users", new UserInviteJson(context.Value(user), context.Value(name), context.Value(email), context.Value(groups) ?? []), context.Cancel).ConfigureAwait(false);
            context.Output.Done(answer, answer.Invitation);
            return ExitCode.Done;
        });
    }

    private static Command Reset()
    {
        Argument<string> user = Options.Name("user");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("reset", "Take a user's password, second factor and logins; prints a new invitation", [user, reason], async context =>
        {
            InvitationJson answer = await context.Client.SendAsync<InvitationJson>(
                HttpMethod.Post, AdminClient.Path($"/v1/users/{context.Value(user)}/reset"), new UserReasonJson(context.Value(reason)!), context.Cancel).ConfigureAwait(false);
            context.Output.Done(answer, answer.Invitation);
            return ExitCode.Done;
        });
    }

    private static Command Change(string verb, string description)
    {
        Argument<string> user = Options.Name("user");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create(verb, description, [user, reason], async context =>
        {
            UserChangedJson answer = await context.Client.SendAsync<UserChangedJson>(
                HttpMethod.Post, AdminClient.Path($"/v1/users/{context.Value(user)}/") + verb, new UserReasonJson(context.Value(reason)!), context.Cancel).ConfigureAwait(false);
            context.Output.Done(answer, $"{answer.Subject}: {verb}d");
            return ExitCode.Done;
        });
    }

    private static Command Group(string verb, string description, HttpMethod method)
    {
        Argument<string> user = Options.Name("user");
        Argument<string> group = Options.Name("group");
        return AdminVerb.Create(verb, description, [user, group], async context =>
        {
            UserChangedJson answer = await context.Client.SendAsync<UserChangedJson>(
                method, AdminClient.Path($"/v1/users/{context.Value(user)}/groups/{context.Value(group)}"), null, context.Cancel).ConfigureAwait(false);
            context.Output.Done(answer, $"{answer.Subject}: done");
            return ExitCode.Done;
        });
    }

    private static string State(UserView user) =>
        user.Disabled ? "disabled" : user.LockedUntil is not null ? "waits" : user.InvitationOpen ? "invited" : user.Provider is null && !user.HasPassword ? "no password" : "active";
}
