using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>What waits for a person, with the real kubectl waiting and Bea, of the approvers, deciding by command.</summary>
public sealed class HoldTests : IAsyncLifetime
{
    private const string Policy = """
        policy: cluster
        rules:
          - {id: everything, effect: allow, verbs: [all], unparsed: true, truncated: true}
          - {id: shells, effect: hold, verbs: [exec], commands: ["sh **"], hint: A lead must approve this., approval: {groups: [approvers]}}
          - {id: removal, effect: hold, verbs: [kube-delete], resources: [configmaps], approval: {groups: [approvers]}}
          - {id: ports, effect: hold, verbs: [kube-connect], resources: [pods/portforward], approval: {groups: [approvers]}}
        """;

    private readonly ControlPlane _control = new();
    private IKubernetesCluster? _cluster;
    private KubernetesGateway? _gateway;

    private KubernetesGateway Gateway => _gateway!;

    public async Task InitializeAsync() => _cluster = await Clusters.StartAsync();

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        _control.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_command_waits_and_then_runs(bool webSockets)
    {
        using Kubectl kubectl = await StartAsync(webSockets: webSockets);
        await using ChildProcess exec = kubectl.Start("exec", "web-0", "-c", "app", "--", "sh", "-c", "echo $COLOUR; exit 7");
        string id = await _control.PendingAsync(Gateway, "/pods/web-0/exec");
        string shown = await BeaAsync("approvals", "show", id);
        Assert.Contains("sh -c", shown, StringComparison.Ordinal);
        Assert.Contains("ada@example.com", shown, StringComparison.Ordinal);
        await BeaAsync("approvals", "approve", id);
        Assert.Equal(7, await exec.WaitForExitAsync());
        Assert.Equal("blue\n", exec.Output);
    }

    [Fact]
    public async Task A_denied_command_is_Forbidden_with_the_reason()
    {
        using Kubectl kubectl = await StartAsync();
        await using ChildProcess exec = kubectl.Start("exec", "web-0", "-c", "app", "--", "sh", "-c", "echo $COLOUR");
        await BeaAsync("approvals", "deny", await _control.PendingAsync(Gateway, "/pods/web-0/exec"), "--reason", "not on a Friday");
        Assert.NotEqual(0, await exec.WaitForExitAsync());
        Assert.Contains("Forbidden", exec.Error, StringComparison.Ordinal);
        Assert.Contains("cluster/shells", exec.Error, StringComparison.Ordinal);
        Assert.Contains("not on a Friday", exec.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("blue", exec.Output, StringComparison.Ordinal);
    }

    /// <summary>kubectl takes the 429 of a WebSocket for a server that does not know them, and asks by SPDY: nobody is asked to approve the same thing twice.</summary>
    [Fact]
    public async Task A_client_that_falls_back_to_SPDY_asks_for_the_same_thing()
    {
        using Kubectl kubectl = await StartAsync("hold-wait: 1s");
        string[] command = ["exec", "web-0", "-c", "app", "--", "sh", "-c", "echo $COLOUR"];
        Assert.Contains("TooManyRequests", (await kubectl.RunAsync(command)).Failed(), StringComparison.Ordinal);
        string id = await _control.PendingAsync(Gateway, "/pods/web-0/exec");
        Assert.Single(await _control.ApprovalsAsync(Gateway));
        await BeaAsync("approvals", "approve", id);
        Assert.Equal("blue\n", (await kubectl.RunAsync(command)).Succeeded());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_forwarded_port_waits_and_then_carries(bool webSockets)
    {
        using Kubectl kubectl = await StartAsync(webSockets: webSockets);
        int port = FreePort.Next();
        await using ChildProcess forward = kubectl.Start("port-forward", "pod/web-0", $"{port}:{Seed.EchoPort}");
        await BeaAsync("approvals", "approve", await _control.PendingAsync(Gateway, "/pods/web-0/portforward"));
        await forward.WaitForOutputAsync("Forwarding from 127.0.0.1");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Contains("/one", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/one")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_waits_and_then_happens()
    {
        using Kubectl kubectl = await StartAsync();
        (await kubectl.RunAsync("create", "configmap", "held", "--from-literal=a=b")).Succeeded();
        await using ChildProcess removal = kubectl.Start("delete", "configmap", "held");
        string id = await _control.PendingAsync(Gateway, "configmaps");
        (await kubectl.RunAsync("get", "configmap", "held")).Succeeded();
        await BeaAsync("approvals", "approve", id);
        Assert.Equal(0, await removal.WaitForExitAsync());
        Assert.Contains("NotFound", (await kubectl.RunAsync("get", "configmap", "held")).Failed(), StringComparison.Ordinal);
    }

    /// <summary>The daemon, and Ada's kubectl.</summary>
    private async Task<Kubectl> StartAsync(string listener = "", bool webSockets = true)
    {
        _gateway = await KubernetesGateway.StartAsync(_cluster!, Policy, _control.Sections, listener);
        return _gateway.Kubectl(await _gateway.TokenAsync("ada@example.com", "admins,system:masters"), webSockets);
    }

    private Task<string> BeaAsync(params string[] arguments) => _control.SaysAsync(Gateway, "bea@example.com", "approvers", arguments);
}
