using System.Globalization;
using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>What the table form of each kind shows (kubernetes pkg/printers/internalversion).</summary>
internal static class TableColumns
{
    private static readonly TableColumn Name = new("Name", o => o.Name());
    private static readonly TableColumn Age = new("Age", o => Since(o.Text("metadata.creationTimestamp")));

    public static TableColumn[] Default { get; } = [Name, new("Created At", o => o.Text("metadata.creationTimestamp"), "date")];

    public static TableColumn[] Pod { get; } =
    [
        Name,
        new("Ready", o => $"{o.Items("status.containerStatuses").Count(c => c.Text("ready") == "true")}/{o.Items("spec.containers").Count()}"),
        new("Status", o => o.Text("status.phase")),
        new("Restarts", _ => "0"),
        Age,
        new("IP", o => o.Text("status.podIP") ?? "<none>", Priority: 1),
        new("Node", o => o.Text("spec.nodeName") ?? "<none>", Priority: 1),
        new("Nominated Node", _ => "<none>", Priority: 1),
        new("Readiness Gates", _ => "<none>", Priority: 1),
    ];

    public static TableColumn[] ConfigMap { get; } = [Name, new("Data", o => Count(o, "data") + Count(o, "binaryData"), "integer"), Age];

    public static TableColumn[] Secret { get; } = [Name, new("Type", o => o.Text("type") ?? "Opaque"), new("Data", o => Count(o, "data"), "integer"), Age];

    public static TableColumn[] Namespace { get; } = [Name, new("Status", o => o.Text("status.phase")), Age];

    public static TableColumn[] Node { get; } =
    [
        Name,
        new("Status", o => o.Items("status.conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True") ? "Ready" : "NotReady"),
        new("Roles", _ => "<none>"),
        Age,
        new("Version", o => o.Text("status.nodeInfo.kubeletVersion")),
    ];

    public static TableColumn[] Service { get; } =
    [
        Name,
        new("Type", o => o.Text("spec.type") ?? "ClusterIP"),
        new("Cluster-IP", o => o.Text("spec.clusterIP") ?? "<none>"),
        new("External-IP", _ => "<none>"),
        new("Port(s)", o => string.Join(',', o.Items("spec.ports").Select(p => $"{p.Text("port")}/{p.Text("protocol") ?? "TCP"}"))),
        Age,
        new("Selector", o => string.Join(',', (o.At("spec.selector") as JsonObject ?? []).Select(s => $"{s.Key}={s.Value}")), Priority: 1),
    ];

    public static TableColumn[] Deployment { get; } =
    [
        Name,
        new("Ready", o => $"{o.Number("status.readyReplicas")}/{o.Number("spec.replicas", 1)}"),
        new("Up-to-date", o => o.Number("status.updatedReplicas"), "integer"),
        new("Available", o => o.Number("status.availableReplicas"), "integer"),
        Age,
        new("Containers", o => string.Join(',', o.Items("spec.template.spec.containers").Select(c => c.Text("name"))), Priority: 1),
        new("Images", o => string.Join(',', o.Items("spec.template.spec.containers").Select(c => c.Text("image"))), Priority: 1),
    ];

    public static TableColumn[] Event { get; } =
    [
        new("Last Seen", o => Since(o.Text("lastTimestamp"))),
        new("Type", o => o.Text("type")),
        new("Reason", o => o.Text("reason")),
        new("Object", o => $"{o.Text("involvedObject.kind")?.ToLowerInvariant()}/{o.Text("involvedObject.name")}"),
        new("Message", o => o.Text("message")),
    ];

    /// <summary>The table of some objects, as its clients ask for it.</summary>
    /// <param name="include"><c>includeObject</c>: None, Metadata or Object.</param>
    /// <param name="heads">False leaves out the column definitions: a watch says them once.</param>
    public static JsonObject Render(ResourceKind kind, IEnumerable<JsonObject> objects, JsonObject? listMetadata, string? include, bool heads = true)
    {
        TableColumn[] columns = kind.Columns.Length > 0 ? kind.Columns : Default;
        var table = new JsonObject { ["kind"] = "Table", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = listMetadata?.DeepClone() ?? new JsonObject() };
        table["columnDefinitions"] = heads
            ? new JsonArray([.. columns.Select(c => new JsonObject
            {
                ["name"] = c.Name,
                ["type"] = c.Type,
                ["format"] = c.Name == "Name" ? "name" : "",
                ["description"] = $"What stands under {c.Name}.",
                ["priority"] = c.Priority,
            })])
            : null;
        table["rows"] = new JsonArray([.. objects.Select(o => Row(columns, o, include))]);
        return table;
    }

    private static JsonObject Row(TableColumn[] columns, JsonObject value, string? include)
    {
        var row = new JsonObject { ["cells"] = new JsonArray([.. columns.Select(c => c.Value(value)?.DeepClone())]) };
        if (include != "None")
            row["object"] = include == "Object" ? value.DeepClone() : Partial(value);
        return row;
    }

    /// <summary>Its metadata alone.</summary>
    public static JsonObject Partial(JsonObject value) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = value.Metadata().DeepClone(),
    };

    private static int Count(JsonObject value, string field) => (value[field] as JsonObject)?.Count ?? 0;

    private static string Since(string? timestamp)
    {
        if (!DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, out DateTimeOffset then))
            return "<unknown>";
        TimeSpan age = TimeProvider.System.GetUtcNow() - then;
        return age.TotalMinutes < 2 ? $"{(int)age.TotalSeconds}s" : age.TotalHours < 3 ? $"{(int)age.TotalMinutes}m" : $"{(int)age.TotalHours}h";
    }
}
