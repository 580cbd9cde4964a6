using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>Merge patches (RFC 7386), and strategic ones: lists of things with a name of their own are merged by it.</summary>
internal static class Merging
{
    /// <summary>What the items of a list are told apart by (the <c>patchMergeKey</c> of the API's types); null: the list is one value.</summary>
    public static string? Key(string list, JsonArray items, JsonArray others) => list switch
    {
        "containers" or "initContainers" or "ephemeralContainers" or "env" or "volumes" or "imagePullSecrets" or "secrets" => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "ports" => items.Concat(others).OfType<JsonObject>().All(p => p.ContainsKey("containerPort")) ? "containerPort" : "port",
        "conditions" or "addresses" => "type",
        "ownerReferences" => "uid",
        "hostAliases" => "ip",
        _ => null,
    };

    /// <summary>RFC 7386.</summary>
    public static JsonObject Plain(JsonObject target, JsonObject patch)
    {
        foreach ((string name, JsonNode? change) in patch)
        {
            if (change is null)
                target.Remove(name);
            else if (change is JsonObject map)
                target[name] = Plain(target[name] is JsonObject inner ? inner.Copy() : [], map);
            else
                target[name] = change.DeepClone();
        }

        return target;
    }

    /// <summary>Kubernetes, "Update API Objects in Place Using kubectl patch": strategic merge, with its directives.</summary>
    public static JsonObject Strategic(JsonObject target, JsonObject patch)
    {
        if (patch.Text("$patch") == "replace")
        {
            JsonObject whole = patch.Copy();
            whole.Remove("$patch");
            return whole;
        }

        foreach ((string name, JsonNode? change) in patch)
        {
            if (name.StartsWith('$'))
                continue;
            if (change is null)
                target.Remove(name);
            else if (change is JsonObject map && map.Text("$patch") == "delete")
                target.Remove(name);
            else if (change is JsonObject inner)
                target[name] = Strategic(target[name] is JsonObject at ? at.Copy() : [], inner);
            else if (change is JsonArray list)
                target[name] = StrategicList(name, target[name] as JsonArray ?? [], list);
            else
                target[name] = change.DeepClone();
        }

        Directives(target, patch);
        return target;
    }

    /// <summary>All of <paramref name="change"/> laid over <paramref name="target"/>, nothing taken away: what an apply does before it drops what it no longer names.</summary>
    public static JsonObject Over(JsonObject target, JsonObject change)
    {
        foreach ((string name, JsonNode? value) in change)
        {
            target[name] = value switch
            {
                JsonObject map when target[name] is JsonObject at => Over(at.Copy(), map),
                JsonArray list when target[name] is JsonArray at && Key(name, at, list) is { } key => Keyed(at, list, key, Over),
                _ => value?.DeepClone(),
            };
        }

        return target;
    }

    private static void Directives(JsonObject target, JsonObject patch)
    {
        const string Delete = "$deleteFromPrimitiveList/", Order = "$setElementOrder/";
        if (patch["$retainKeys"] is JsonArray retain)
        {
            foreach (string name in target.Select(t => t.Key).Where(k => !retain.Any(r => r!.ToString() == k)).ToList())
                target.Remove(name);
        }

        foreach ((string name, JsonNode? value) in patch)
        {
            if (value is not JsonArray wanted)
                continue;
            if (name.StartsWith(Delete, StringComparison.Ordinal) && target[name[Delete.Length..]] is JsonArray list)
                target[name[Delete.Length..]] = new JsonArray([.. list.Where(i => !wanted.Any(w => JsonNode.DeepEquals(w, i))).Select(i => i?.DeepClone())]);
            else if (name.StartsWith(Order, StringComparison.Ordinal) && target[name[Order.Length..]] is JsonArray unordered)
                target[name[Order.Length..]] = Ordered(name[Order.Length..], unordered, wanted);
        }
    }

    private static JsonArray Ordered(string name, JsonArray list, JsonArray order)
    {
        string? key = Key(name, list, order);
        List<string> wanted = [.. order.Select(o => key is null ? o!.ToString() : o.Text(key) ?? "")];
        return new JsonArray([.. list.OrderBy(i => wanted.IndexOf(key is null ? i!.ToString() : i.Text(key) ?? "") is var at and >= 0 ? at : int.MaxValue).Select(i => i?.DeepClone())]);
    }

    private static JsonArray StrategicList(string name, JsonArray list, JsonArray patch)
    {
        if (name == "finalizers")
            return new JsonArray([.. list.Select(i => i!.ToString()).Union(patch.Select(i => i!.ToString())).Select(i => JsonValue.Create(i))]);
        if (Key(name, list, patch) is not { } key)
            return (JsonArray)patch.DeepClone();
        if (patch.OfType<JsonObject>().Any(p => p.Text("$patch") == "replace"))
            return new JsonArray([.. patch.OfType<JsonObject>().Where(p => p.Text("$patch") is null).Select(p => p.DeepClone())]);
        return Keyed(list, patch, key, Strategic);
    }

    private static JsonArray Keyed(JsonArray list, JsonArray changes, string key, Func<JsonObject, JsonObject, JsonObject> merge)
    {
        List<JsonObject> items = [.. list.OfType<JsonObject>().Select(i => i.Copy())];
        foreach (JsonObject change in changes.OfType<JsonObject>())
        {
            int at = items.FindIndex(i => i.Text(key) == change.Text(key));
            if (change.Text("$patch") == "delete")
                items.RemoveAll(i => i.Text(key) == change.Text(key));
            else if (at >= 0)
                items[at] = merge(items[at], change);
            else
                items.Add(merge([], change));
        }

        return new JsonArray([.. items]);
    }
}
