using System.CommandLine;
using Sallyport.Proxy.Admin.Routes;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport nodes</c>.</summary>
internal static class NodesCommand
{
    public static Command Create() => AdminVerb.Create("nodes", "List the nodes", [], async context =>
    {
        List<NodeJson> nodes = await context.Client.ListAsync<NodeJson>("/v1/nodes", 1000, context.Cancel).ConfigureAwait(false);
        context.Output.Table(nodes, ["NODE", "ALIVE", "VERSION", "STARTED", "LAST SEEN", "SESSIONS", "POLICY"], node =>
            [node.IsSelf ? node.Name + " *" : node.Name, node.IsAlive ? "yes" : "no", node.Version, AdminOutput.Time(node.StartedAt), AdminOutput.Time(node.LastSeenAt), $"{node.Sessions}", node.Policy[..Math.Min(12, node.Policy.Length)]]);
        return ExitCode.Done;
    });
}
