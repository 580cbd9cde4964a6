namespace Sallyport.Shared.KubernetesServer;

/// <summary>Which cluster the tests run against.</summary>
public static class Clusters
{
    /// <summary>The path of a kubeconfig whose current context is an administrator's of a throw-away cluster.</summary>
    public const string Variable = "SALLYPORT_KUBERNETES";

    /// <summary>True when a real kube-apiserver is to be used.</summary>
    public static bool IsReal => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    /// <summary>Starts the server in memory, or seeds the real cluster that <see cref="Variable"/> names.</summary>
    public static async Task<IKubernetesCluster> StartAsync(CancellationToken cancellationToken = default)
    {
        if (!IsReal)
            return await LocalCluster.StartAsync(cancellationToken: cancellationToken);
        return await RealCluster.ConnectAsync(Environment.GetEnvironmentVariable(Variable)!, cancellationToken);
    }
}
