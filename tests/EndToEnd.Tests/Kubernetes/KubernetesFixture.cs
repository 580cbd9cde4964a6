using Sallyport.Shared.KubernetesServer;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes;

/// <summary>One cluster for all tests of Kubernetes: the server in memory, or the real one that SALLYPORT_KUBERNETES names.</summary>
public sealed class KubernetesFixture : IAsyncLifetime, IWayToCluster
{
    private IKubernetesCluster? _cluster;

    public IKubernetesCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

    public string Mark => "direct-";

    public Kubectl Kubectl(bool webSockets = true) => Kubernetes.Kubectl.Direct(Cluster, webSockets);

    public async Task InitializeAsync() => _cluster = await Clusters.StartAsync();

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class KubernetesClusters : ICollectionFixture<KubernetesFixture>
{
    public const string Name = "kubernetes";
}

/// <summary>Traits of tests, for filters.</summary>
public static class ClusterTraits
{
    public const string Name = "cluster";

    /// <summary>It needs to see what the API saw, or to set it up otherwise, which a real kube-apiserver does not let it: <c>eng/conformance</c> leaves it out.</summary>
    public const string Local = "local";
}
