using System.CommandLine;
using Sallyport.Contract;
using Sallyport.Proxy.Cli.Admin;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Local;

namespace Sallyport.Proxy.Cli;

/// <summary><c>sallyport agents</c>.</summary>
internal static class AgentsCommand
{
    public static Command Create() => new("agents", "Agents and services, and who answers for them") { List(), Register(), Change("disable", "Stop an agent"), Change("enable", "Let an agent act again") };

    private static Command List()
    {
        Option<int> most = Options.Most();
        return AdminVerb.Create("list", "List agents", [most], async context =>
        {
            List<AgentJson> agents = await context.Client.ListAsync<AgentJson>("/v1/agents", context.Value(most), context.Cancel).ConfigureAwait(false);
            context.Output.Table(agents, ["AGENT", "KIND", "OWNER", "STATE", "LAST USED", "GROUPS", "PURPOSE"], agent =>
                [agent.Name, agent.Kind.ToString().ToLowerInvariant(), agent.Owner, agent.Disabled ? "disabled" : "active", AdminOutput.Time(agent.LastUsedAt), string.Join(", ", agent.Groups), agent.Purpose]);
            return ExitCode.Done;
        });
    }

    private static Command Register()
    {
        Argument<string> agent = Options.Name("agent");
        Option<string> owner = new("--owner") { Description = "The person who answers for it", HelpName = "SUBJECT", Required = true };
        Option<string> purpose = new("--purpose") { Description = "What it is for", HelpName = "TEXT", Required = true };
        Option<bool> service = new("--service") { Description = "It is a service and not an AI agent" };
        Option<string[]> groups = new("--group", "-g") { Description = "A group that its tokens may carry; may be repeated", HelpName = "GROUP", AllowMultipleArgumentsPerToken = true };
        Option<int> minutes = new("--token-minutes") { Description = "How long its tokens live", HelpName = "MINUTES", DefaultValueFactory = _ => 15 };
        Option<FileInfo?> key = new("--public-key") { Description = "Its public key (JWK), by which it signs; without one it gets a secret, which is printed once", HelpName = "FILE" };
        return AdminVerb.Create("register", "Register an agent or service", [agent, owner, purpose, service, groups, minutes, key], async context =>
        {
            string? jwk = context.Value(key) is { } file ? await File.ReadAllTextAsync(file.FullName, context.Cancel).ConfigureAwait(false) : null;
            var body = new AgentCreateJson(
                context.Value(agent), context.Value(service) ? IdentityKind.Service : IdentityKind.Agent, context.Value(owner)!, context.Value(purpose)!, context.Value(groups) ?? [], context.Value(minutes), jwk);
            AgentAnswerJson answer = await context.Client.SendAsync<AgentAnswerJson>(HttpMethod.Post, "/v1/agents", body, context.Cancel).ConfigureAwait(false);
            context.Output.Done(answer, answer.Secret ?? $"{answer.Name}: registered");
            return ExitCode.Done;
        });
    }

    private static Command Change(string verb, string description)
    {
        Argument<string> agent = Options.Name("agent");
        Option<string> reason = Options.Reason();
        return AdminVerb.Create(verb, description, [agent, reason], async context =>
        {
            AgentAnswerJson answer = await context.Client.SendAsync<AgentAnswerJson>(
                HttpMethod.Post, AdminClient.Path($"/v1/agents/{context.Value(agent)}/") + verb, new UserReasonJson(context.Value(reason)!), context.Cancel).ConfigureAwait(false);
            context.Output.Done(answer, $"{answer.Name}: {verb}d");
            return ExitCode.Done;
        });
    }
}
