using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>
/// Whether tables of a resource may show fields that are masked. Cells have no paths; what the columns of these resources are made of is known (kubernetes, pkg/printers/internalversion).
/// Of all others, definitions of custom resources say it, so their tables are not asked for when fields of theirs are masked.
/// </summary>
internal static class KubeTables
{
    // Whatever keys labels have: a path with a star at its end is about all that is below.
    private static readonly string[] Selector =
        ["spec.selector.matchLabels.*", "spec.selector.matchExpressions[*].key", "spec.selector.matchExpressions[*].operator", "spec.selector.matchExpressions[*].values[*]"];

    private static readonly string[] Containers = ["spec.template.spec.containers[*].name", "spec.template.spec.containers[*].image"];

    private static readonly string[] Replicas = ["spec.replicas", "status.replicas", "status.readyReplicas", "status.updatedReplicas", "status.availableReplicas", .. Containers];

    private static readonly Dictionary<string, string[]> Columns = new(StringComparer.Ordinal)
    {
        ["secrets"] = ["type"],
        ["configmaps"] = [],
        ["namespaces"] = ["status.phase"],
        ["serviceaccounts"] = [],
        ["pods"] =
        [
            "metadata.deletionTimestamp", "status.phase", "status.reason", "status.podIP", "status.podIPs[*].ip", "spec.nodeName", "status.nominatedNodeName", "spec.readinessGates[*].conditionType",
            "status.conditions[*].type", "status.conditions[*].status", "status.conditions[*].reason", .. ContainerStatus("initContainerStatuses"), .. ContainerStatus("containerStatuses"),
        ],
        ["deployments.apps"] = [.. Replicas, .. Selector],
        ["statefulsets.apps"] = Replicas,
        ["daemonsets.apps"] =
        [
            "status.desiredNumberScheduled", "status.currentNumberScheduled", "status.numberReady", "status.updatedNumberScheduled", "status.numberAvailable",
            "spec.template.spec.nodeSelector.*", .. Containers, .. Selector,
        ],
        ["replicasets.apps"] = [.. Replicas, .. Selector],
        ["jobs.batch"] =
        [
            "status.conditions[*].type", "status.conditions[*].status", "spec.completions", "spec.parallelism", "status.succeeded", "status.startTime", "status.completionTime",
            .. Containers, .. Selector,
        ],
    };

    /// <param name="resource"><c>resource.group</c>.</param>
    /// <param name="masks">Of its fields.</param>
    public static bool ShowsMasked(string resource, MaskPlan masks)
    {
        if (!Columns.TryGetValue(resource, out string[]? paths))
            return true;
        return paths.Concat(["metadata.name", "metadata.creationTimestamp"]).Any(path => IsMasked(Encoding.ASCII.GetBytes(path), masks));
    }

    // A field is masked with whatever it stands in.
    private static bool IsMasked(ReadOnlySpan<byte> path, MaskPlan masks)
    {
        for (int i = 0; i < path.Length; i++)
        {
            if (path[i] is (byte)'.' or (byte)'[' && masks.Find(path[..i]) is not null)
                return true;
        }

        return masks.Find(path) is not null;
    }

    // Of each container, as it is and as it was.
    private static IEnumerable<string> ContainerStatus(string list) =>
        new[]
        {
            "name", "ready", "started", "restartCount", "state.waiting.reason", "state.terminated.reason", "state.terminated.signal", "state.terminated.exitCode", "lastState.terminated.finishedAt",
        }.Select(field => $"status.{list}[*].{field}");
}
