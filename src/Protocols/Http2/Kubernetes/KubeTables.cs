using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>
/// Whether tables of a resource may show fields that are masked. Cells have no paths; what the columns of these resources are made of is known (kubernetes, pkg/printers/internalversion).
/// Of all others, definitions of custom resources say it, so their tables are not asked for when fields of theirs are masked.
/// </summary>
internal static class KubeTables
{
    private static readonly string[] Workload =
        ["spec.replicas", "status.replicas", "status.readyReplicas", "spec.selector.matchLabels.app", "spec.template.spec.containers[*].name", "spec.template.spec.containers[*].image"];

    private static readonly Dictionary<string, string[]> Columns = new(StringComparer.Ordinal)
    {
        ["secrets"] = ["type"],
        ["configmaps"] = [],
        ["namespaces"] = ["status.phase"],
        ["serviceaccounts"] = [],
        ["pods"] =
        [
            "status.phase", "status.reason", "status.podIP", "status.podIPs[*].ip", "spec.nodeName", "status.nominatedNodeName", "spec.readinessGates[*].conditionType",
            "status.containerStatuses[*].ready", "status.containerStatuses[*].restartCount", "status.containerStatuses[*].state.waiting.reason", "status.containerStatuses[*].state.terminated.reason",
        ],
        ["deployments.apps"] = Workload,
        ["statefulsets.apps"] = Workload,
        ["daemonsets.apps"] = Workload,
        ["replicasets.apps"] = Workload,
        ["jobs.batch"] = Workload,
    };

    /// <param name="resource"><c>resource.group</c>.</param>
    /// <param name="masks">Of its fields.</param>
    public static bool ShowsMasked(string resource, MaskPlan masks)
    {
        if (!Columns.TryGetValue(resource, out string[]? paths))
            return true;
        return paths.Concat(["metadata.name", "metadata.creationTimestamp"]).Any(path => masks.Find(Encoding.ASCII.GetBytes(path)) is not null);
    }
}
