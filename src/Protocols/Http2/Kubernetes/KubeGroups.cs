using System.Text;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>The groups whose objects Kubernetes itself defines, so that it is known which of their fields are lists. Others may be anybody's.</summary>
internal static class KubeGroups
{
    // Not here: groups whose objects have places for what somebody else defines (apiextensions.k8s.io, resource.k8s.io).
    private static readonly byte[][] Own =
    [
        .. new[]
        {
            "", "admissionregistration.k8s.io", "apps", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io",
            "discovery.k8s.io", "events.k8s.io", "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
        }.Select(Encoding.ASCII.GetBytes),
    ];

    /// <param name="group">Empty: the core group.</param>
    public static bool IsOwn(ReadOnlySpan<byte> group)
    {
        foreach (byte[] own in Own)
        {
            if (group.SequenceEqual(own))
                return true;
        }

        return false;
    }
}
