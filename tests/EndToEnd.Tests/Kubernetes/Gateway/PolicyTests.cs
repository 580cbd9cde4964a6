using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Gateway;

/// <summary>What a developer may and may not do, and what kubectl says about it.</summary>
[Collection(KubernetesGateways.Name)]
public sealed class PolicyTests(GatewayFixture fixture) : IDisposable
{
    private readonly Kubectl _bob = fixture.Gateway.Kubectl(fixture.Developer);

    public void Dispose() => _bob.Dispose();

    [Theory]
    [InlineData("get pods", "web-0")]
    [InlineData("get pod web-1 -o name", "pod/web-1")]
    [InlineData("logs web-1", "web-1 app line 1")]
    [InlineData("exec web-1 -- ls /", "etc")]
    public async Task This_is_allowed(string command, string shown) =>
        Assert.Contains(shown, (await _bob.RunAsync(command.Split(' '))).Succeeded(), StringComparison.Ordinal);

    [Theory]
    [InlineData("get secrets", "Error from server (Forbidden)", "developers/no-secrets", "Secrets are read from the vault.")]
    [InlineData("get secret db -o yaml", "Error from server (Forbidden): secrets \"db\" is forbidden", "developers/no-secrets")]
    [InlineData("get pods --all-namespaces", "Error from server (Forbidden)", "no policy rule allows to list pods at the cluster scope")]
    [InlineData("get pods -n kube-system", "Error from server (Forbidden)", "in the namespace \"kube-system\"")]
    [InlineData("delete pod web-0", "Error from server (Forbidden)", "delete pods")]
    [InlineData("delete --raw /api/v1/namespaces/shop/pods", "Error from server (Forbidden)", "deletecollection pods")]
    [InlineData("create configmap mine", "configmaps is forbidden: no policy rule allows to create configmaps")]
    [InlineData("exec web-1 -- cat /etc/passwd", "Error from server (Forbidden)", "connect to pods/exec")]
    [InlineData("attach web-1", "rror from server (Forbidden)", "connect to pods/attach")]
    [InlineData("get --raw /api/v1/nodes/node-a/proxy/pods", "Error from server (Forbidden)", "connect to nodes/proxy")]
    [InlineData("get --raw /api/v1/namespaces/shop/pods/web-0/proxy/", "Error from server (Forbidden)", "connect to pods/proxy")]
    [InlineData("get --raw /api/v1/namespaces/shop/pods/web-0/exec?command=ls", "understood")]
    public async Task This_is_not(string command, params string[] said)
    {
        KubectlResult result = await _bob.RunAsync(command.Split(' '));
        Assert.All(said, words => Assert.Contains(words, result.Failed(), StringComparison.Ordinal));
    }

    /// <summary>Over WebSockets and over SPDY alike; kubectl tries the second when the first is refused, and is refused again.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Exec_is_judged_however_it_is_asked_for(bool webSockets)
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Developer, webSockets);
        Assert.Contains("etc", (await kubectl.RunAsync("exec", "web-1", "--", "ls", "/")).Succeeded(), StringComparison.Ordinal);
        Assert.Contains("Forbidden", (await kubectl.RunAsync("exec", "web-1", "--", "sh")).Failed(), StringComparison.Ordinal);
    }

    /// <summary>A method and an upgrade that do not belong together: what counts is the path, and that there is an upgrade.</summary>
    [Theory]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web-1/exec?command=sh", "websocket", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web-1/exec?command=sh", "SPDY/3.1", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/api/v1/namespaces/shop/pods/web-1/attach", "SPDY/3.1", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web-1/%65xec?command=sh", "websocket", HttpStatusCode.BadRequest, HttpStatusCode.Forbidden)]
    [InlineData("GET", "/api/v1/namespaces/shop/pods?watch=1", "websocket", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/api/v1/nodes/node-a/proxy/exec/shop/web-1/app?command=sh", "websocket", HttpStatusCode.Forbidden)]
    [InlineData("GET", "/api/v1/namespaces/shop/pods/web-1/exec?command=ls", "", HttpStatusCode.BadRequest)]
    public async Task Tricks_are_seen_through(string method, string target, string upgrade, params HttpStatusCode[] expected)
    {
        using HttpClient client = Seed.Client(fixture.Gateway.Address, fixture.Gateway.Authority, ClusterCredential.OfToken(fixture.Developer));
        using var request = new HttpRequestMessage(new HttpMethod(method), target) { Version = HttpVersion.Version11 };
        if (upgrade.Length > 0)
        {
            foreach ((string name, string value) in new[] { ("Connection", "Upgrade"), ("Upgrade", upgrade), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "v4.channel.k8s.io") })
                request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Contains(answer.StatusCode, expected);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_port_is_judged(bool webSockets)
    {
        using Kubectl kubectl = fixture.Gateway.Kubectl(fixture.Developer, webSockets);
        int allowed = FreePort.Next();
        int refused = FreePort.Next();
        await using ChildProcess forward = kubectl.Start("port-forward", "pod/web-0", $"{allowed}:{Seed.EchoPort}", $"{refused}:22");
        await forward.WaitForOutputAsync($"-> {Seed.EchoPort}");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        Assert.Contains("/one", await client.GetStringAsync(new Uri($"http://127.0.0.1:{allowed}/one")), StringComparison.Ordinal);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", refused);
        await forward.WaitForOutputAsync("port 22 of pod shop/web-0 is refused by policy rule");
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task A_watch_stays_open_and_its_events_come_at_once()
    {
        IKubernetesCluster cluster = fixture.Cluster;
        using HttpClient client = Seed.Client(fixture.Gateway.Address, fixture.Gateway.Authority, ClusterCredential.OfToken(fixture.Developer));
        using HttpClient direct = Seed.Client(cluster.Address, cluster.Authority, cluster.Admin);
        using HttpResponseMessage answer = await client.GetAsync("/api/v1/namespaces/shop/configmaps?watch=1&labelSelector=quick%3D1", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var late = new List<double>();
        for (int i = 0; i < 20; i++)
        {
            using var body = new StringContent($$$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"quick-{{{{i}}}}","labels":{"quick":"1"}}}""", null, "application/json");
            using HttpResponseMessage created = await direct.PostAsync("/api/v1/namespaces/shop/configmaps", body);
            long now = Stopwatch.GetTimestamp();
            Assert.Contains($"quick-{i}\"", (await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)))!, StringComparison.Ordinal);
            late.Add(Stopwatch.GetElapsedTime(now).TotalMilliseconds);
        }

        // Half of them: one may be late on a machine that does other things, too.
        late.Sort();
        Assert.True(late[10] < 50, $"{late[10]} ms");
    }
}
