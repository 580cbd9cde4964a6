using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Commands;

/// <summary>kubectl: reading.</summary>
public abstract class ReadingCommands(IWayToCluster way) : IDisposable
{
    private readonly Kubectl _kubectl = way.Kubectl();

    public void Dispose()
    {
        _kubectl.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Words that must be in the output; the words of the command line are separated by blanks.</summary>
    [Theory]
    [InlineData("version", "Server Version: v")]
    [InlineData("api-resources", "widgets", "wd", "example.com/v1", "deployments", "deploy")]
    [InlineData("api-versions", "apps/v1", "example.com/v1")]
    [InlineData("get pods", "READY", "RESTARTS", "web-0", "2/2", "1/1", "Running")]
    [InlineData("get pods -o wide", "NOMINATED NODE", "node-a")]
    [InlineData("get pods -o name", "pod/web-0\npod/web-1")]
    [InlineData("get po,svc,deploy", "pod/web-0", "service/web", "deployment.apps/web")]
    [InlineData("get pods --chunk-size=1", "web-0", "web-1")]
    [InlineData("get pods --show-labels", "app=web,index=1")]
    [InlineData("get nodes", "node-a", "Ready")]
    [InlineData("get namespaces", "shop", "Active")]
    [InlineData("get events", "Started container app")]
    [InlineData("get secret db", "Opaque", "2")]
    [InlineData("get secret db -o yaml", "password: Y2FuYXJ5LXNlY3JldC00NzEx", "kind: Secret")]
    [InlineData("get secret db -o jsonpath={.data.user}", "c2hvcA==")]
    [InlineData("get configmap settings -o json", "\"colour\": \"blue\"")]
    [InlineData("get widgets", "first")]
    [InlineData("get wd first -o jsonpath={.spec.size}", "1")]
    [InlineData("get deployments", "web", "AVAILABLE")]
    [InlineData("describe pod web-0", "registry.example.com/web:1", "COLOUR:    blue")]
    [InlineData("describe secret db", "password:  18 bytes")]
    [InlineData("get --raw /healthz", "ok")]
    [InlineData("get --raw /api/v1/namespaces/shop/pods/web-0?pretty=1", "\"web-0\"")]
    [InlineData("auth can-i create pods", "yes")]
    [InlineData("create token default", "eyJ")]
    [InlineData("logs web-0 -c app", "web-0 app line 1\nweb-0 app line 2\nweb-0 app line 3")]
    [InlineData("logs web-0 --all-containers --prefix", "[pod/web-0/app] web-0 app line 1", "[pod/web-0/side] web-0 side line 3")]
    [InlineData("logs -l index=1 --tail=-1", "web-1 app line 1")]
    [InlineData("explain pods", "KIND:", "Pod")]
    public async Task It_shows(string command, params string[] expected)
    {
        string output = (await _kubectl.RunAsync(command.Split(' '))).Succeeded();
        Assert.All(expected, e => Assert.Contains(e, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("get pods -l index=1", "web-1", "web-0")]
    [InlineData("get pods -l index!=1", "web-0", "web-1")]
    [InlineData("get pods -l index in (0,7)", "web-0", "web-1")]
    [InlineData("get pods --field-selector metadata.name=web-1", "web-1", "web-0")]
    [InlineData("logs web-0 --tail=1 -c=app", "line 3", "line 2")]
    public async Task It_shows_this_and_not_that(string command, string shown, string hidden)
    {
        string[] words = command.Split(' ', 4);
        string output = (await _kubectl.RunAsync(words)).Succeeded();
        Assert.Contains(shown, output, StringComparison.Ordinal);
        Assert.DoesNotContain(hidden, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("get nonsense", "the server doesn't have a resource type \"nonsense\"")]
    [InlineData("get pod nobody", "Error from server (NotFound): pods \"nobody\" not found")]
    [InlineData("get --raw /apis/nowhere/v1", "NotFound")]
    [InlineData("exec web-0 -c nobody -- true", "container nobody is not valid for pod web-0")]
    [InlineData("logs nobody", "rror from server (NotFound): pods \"nobody\" not found")]
    public async Task It_is_refused(string command, string error) =>
        Assert.Contains(error, (await _kubectl.RunAsync(command.Split(' '))).Failed(), StringComparison.Ordinal);

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task Without_aggregated_discovery_every_group_is_asked()
    {
        LocalCluster cluster = way.Cluster.Local!;
        int before = cluster.Seen.Count;
        cluster.AggregatedDiscovery = false;
        try
        {
            Assert.Contains("widgets", (await _kubectl.RunAsync("api-resources")).Succeeded(), StringComparison.Ordinal);
        }
        finally
        {
            cluster.AggregatedDiscovery = true;
        }

        Assert.Contains(cluster.Seen.After(before), r => r.Path == "/apis/example.com/v1");
    }

    [Fact]
    public async Task Logs_are_followed_line_by_line()
    {
        var log = way.Cluster.Node.Container(Seed.Space, Seed.OtherPod, Seed.App).Log;
        await using ChildProcess following = _kubectl.Start("logs", "-f", Seed.OtherPod);
        await following.WaitForOutputAsync("web-1 app line 3");
        log.Write("while followed");
        await following.WaitForOutputAsync("while followed");
        Assert.False(following.HasExited);
    }
}
