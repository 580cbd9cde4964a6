using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport explain</c>: how policy would judge what somebody would do, and why, rule by rule. Nothing is connected to.</summary>
internal static class ExplainCommand
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public static Command Create()
    {
        Option<FileInfo> config = CommandLine.ConfigOption();
        Option<string> subject = new("--subject", "-s") { Description = "Who would act", HelpName = "SUBJECT", Required = true };
        Option<string[]> groups = Subject.GroupsOption();
        Option<IdentityKind> kind = Subject.KindOption();
        Option<string> issuer = new("--issuer") { Description = "Who vouches for the subject; the local issuer by default, else the broker, else the first", HelpName = "ISSUER" };
        Option<string> target = new("--target", "-t") { Description = "On which target", HelpName = "TARGET", Required = true };
        Option<string> database = new("--database", "-d", "--account") { Description = "In which database, or as which account; the target's own by default", HelpName = "NAME" };
        Option<IPAddress?> source = new("--source") { Description = "From which address; 127.0.0.1 by default", HelpName = "IP", CustomParser = Address };
        Option<DateTimeOffset?> at = new("--at") { Description = "When, such as 2030-01-31T22:00:00+01:00; now by default", HelpName = "TIME", CustomParser = Time };
        var intent = new IntentOptions();
        Option<bool> json = new("--json") { Description = "Print JSON" };
        var command = new Command("explain", "Say how policy judges what somebody would do, and why; without anything to do, their login") { config, subject, groups, kind, issuer, target, database, source, at, json };
        foreach (Option option in intent.All)
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            TextWriter output = parsed.InvocationConfiguration.Output, error = parsed.InvocationConfiguration.Error;
            if (ConfigFile.Read(parsed.GetRequiredValue(config), error) is not { } read)
                return ExitCode.Config;
            var who = new Contract.Identity
            {
                Subject = parsed.GetRequiredValue(subject),
                Groups = [.. Subject.Groups(parsed.GetValue(groups))],
                Kind = parsed.GetValue(kind),
                Issuer = parsed.GetValue(issuer) ?? read.Local?.Rules.Issuer ?? read.Broker?.Issuer ?? read.Issuers[0].Rules.Issuer,
                ExpiresAt = DateTimeOffset.MaxValue,
            };
            DateTimeOffset when = parsed.GetValue(at) ?? DateTimeOffset.UtcNow;
            if (Facts(read, who, parsed.GetRequiredValue(target), parsed.GetValue(database), parsed.GetValue(source), when, error) is not { } facts)
                return ExitCode.Failed;
            Intent wanted = intent.Read(parsed);
            bool isKubernetes = read.Targets.First(candidate => candidate.Name == facts.Target).Http is { IsKubernetes: true };
            if (wanted.Unfit(facts.Protocol, isKubernetes) is { } why)
            {
                error.WriteLine($"sallyport: {why}");
                return ExitCode.Usage;
            }

            PolicyStore? policy = PolicyLoader.Load(read, new FixedTime(when), out IReadOnlyList<Diagnostic> diagnostics);
            Report.Write(error, diagnostics);
            return policy is null ? ExitCode.Config : Print(DryRun.Explain(policy.Explain, facts, wanted, isKubernetes), parsed.GetValue(json), output);
        });
        return command;
    }

    private static SessionFacts? Facts(
        DaemonConfig config, Contract.Identity who, string target, string? database, IPAddress? source, DateTimeOffset when, TextWriter error)
    {
        TargetConfig? found = config.Targets.FirstOrDefault(candidate => candidate.Name == target);
        if (found is null)
        {
            string? near = Nearest.Of(target, config.Targets.Select(candidate => candidate.Name));
            error.WriteLine($"sallyport: there is no target \"{target}\"{(near is null ? "" : $" (did you mean \"{near}\"?)")}");
            return null;
        }

        return new SessionFacts
        {
            SessionId = Guid.Empty,
            Node = config.Node,
            Listener = "explain",
            Protocol = found.Protocol,
            Identity = who,
            Target = target,
            Resource = database ?? found.Database,
            Source = new IPEndPoint(source ?? IPAddress.Loopback, 0),
            StartedAt = when,
            ClientTls = true,
        };
    }

    private static int Print(List<ExplainedAction> explained, bool json, TextWriter output)
    {
        if (json)
            output.WriteLine(JsonSerializer.Serialize(explained, JsonOptions));
        foreach (ExplainedAction one in json ? [] : explained)
        {
            output.WriteLine($"== {Printable(one.Action)}");
            ExplanationText.Write(output, one.Explanation);
        }

        return explained.Any(one => one.Explanation.Verdict == VerdictKind.Deny) ? ExitCode.Denied
            : explained.Any(one => one.Explanation.Verdict == VerdictKind.Hold) ? ExitCode.Held
            : ExitCode.Done;
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static IPAddress? Address(ArgumentResult result)
    {
        if (result.Tokens.Count == 1 && IPAddress.TryParse(result.Tokens[0].Value, out IPAddress? address))
            return address;
        result.AddError("--source must be an IP address.");
        return null;
    }

    private static DateTimeOffset? Time(ArgumentResult result)
    {
        if (result.Tokens.Count == 1 && DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return time;
        result.AddError("--at must be a time such as 2030-01-31T22:00:00+01:00.");
        return null;
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
