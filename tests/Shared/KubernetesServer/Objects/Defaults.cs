using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>What the API and its controllers add to an object, and what they refuse of one.</summary>
internal static partial class Defaults
{
    /// <summary>Checks a new or changed object against the kind and the place it is written to.</summary>
    /// <exception cref="ApiException">400 or 422.</exception>
    public static void Check(ResourceKind kind, string space, string? name, JsonObject value)
    {
        string has = $"{value.Text("apiVersion")}, Kind={value.Text("kind")}";
        if (value.Text("kind") is { Length: > 0 } && (value.Text("kind") != kind.Kind || value.Text("apiVersion") != kind.ApiVersion))
            throw ApiException.BadRequest($"the API version in the data ({has}) does not match the expected API version ({kind.ApiVersion}, Kind={kind.Kind})");
        if (name is not null && value.Name().Length > 0 && value.Name() != name)
            throw ApiException.BadRequest($"the name of the object ({value.Name()}) does not match the name on the URL ({name})");
        if (kind.Namespaced && value.Text("metadata.namespace") is { Length: > 0 } other && other != space)
            throw ApiException.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        if (value.Name() is { Length: > 0 } own && !Subdomain().IsMatch(own) && kind.Group != "rbac.authorization.k8s.io")
            throw ApiException.Invalid(kind.Kind, own, "metadata.name", $"Invalid value: \"{own}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'");
        if (kind.Kind == "Pod" && !value.Items("spec.containers").Any())
            throw ApiException.Invalid(kind.Kind, value.Name(), "spec.containers", "Required value");
        value["apiVersion"] = kind.ApiVersion;
        value["kind"] = kind.Kind;
        if (kind.Namespaced)
            value.Metadata()["namespace"] = space;
    }

    /// <summary>What a new object gets: its kind's status, as if its controllers had run already.</summary>
    public static void Complete(ResourceKind kind, JsonObject value)
    {
        JsonObject metadata = value.Metadata();
        if (value.Name().Length == 0)
            metadata["name"] = metadata.Text("generateName") + Guid.NewGuid().ToString("N")[..5];
        if (value["spec"] is JsonObject && kind.Plural is not ("namespaces" or "nodes" or "services"))
            metadata["generation"] = 1;
        switch (kind.Kind)
        {
            case "Namespace":
                value.Child("spec")["finalizers"] ??= new JsonArray("kubernetes");
                value["status"] = new JsonObject { ["phase"] = "Active" };
                break;
            case "Pod":
                Pod(value);
                break;
            case "Deployment":
                value.Child("spec")["replicas"] ??= 1;
                Deployment(value);
                break;
            case "Secret":
                value["type"] ??= "Opaque";
                Encode(value);
                break;
            case "Service":
                value.Child("spec")["type"] ??= "ClusterIP";
                value.Child("spec")["clusterIP"] ??= "10.96.0.10";
                foreach (JsonObject port in value.Items("spec.ports"))
                {
                    port["protocol"] ??= "TCP";
                    port["targetPort"] ??= port["port"]?.DeepClone();
                }

                break;
            case "CustomResourceDefinition":
                value["status"] = new JsonObject { ["conditions"] = new JsonArray(Condition("Established"), Condition("NamesAccepted")) };
                break;
        }
    }

    /// <summary>What a changed object gets.</summary>
    public static void Follow(ResourceKind kind, JsonObject before, JsonObject after)
    {
        if (before.At("metadata.generation") is not null)
        {
            bool same = JsonNode.DeepEquals(before["spec"], after["spec"]);
            after.Metadata()["generation"] = before.Number("metadata.generation") + (same ? 0 : 1);
        }

        if (kind.Kind == "Secret")
            Encode(after);
        if (kind.Kind == "Deployment")
            Deployment(after);
    }

    /// <summary>stringData is written, data is kept (Kubernetes, "Secrets").</summary>
    private static void Encode(JsonObject secret)
    {
        foreach ((string name, JsonNode? text) in secret["stringData"] as JsonObject ?? [])
            secret.Child("data")[name] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text!.ToString()));
        secret.Remove("stringData");
    }

    private static void Pod(JsonObject pod)
    {
        JsonObject spec = pod.Child("spec");
        spec["nodeName"] ??= Seeds.Seed.Node;
        spec["restartPolicy"] ??= "Always";
        spec["serviceAccountName"] ??= "default";
        foreach (JsonObject container in pod.Items("spec.containers"))
            container["imagePullPolicy"] ??= "IfNotPresent";
        pod["status"] = PodStatus(pod, "127.0.0.1");
    }

    /// <summary>The status of a pod that runs.</summary>
    public static JsonObject PodStatus(JsonObject pod, string address) => new()
    {
        ["phase"] = "Running",
        ["podIP"] = address,
        ["hostIP"] = address,
        ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = address }),
        ["conditions"] = new JsonArray(Condition("Ready"), Condition("ContainersReady"), Condition("Initialized"), Condition("PodScheduled")),
        ["containerStatuses"] = new JsonArray([.. pod.Items("spec.containers").Select(c => new JsonObject
        {
            ["name"] = c.Text("name"),
            ["image"] = c.Text("image"),
            ["imageID"] = "",
            ["ready"] = true,
            ["started"] = true,
            ["restartCount"] = 0,
            ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = "2026-01-01T00:00:00Z" } },
        })]),
    };

    /// <summary>All replicas that are wanted are there.</summary>
    private static void Deployment(JsonObject value)
    {
        long replicas = value.Number("spec.replicas", 1);
        value["status"] = new JsonObject
        {
            ["observedGeneration"] = value.Number("metadata.generation", 1),
            ["replicas"] = replicas,
            ["updatedReplicas"] = replicas,
            ["readyReplicas"] = replicas,
            ["availableReplicas"] = replicas,
            ["conditions"] = new JsonArray(Condition("Available"), Condition("Progressing")),
        };
    }

    private static JsonObject Condition(string type) => new() { ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = "2026-01-01T00:00:00Z" };

    [GeneratedRegex("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    private static partial Regex Subdomain();
}
