using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Objects;

namespace Sallyport.Shared.KubernetesServer.Discovery;

/// <summary>What the API says it has: one document per group and version (legacy), or all at once (Kubernetes, "API Discovery").</summary>
internal sealed class DiscoveryDocuments(ResourceKinds kinds)
{
    /// <summary><c>/version</c>.</summary>
    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "32",
        ["gitVersion"] = "v1.32.4",
        ["gitCommit"] = "0000000000000000000000000000000000000000",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2025-04-22T00:00:00Z",
        ["goVersion"] = "go1.23.6",
        ["compiler"] = "gc",
        ["platform"] = "linux/amd64",
    };

    /// <summary><c>/api</c>.</summary>
    public static JsonObject CoreVersions() => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = "127.0.0.1:6443" }),
    };

    /// <summary><c>/apis</c>.</summary>
    public JsonObject Groups() => new()
    {
        ["kind"] = "APIGroupList",
        ["apiVersion"] = "v1",
        ["groups"] = new JsonArray([.. Named().Select(g => Group(g, nested: true))]),
    };

    /// <summary><c>/apis/GROUP</c>; null where there is none.</summary>
    public JsonObject? Group(string name) => Named().FirstOrDefault(g => g.Key == name) is { } group ? Group(group, nested: false) : null;

    /// <summary><c>/api/v1</c>, <c>/apis/GROUP/VERSION</c>; null where there is none.</summary>
    public JsonObject? Resources(string group, string version)
    {
        List<ResourceKind> those = [.. kinds.All.Where(k => k.Group == group && k.Version == version)];
        if (those.Count == 0)
            return null;
        var resources = new JsonArray();
        foreach (ResourceKind kind in those)
        {
            var entry = new JsonObject
            {
                ["name"] = kind.Plural,
                ["singularName"] = kind.Singular,
                ["namespaced"] = kind.Namespaced,
                ["kind"] = kind.Kind,
                ["verbs"] = Strings(kind.Verbs),
            };
            if (kind.ShortNames.Length > 0)
                entry["shortNames"] = Strings(kind.ShortNames);
            if (kind.Categories.Length > 0)
                entry["categories"] = Strings(kind.Categories);
            resources.Add(entry);
            foreach (Subresource sub in kind.Subresources)
            {
                var below = new JsonObject { ["name"] = $"{kind.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = kind.Namespaced, ["kind"] = Kind(kind, sub), ["verbs"] = Strings(sub.Verbs) };
                if (sub.Group is not null)
                    (below["group"], below["version"]) = (sub.Group, sub.Version);
                resources.Add(below);
            }
        }

        return new JsonObject { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = group.Length > 0 ? $"{group}/{version}" : version, ["resources"] = resources };
    }

    /// <summary><c>/api</c> or <c>/apis</c>, aggregated (apidiscovery.k8s.io/v2).</summary>
    public JsonObject Aggregated(bool core)
    {
        IEnumerable<IGrouping<string, ResourceKind>> groups = core ? kinds.All.Where(k => k.Group.Length == 0).GroupBy(k => k.Group) : Named();
        return new JsonObject
        {
            ["kind"] = "APIGroupDiscoveryList",
            ["apiVersion"] = "apidiscovery.k8s.io/v2",
            ["metadata"] = new JsonObject(),
            ["items"] = new JsonArray([.. groups.Select(group => new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = group.Key.Length > 0 ? group.Key : null, ["creationTimestamp"] = null },
                ["versions"] = new JsonArray([.. group.GroupBy(k => k.Version).Select(version => new JsonObject
                {
                    ["version"] = version.Key,
                    ["freshness"] = "Current",
                    ["resources"] = new JsonArray([.. version.Select(Aggregated)]),
                })]),
            })]),
        };
    }

    private static JsonObject Aggregated(ResourceKind kind)
    {
        var entry = new JsonObject
        {
            ["resource"] = kind.Plural,
            ["responseKind"] = new JsonObject { ["group"] = kind.Group, ["version"] = kind.Version, ["kind"] = kind.Kind },
            ["scope"] = kind.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = kind.Singular,
            ["verbs"] = Strings(kind.Verbs),
        };
        if (kind.ShortNames.Length > 0)
            entry["shortNames"] = Strings(kind.ShortNames);
        if (kind.Categories.Length > 0)
            entry["categories"] = Strings(kind.Categories);
        if (kind.Subresources.Length > 0)
        {
            entry["subresources"] = new JsonArray([.. kind.Subresources.Select(sub => new JsonObject
            {
                ["subresource"] = sub.Name,
                ["responseKind"] = new JsonObject { ["group"] = sub.Group ?? kind.Group, ["version"] = sub.Version ?? kind.Version, ["kind"] = Kind(kind, sub) },
                ["verbs"] = Strings(sub.Verbs),
            })]);
        }

        return entry;
    }

    private IEnumerable<IGrouping<string, ResourceKind>> Named() => kinds.All.Where(k => k.Group.Length > 0).GroupBy(k => k.Group);

    private static JsonObject Group(IGrouping<string, ResourceKind> group, bool nested)
    {
        var made = new JsonObject();
        if (!nested)
            (made["kind"], made["apiVersion"]) = ("APIGroup", "v1");
        made["name"] = group.Key;
        made["versions"] = new JsonArray([.. group.Select(k => k.Version).Distinct().Select(v => Version(group.Key, v))]);
        made["preferredVersion"] = Version(group.Key, group.First().Version);
        return made;
    }

    private static JsonObject Version(string group, string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };

    private static string Kind(ResourceKind kind, Subresource sub) => sub.Kind.Length > 0 ? sub.Kind : kind.Kind;

    private static JsonArray Strings(string[] items) => new([.. items.Select(i => JsonValue.Create(i))]);
}
