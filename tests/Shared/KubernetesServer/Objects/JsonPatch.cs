using System.Globalization;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>JSON Patch (RFC 6902).</summary>
internal static class JsonPatch
{
    /// <summary>Applies every operation, in order, to a copy.</summary>
    /// <exception cref="ApiException">422: an operation does not fit, or a test fails.</exception>
    public static JsonObject Apply(JsonObject target, JsonArray patch)
    {
        JsonNode? at = target.DeepClone();
        foreach (JsonObject operation in patch.OfType<JsonObject>())
        {
            string path = operation.Text("path") ?? throw Wrong("an operation without a path");
            switch (operation.Text("op"))
            {
                case "add":
                    Add(at, path, operation["value"]?.DeepClone());
                    break;
                case "remove":
                    Remove(at, path);
                    break;
                case "replace":
                    Remove(at, path);
                    Add(at, path, operation["value"]?.DeepClone());
                    break;
                case "move":
                    JsonNode? moved = Remove(at, operation.Text("from") ?? "")?.DeepClone();
                    Add(at, path, moved);
                    break;
                case "copy":
                    Add(at, path, Get(at, operation.Text("from") ?? "")?.DeepClone());
                    break;
                case "test":
                    if (!JsonNode.DeepEquals(Get(at, path), operation["value"]))
                        throw Wrong($"testing value {path} failed");
                    break;
                default:
                    throw Wrong($"Unexpected kind: {operation.Text("op")}");
            }
        }

        return at as JsonObject ?? throw Wrong("the result is not an object");
    }

    private static JsonNode? Get(JsonNode? root, string path)
    {
        (JsonNode parent, string last) = Parent(root, path);
        return parent switch
        {
            JsonObject map when map.ContainsKey(last) => map[last],
            JsonArray list when Index(last) is var index && index < list.Count => list[index],
            _ => throw Missing(path),
        };
    }

    private static void Add(JsonNode? root, string path, JsonNode? value)
    {
        (JsonNode parent, string last) = Parent(root, path);
        if (parent is JsonObject map)
            map[last] = value;
        else if (parent is JsonArray list && (last == "-" || Index(last) <= list.Count))
            list.Insert(last == "-" ? list.Count : Index(last), value);
        else
            throw Missing(path);
    }

    private static JsonNode? Remove(JsonNode? root, string path)
    {
        JsonNode? removed = Get(root, path);
        (JsonNode parent, string last) = Parent(root, path);
        if (parent is JsonObject map)
            map.Remove(last);
        else
            ((JsonArray)parent).RemoveAt(Index(last));
        return removed;
    }

    private static (JsonNode Parent, string Last) Parent(JsonNode? root, string path)
    {
        string[] parts = path.Split('/');
        if (parts.Length < 2 || parts[0].Length > 0)
            throw Missing(path);
        JsonNode? at = root;
        foreach (string part in parts[1..^1])
        {
            at = at switch
            {
                JsonObject map => map[Unescape(part)],
                JsonArray list when Index(part) < list.Count => list[Index(part)],
                _ => null,
            };
        }

        return (at ?? throw Missing(path), Unescape(parts[^1]));
    }

    private static string Unescape(string part) => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    private static int Index(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : throw Wrong($"not an index: {text}");

    private static ApiException Missing(string path) => Wrong($"the path does not exist: {path}");

    private static ApiException Wrong(string message) => new(422, "Invalid", "the server rejected our request due to an error in our request: " + message, new JsonObject());
}
