using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>Reading objects by their well-known fields.</summary>
internal static class Fields
{
    /// <summary>The text at a dotted path; null where there is none.</summary>
    public static string? Text(this JsonNode? node, string path)
    {
        JsonNode? at = node.At(path);
        return at is JsonValue ? at.ToString() : null;
    }

    /// <summary>The node at a dotted path; null where there is none.</summary>
    public static JsonNode? At(this JsonNode? node, string path)
    {
        foreach (string part in path.Split('.'))
            node = node is JsonObject map ? map[part] : null;
        return node;
    }

    /// <summary>The whole number at a dotted path, or <paramref name="otherwise"/>.</summary>
    public static long Number(this JsonNode? node, string path, long otherwise = 0) =>
        long.TryParse(node.Text(path), System.Globalization.CultureInfo.InvariantCulture, out long number) ? number : otherwise;

    /// <summary>The items of the list at a dotted path.</summary>
    public static IEnumerable<JsonObject> Items(this JsonNode? node, string path) => (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The object of that name in another, made where it is not.</summary>
    public static JsonObject Child(this JsonObject map, string name)
    {
        if (map[name] is not JsonObject child)
            map[name] = child = [];
        return child;
    }

    public static JsonObject Metadata(this JsonObject value) => value.Child("metadata");

    public static string Name(this JsonObject value) => value.Text("metadata.name") ?? "";

    public static long Revision(this JsonObject value) => value.Number("metadata.resourceVersion");

    public static JsonObject Copy(this JsonObject value) => (JsonObject)value.DeepClone();
}
