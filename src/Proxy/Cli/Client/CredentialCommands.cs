using System.CommandLine;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Identity.Logins;

namespace Sallyport.Proxy.Cli.Client;

/// <summary><c>sallyport tokens</c>, <c>sallyport passwords</c> and <c>sallyport revocations</c>, by the admin API.</summary>
internal static class CredentialCommands
{
    public static Command Tokens()
    {
        Option<string?> subject = new("--subject", "-s") { Description = "Whose; yours by default, others' for administrators", HelpName = "SUBJECT" };
        Option<bool> all = new("--all") { Description = "Everybody's (administrators)" };
        Command list = AdminVerb.Create("list", "List API tokens", [subject, all], async context =>
        {
            Page<ApiTokenJson> page = await context.Client.GetAsync<Page<ApiTokenJson>>(
                AdminClient.Query("/v1/tokens", ("subject", context.Value(subject)), ("all", context.Value(all) ? true : null)), context.Cancel).ConfigureAwait(false);
            context.Output.Table(page.Items, ["ID", "NAME", "SUBJECT", "SCOPES", "EXPIRES", "LAST USED", "FROM", "STATE"], token =>
            [
                token.Id.ToString(), token.Name, token.Subject, string.Join(',', token.Scopes), AdminOutput.Time(token.ExpiresAt), AdminOutput.Time(token.LastUsedAt),
                token.LastUsedFrom, token.RevokedAt is not null ? "revoked" : token.ExpiresAt <= DateTimeOffset.UtcNow ? "expired" : "good",
            ]);
            return ExitCode.Done;
        });

        Argument<string> name = new("NAME") { Description = "What it is for" };
        Option<string[]> scopes = new("--scope") { Description = "target:NAME, target:* or admin:ROLE; repeat it for more", HelpName = "SCOPE", Required = true };
        Option<string[]> sources = new("--from") { Description = "An address or range it may be used from; anywhere by default", HelpName = "CIDR" };
        Option<string> ttl = new("--ttl") { Description = "How long it is good for, at most 366d", HelpName = "TIME", DefaultValueFactory = _ => "30d" };
        Command create = AdminVerb.Create("create", "Make an API token and print it: it is shown once", [name, subject, scopes, sources, ttl], async context =>
        {
            var request = new NewApiTokenRequest(
                context.Value(name), context.Value(ttl)!, context.Value(scopes) ?? [], context.Value(sources) is { Length: > 0 } from ? from : null, context.Value(subject));
            NewApiTokenJson made = await context.Client.SendAsync<NewApiTokenJson>(HttpMethod.Post, "/v1/tokens", request, context.Cancel).ConfigureAwait(false);
            context.Output.Done(made, made.Token);
            return ExitCode.Done;
        });
        return new Command("tokens", "API tokens: for programs that cannot log in") { list, create, Revoke("revoke", "token", "/v1/tokens") };
    }

    public static Command Passwords()
    {
        Option<bool> all = new("--all") { Description = "Everybody's (administrators)" };
        Command list = AdminVerb.Create("list", "List issued passwords that are still good", [all], async context =>
        {
            Page<IssuedPasswordJson> page = await context.Client.GetAsync<Page<IssuedPasswordJson>>(
                AdminClient.Query("/v1/passwords", ("all", context.Value(all) ? true : null)), context.Cancel).ConfigureAwait(false);
            context.Output.Table(page.Items, ["ID", "USER", "SUBJECT", "TARGETS", "EXPIRES", "LAST USED"], password =>
                [password.Id.ToString(), password.User, password.Subject, string.Join(',', password.Targets), AdminOutput.Time(password.ExpiresAt), AdminOutput.Time(password.LastUsedAt)]);
            return ExitCode.Done;
        });

        Option<string?> target = new("--target", "-t") { Description = "The only target it may be used for", HelpName = "TARGET" };
        Option<string> ttl = new("--ttl") { Description = "How long it is good for, no longer than your login", HelpName = "TIME", DefaultValueFactory = _ => "1h" };
        Command issue = AdminVerb.Create("issue", "Issue a user name and password for drivers that know no tokens: shown once", [target, ttl], async context =>
        {
            NewPasswordJson issued = await context.Client.SendAsync<NewPasswordJson>(
                HttpMethod.Post, "/v1/passwords", new NewPasswordRequest(context.Value(ttl), context.Value(target)), context.Cancel).ConfigureAwait(false);
            context.Output.Fields(issued, ("user", issued.User), ("password", issued.Password), ("expires", AdminOutput.Time(issued.ExpiresAt)));
            return ExitCode.Done;
        });
        return new Command("passwords", "Issued passwords: for drivers that know no tokens") { list, issue, Revoke("revoke", "password", "/v1/passwords") };
    }

    public static Command Revocations()
    {
        Command list = AdminVerb.Create("list", "List revocations in force", [], async context =>
        {
            Page<RevocationJson> page = await context.Client.GetAsync<Page<RevocationJson>>("/v1/revocations", context.Cancel).ConfigureAwait(false);
            context.Output.Table(page.Items, ["AT", "KIND", "VALUE", "ISSUER", "REASON"], revocation =>
                [AdminOutput.Time(revocation.At), revocation.Kind, revocation.Value, revocation.Issuer, revocation.Reason]);
            return ExitCode.Done;
        });

        Argument<string> kind = new("KIND") { Description = "token (its jti), login (its sid), subject or group" };
        Argument<string> value = new("VALUE") { Description = "Which: the jti, the sid, the subject's or the group's name" };
        Option<string?> issuer = new("--issuer") { Description = "The issuer that it is of; the broker by default", HelpName = "URL" };
        Option<string> reason = Reason();
        Command create = AdminVerb.Create("create", "Revoke all that was issued up to now; sessions follow within a second", [kind, value, issuer, reason], async context =>
        {
            var request = new RevocationRequest(context.Value(kind), context.Value(value), context.Value(reason)!, context.Value(issuer));
            RevocationJson made = await context.Client.SendAsync<RevocationJson>(HttpMethod.Post, "/v1/revocations", request, context.Cancel).ConfigureAwait(false);
            context.Output.Done(made, $"revoked {made.Kind} {made.Value}");
            return ExitCode.Done;
        });
        return new Command("revocations", "Revoke a token, a login, a subject or a group, at once") { list, create };
    }

    /// <param name="verb">The command's name.</param>
    internal static Command Revoke(string verb, string what, string path)
    {
        Argument<Guid> id = new("ID") { Description = "Its id" };
        Option<string> reason = Reason();
        return AdminVerb.Create(verb, $"{char.ToUpperInvariant(verb[0])}{verb[1..]} a {what}: nobody gets in by it, and who is in is out within a second", [id, reason], async context =>
        {
            RevokedJson revoked = await context.Client.SendAsync<RevokedJson>(
                HttpMethod.Delete, AdminClient.Query(path + AdminClient.Path($"/{context.Value(id)}"), ("reason", context.Value(reason))), null, context.Cancel).ConfigureAwait(false);
            context.Output.Done(revoked, $"{what} {revoked.Id} lets nobody in any more");
            return ExitCode.Done;
        });
    }

    private static Option<string> Reason() => new("--reason", "-r") { Description = "Why; kept in the audit", HelpName = "TEXT", Required = true };
}
