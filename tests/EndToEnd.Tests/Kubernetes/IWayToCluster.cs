using Sallyport.Shared.KubernetesServer;

namespace Sallyport.EndToEnd.Tests.Kubernetes;

/// <summary>A cluster and a way to it: straight, or through the proxy. The same commands must do the same on both.</summary>
public interface IWayToCluster
{
    IKubernetesCluster Cluster { get; }

    /// <summary>What the names of this way's objects begin with.</summary>
    string Mark { get; }

    /// <summary>A kubectl of somebody who may do everything.</summary>
    Kubectl Kubectl(bool webSockets = true);
}
