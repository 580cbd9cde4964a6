using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Cli.Client;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;

namespace Sallyport.Proxy.Cli;

/// <summary>
/// <c>sallyport token</c>: prints a token of one's login. <c>sallyport token create</c>: signs a token of the local issuer. Neither prints anything
/// else on stdout.
/// </summary>
internal static class TokenCommand
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<string> subject = new("--subject", "-s") { Description = "Who the token is for", HelpName = "SUBJECT", Required = true };
        Option<string[]> groups = Subject.GroupsOption();
        Option<IdentityKind> kind = Subject.KindOption();
        Option<TimeSpan?> ttl = new("--ttl") { Description = "How long it is good for, such as 30m or 8h; 1h by default", HelpName = "TIME", CustomParser = Duration };
        Option<string[]> actingFor = new("--acting-for") { Description = "Whom the subject acts for; repeat it for a chain, nearest first", HelpName = "SUBJECT" };
        Option<bool> forAdmin = new("--admin") { Description = "For the admin API instead of targets" };
        var create = new Command("create", "Sign a token of the local issuer and print it") { config, forAdmin, subject, groups, kind, ttl, actingFor };
        create.SetAction(parsed => Run(
            parsed.GetRequiredValue(config),
            new TokenMinter.Request
            {
                Subject = parsed.GetRequiredValue(subject),
                Groups = Subject.Groups(parsed.GetValue(groups)),
                Kind = parsed.GetValue(kind),
                ActingFor = parsed.GetValue(actingFor) ?? [],
                Lifetime = parsed.GetValue(ttl) ?? TimeSpan.FromHours(1),
            },
            parsed.GetValue(forAdmin) ? DaemonLogin.AdminAudienceSuffix : "",
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        Option<Uri?> broker = UrlOption.Create("Where you are logged in; needed when you are at several", "--broker");
        Option<bool> admin = new("--admin") { Description = "A token for the admin API instead of one for targets" };
        Option<bool> json = new("--json") { Description = "Print JSON, with the time it ends" };
        Option<FileInfo?> file = ClientConfig.FileOption();
        var token = new Command("token", "Print a fresh access token of your login, and nothing else") { create, broker, admin, json, file };
        token.SetAction((parsed, cancel) => ClientRun.GuardAsync(parsed, async () =>
        {
            var session = new ClientSession(ClientConfig.Read(parsed.GetValue(file)), SavedLogins.Default, TimeProvider.System);
            string scope = parsed.GetValue(admin) ? ClientSession.AdminScope : ClientSession.DataScope;
            (SavedLogin login, SavedToken fresh) = await session.TokenAsync(parsed.GetValue(broker), scope, cancel).ConfigureAwait(false);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new { fresh.Token, fresh.ExpiresAt, login.Subject, login.Issuer }, JsonSerializerOptions.Web)
                : fresh.Token);
            return ExitCode.Done;
        }));
        return token;
    }

    private static int Run(FileInfo file, TokenMinter.Request request, string audienceSuffix, TextWriter output, TextWriter error)
    {
        if (ConfigFile.Read(file, error) is not { } config)
            return ExitCode.Config;
        if (config.Local is not { } local)
        {
            error.WriteLine("sallyport: the configuration has no identity.local");
            return ExitCode.Config;
        }

        if (request.Lifetime > local.Rules.LongestLifetime)
        {
            error.WriteLine($"sallyport: --ttl is longer than identity.local.max-lifetime ({Durations.Format(local.Rules.LongestLifetime.Value)}): the daemon would refuse the token");
            return ExitCode.Failed;
        }

        try
        {
            using ECDsa key = LocalKey.Read(local.Key.Path);
            output.WriteLine(TokenMinter.Mint(key, local.Rules.Issuer, local.Rules.Audiences[0] + audienceSuffix, request, DateTimeOffset.UtcNow));
            return ExitCode.Done;
        }
        catch (IOException failure)
        {
            error.WriteLine($"sallyport: {local.Key.Path}: {failure.Message} (sallyport keys create makes a key)");
            return ExitCode.Failed;
        }
    }

    private static TimeSpan? Duration(ArgumentResult result)
    {
        if (result.Tokens.Count == 1 && Durations.TryParse(result.Tokens[0].Value, out TimeSpan time) && time >= Shortest)
            return time;
        result.AddError("--ttl needs a length of time, such as 30m or 8h.");
        return null;
    }
}
