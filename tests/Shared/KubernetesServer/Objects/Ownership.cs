using System.Globalization;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>
/// Who set which field (Kubernetes, "Server-Side Apply"), as <c>metadata.managedFields</c> tells it. A field's path is a list of segments in the form
/// of FieldsV1: <c>f:name</c>, or <c>k:{"name":"app"}</c> for an item of a list that is merged by key.
/// </summary>
internal static class Ownership
{
    private const char Between = '\u001f';
    private static readonly string[] NobodysMetadata = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"];

    /// <summary>Lays what is applied over what there is.</summary>
    /// <exception cref="ApiException">409: another manager set one of the fields to another value, and it is not forced.</exception>
    public static JsonObject Apply(JsonObject now, JsonObject applied, string manager, bool force)
    {
        HashSet<string> wanted = Paths(applied);
        List<JsonObject> entries = Entries(now);
        List<(string Manager, string Path)> conflicts = [];
        JsonObject? own = entries.Find(e => e.Text("manager") == manager && e.Text("operation") == "Apply");
        foreach (JsonObject entry in entries.Where(e => e != own))
        {
            HashSet<string> theirs = Read(entry);
            string[] taken = [.. theirs.Where(p => wanted.Contains(p) && !JsonNode.DeepEquals(Get(now, p), Get(applied, p)))];
            conflicts.AddRange(taken.Select(p => (entry.Text("manager") ?? "", p)));
            theirs.ExceptWith(taken);
            Write(entry, theirs);
        }

        if (conflicts.Count > 0 && !force)
            throw Conflict(conflicts);

        HashSet<string> dropped = own is null ? [] : Read(own);
        dropped.ExceptWith(wanted);
        foreach (JsonObject other in entries.Where(e => e != own))
            dropped.ExceptWith(Read(other));

        JsonObject merged = Merging.Over(now.Copy(), applied);
        foreach (string path in dropped)
            Remove(merged, path);
        own ??= Entry(entries, manager, "Apply");
        own["apiVersion"] = applied["apiVersion"]?.DeepClone();
        Write(own, wanted);
        Store(merged, entries);
        return merged;
    }

    /// <summary>Notes what an update, a patch or a create changed.</summary>
    public static void Note(JsonObject? before, JsonObject after, string manager)
    {
        List<JsonObject> entries = Entries(before ?? after);
        HashSet<string> changed = [.. Paths(after).Where(p => before is null || !JsonNode.DeepEquals(Get(before, p), Get(after, p)))];
        HashSet<string> present = Paths(after);
        foreach (JsonObject entry in entries)
        {
            HashSet<string> theirs = Read(entry);
            theirs.IntersectWith(present);
            theirs.ExceptWith(changed);
            Write(entry, theirs);
        }

        if (changed.Count > 0)
        {
            JsonObject own = entries.Find(e => e.Text("manager") == manager && e.Text("operation") == "Update") ?? Entry(entries, manager, "Update");
            own["apiVersion"] = after["apiVersion"]?.DeepClone();
            HashSet<string> mine = Read(own);
            mine.UnionWith(changed);
            Write(own, mine);
        }

        Store(after, entries);
    }

    private static ApiException Conflict(List<(string Manager, string Path)> conflicts)
    {
        var causes = new JsonArray([.. conflicts.Select(c => new JsonObject
        {
            ["reason"] = "FieldManagerConflict",
            ["message"] = $"conflict with \"{c.Manager}\" using v1",
            ["field"] = Pretty(c.Path),
        })]);
        string message = conflicts.Count == 1
            ? $"Apply failed with 1 conflict: conflict with \"{conflicts[0].Manager}\" using v1: {Pretty(conflicts[0].Path)}"
            : $"Apply failed with {conflicts.Count} conflicts: " + string.Join(", ", conflicts.Select(c => $"conflict with \"{c.Manager}\": {Pretty(c.Path)}"));
        return new ApiException(409, "Conflict", message, new JsonObject { ["causes"] = causes });
    }

    private static string Pretty(string path) =>
        string.Concat(path.Split(Between).Select(s => s.StartsWith("f:", StringComparison.Ordinal) ? "." + s[2..] : "[" + s[2..].Trim('{', '}').Replace("\":", "\"=", StringComparison.Ordinal).Replace("\"name\"", "name", StringComparison.Ordinal) + "]"));

    private static List<JsonObject> Entries(JsonObject value) => [.. value.Items("metadata.managedFields").Select(e => e.Copy())];

    private static JsonObject Entry(List<JsonObject> entries, string manager, string operation)
    {
        var made = new JsonObject
        {
            ["manager"] = manager,
            ["operation"] = operation,
            ["apiVersion"] = "v1",
            ["time"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["fieldsType"] = "FieldsV1",
        };
        entries.Add(made);
        return made;
    }

    private static void Store(JsonObject value, List<JsonObject> entries) =>
        value.Metadata()["managedFields"] = new JsonArray([.. entries.Where(e => e["fieldsV1"] is JsonObject { Count: > 0 }).Select(e => e.DeepClone())]);

    private static HashSet<string> Read(JsonObject entry)
    {
        HashSet<string> paths = new(StringComparer.Ordinal);
        Walk(entry["fieldsV1"] as JsonObject ?? [], "");
        return paths;

        void Walk(JsonObject tree, string prefix)
        {
            foreach ((string segment, JsonNode? below) in tree)
            {
                string path = prefix.Length == 0 ? segment : prefix + Between + segment;
                if (below is JsonObject { Count: > 0 } inner)
                    Walk(inner, path);
                else
                    paths.Add(path);
            }
        }
    }

    private static void Write(JsonObject entry, HashSet<string> paths)
    {
        JsonObject tree = [];
        foreach (string path in paths.Order(StringComparer.Ordinal))
        {
            JsonObject at = tree;
            foreach (string segment in path.Split(Between))
                at = at.Child(segment);
        }

        entry["fieldsV1"] = tree;
    }

    /// <summary>The fields that hold a value, without those that nobody owns.</summary>
    private static HashSet<string> Paths(JsonObject value)
    {
        HashSet<string> paths = new(StringComparer.Ordinal);
        foreach ((string name, JsonNode? item) in value)
        {
            if (name is not ("apiVersion" or "kind" or "metadata"))
                Walk(item, "f:" + name, name);
        }

        foreach ((string name, JsonNode? item) in value["metadata"] as JsonObject ?? [])
        {
            if (!NobodysMetadata.Contains(name))
                Walk(item, $"f:metadata{Between}f:{name}", name);
        }

        return paths;

        void Walk(JsonNode? item, string path, string name)
        {
            if (item is JsonObject { Count: > 0 } map)
            {
                foreach ((string field, JsonNode? below) in map)
                    Walk(below, path + Between + "f:" + field, field);
            }
            else if (item is JsonArray { Count: > 0 } list && Merging.Key(name, list, []) is { } key)
            {
                foreach (JsonObject below in list.OfType<JsonObject>())
                    Walk(below, path + Between + "k:" + new JsonObject { [key] = below[key]?.DeepClone() }.ToJsonString(Bodies.Relaxed), "");
            }
            else
            {
                paths.Add(path);
            }
        }
    }

    private static JsonNode? Get(JsonNode? at, string path)
    {
        foreach (string segment in path.Split(Between))
            at = Step(at, segment);
        return at;
    }

    private static void Remove(JsonObject root, string path)
    {
        string[] segments = path.Split(Between);
        JsonNode? at = root;
        foreach (string segment in segments[..^1])
            at = Step(at, segment);
        if (at is JsonObject map)
            map.Remove(segments[^1][2..]);
        // What is empty now was there for this only: an item of a list that has nothing but its key, a map with nothing in it.
        for (int depth = segments.Length - 1; depth > 1; depth--)
        {
            JsonNode? parent = Get(root, string.Join(Between, segments[..(depth - 1)]));
            JsonNode? child = Step(parent, segments[depth - 1]);
            bool key = segments[depth - 1].StartsWith("k:", StringComparison.Ordinal);
            if (child is not JsonObject left || left.Count > (key ? 1 : 0))
                return;
            if (key && parent is JsonArray list)
                list.Remove(child);
            else if (parent is JsonObject container)
                container.Remove(segments[depth - 1][2..]);
        }
    }

    private static JsonNode? Step(JsonNode? at, string segment)
    {
        if (segment.StartsWith("f:", StringComparison.Ordinal))
            return (at as JsonObject)?[segment[2..]];
        var key = (JsonObject)JsonNode.Parse(segment[2..])!;
        return (at as JsonArray)?.OfType<JsonObject>().FirstOrDefault(i => key.All(k => JsonNode.DeepEquals(i[k.Key], k.Value)));
    }
}
