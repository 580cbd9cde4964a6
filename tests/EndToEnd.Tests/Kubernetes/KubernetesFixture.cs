using Sallyport.Shared.KubernetesServer;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Kubernetes;

/// <summary>One cluster for all tests of Kubernetes: the server in memory, or the real one that SALLYPORT_KUBERNETES names.</summary>
public sealed class KubernetesFixture : IAsyncLifetime
{
    private IKubernetesCluster? _cluster;

    public IKubernetesCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster has not been started.");

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

/// <summary>A test that needs to see what the API saw, or to set it up otherwise: not with a real kube-apiserver.</summary>
public sealed class LocalClusterFactAttribute : FactAttribute
{
    public LocalClusterFactAttribute()
    {
        if (Clusters.IsReal)
            Skip = "A real kube-apiserver does not tell what it saw.";
    }
}

/// <summary>As <see cref="LocalClusterFactAttribute"/>, with data.</summary>
public sealed class LocalClusterTheoryAttribute : TheoryAttribute
{
    public LocalClusterTheoryAttribute()
    {
        if (Clusters.IsReal)
            Skip = "A real kube-apiserver does not tell what it saw.";
    }
}
