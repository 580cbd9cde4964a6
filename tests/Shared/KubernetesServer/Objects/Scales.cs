using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>The scale of a workload, as <c>autoscaling/v1</c>.</summary>
internal static class Scales
{
    public static JsonObject Of(JsonObject value, ResourceKind kind) => new()
    {
        ["kind"] = "Scale",
        ["apiVersion"] = "autoscaling/v1",
        ["metadata"] = new JsonObject
        {
            ["name"] = value.Name(),
            ["namespace"] = value.Text("metadata.namespace"),
            ["uid"] = value.Text("metadata.uid"),
            ["resourceVersion"] = value.Text("metadata.resourceVersion"),
            ["creationTimestamp"] = value.Text("metadata.creationTimestamp"),
        },
        ["spec"] = new JsonObject { ["replicas"] = value.Number("spec.replicas", 1) },
        ["status"] = new JsonObject
        {
            ["replicas"] = value.Number("status.replicas"),
            ["selector"] = string.Join(',', (value.At("spec.selector.matchLabels") as JsonObject ?? []).Select(l => $"{l.Key}={l.Value}")),
        },
    };
}
