using Sallyport.Shared.KubernetesServer.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer;

/// <summary>
/// A cluster that tests talk to: the server of this project in memory, or a real kube-apiserver when <see cref="Clusters.Variable"/> names
/// a kubeconfig of its administrator. Both hold what <see cref="Seeds.Seed"/> puts in them, and both run their pods on <see cref="Node"/>.
/// </summary>
public interface IKubernetesCluster : IAsyncDisposable
{
    /// <summary>Where its API is: https, loopback or not, no trailing slash.</summary>
    Uri Address { get; }

    /// <summary>The certificate (PEM) that signed the API's own.</summary>
    string Authority { get; }

    /// <summary>What opens everything.</summary>
    ClusterCredential Admin { get; }

    /// <summary>The node that the seeded pods run on: their logs, files and ports.</summary>
    TestNode Node { get; }

    /// <summary>Every request as the API saw it; null where the API is a real one, which tells nobody.</summary>
    SeenRequests? Seen { get; }

    /// <summary>The in-memory server with its further settings; null where the API is a real one.</summary>
    LocalCluster? Local { get; }
}
