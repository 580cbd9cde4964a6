using Sallyport.EndToEnd.Tests.Kubernetes.Commands;
using Sallyport.Shared.KubernetesServer;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Seeds;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes.Direct;

/// <summary>Straight to the cluster, so that what kubectl meets behind the proxy is known to be right.</summary>
[Collection(KubernetesClusters.Name)]
public sealed class ReadingTests(KubernetesFixture way) : ReadingCommands(way);

/// <inheritdoc cref="ReadingTests"/>
[Collection(KubernetesClusters.Name)]
public sealed class WritingTests(KubernetesFixture way) : WritingCommands(way);

/// <inheritdoc cref="ReadingTests"/>
[Collection(KubernetesClusters.Name)]
public sealed class StreamingTests(KubernetesFixture way) : StreamingCommands(way);

/// <inheritdoc cref="ReadingTests"/>
[Collection(KubernetesClusters.Name)]
public sealed class LibraryTests(KubernetesFixture way) : LibraryCommands(way);

/// <summary>Who the cluster takes somebody for, without a proxy.</summary>
[Collection(KubernetesClusters.Name)]
public sealed class IdentityTests(KubernetesFixture way) : IDisposable
{
    private readonly Kubectl _admin = Kubectl.Direct(way.Cluster);

    public void Dispose() => _admin.Dispose();

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task A_stranger_is_unauthorized()
    {
        using var stranger = new Kubectl(Kubeconfig.Write(way.Cluster.Address, way.Cluster.Authority, ClusterCredential.OfToken("stranger")));
        Assert.Contains("Unauthorized", (await stranger.RunAsync("get", "--raw", "/api/v1/pods")).Failed(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task A_client_certificate_is_its_subject()
    {
        LocalCluster cluster = way.Cluster.Local!;
        using var kubectl = new Kubectl(Kubeconfig.Write(cluster.Address, cluster.Authority, cluster.NewCertificate("carol", "devs", "writers")));
        string who = (await kubectl.RunAsync("auth", "whoami", "-o", "json")).Succeeded();
        Assert.Contains("\"username\": \"carol\"", who, StringComparison.Ordinal);
        Assert.Contains("\"writers\"", who, StringComparison.Ordinal);
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task What_the_api_saw_is_known()
    {
        LocalCluster cluster = way.Cluster.Local!;
        int before = cluster.Seen.Count;
        (await _admin.RunAsync("get", "--raw", "/api/v1/namespaces/shop/pods?limit=7", "--as", "bob", "--as-group", "devs", "--as-group", "ops", "--as-uid", "42")).Succeeded();
        SeenRequest seen = Assert.Single(cluster.Seen.After(before));
        Assert.Equal(("GET", "/api/v1/namespaces/shop/pods", "?limit=7", "HTTP/2", 200), (seen.Method, seen.Path, seen.Query, seen.Protocol, seen.Status));
        Assert.Equal("admin", seen.User!.Name);
        Assert.Equal("bob", seen.Impersonated!.Name);
        Assert.Equal("42", seen.Impersonated.Uid);
        Assert.Equal(["devs", "ops", "system:authenticated"], seen.Impersonated.Groups);
        Assert.Equal(["devs", "ops"], seen.Header("impersonate-group"));
    }

    [Fact, Trait(ClusterTraits.Name, ClusterTraits.Local)]
    public async Task Nobody_impersonates_without_the_right_to()
    {
        LocalCluster cluster = way.Cluster.Local!;
        using var kubectl = new Kubectl(Kubeconfig.Write(cluster.Address, cluster.Authority, cluster.NewToken("mallory", "devs"), space: Seed.Space));
        Assert.Contains("cannot impersonate", (await kubectl.RunAsync("get", "--raw", "/api/v1/pods", "--as", "admin")).Failed(), StringComparison.Ordinal);
    }
}
