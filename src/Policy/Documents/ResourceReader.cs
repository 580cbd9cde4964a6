using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads what a rule says of the resources of a Kubernetes cluster.</summary>
internal sealed class ResourceReader(DiagnosticBag bag)
{
    // What people write for a resource of a group, or in the short words of kubectl.
    private static readonly Dictionary<string, string> Meant = new(StringComparer.Ordinal)
    {
        ["deployments"] = "deployments.apps", ["deployment"] = "deployments.apps", ["deploy"] = "deployments.apps",
        ["statefulsets"] = "statefulsets.apps", ["statefulset"] = "statefulsets.apps", ["sts"] = "statefulsets.apps",
        ["daemonsets"] = "daemonsets.apps", ["daemonset"] = "daemonsets.apps", ["ds"] = "daemonsets.apps",
        ["replicasets"] = "replicasets.apps", ["replicaset"] = "replicasets.apps", ["rs"] = "replicasets.apps",
        ["jobs"] = "jobs.batch", ["job"] = "jobs.batch", ["cronjobs"] = "cronjobs.batch", ["cronjob"] = "cronjobs.batch", ["cj"] = "cronjobs.batch",
        ["ingresses"] = "ingresses.networking.k8s.io", ["ingress"] = "ingresses.networking.k8s.io", ["ing"] = "ingresses.networking.k8s.io",
        ["networkpolicies"] = "networkpolicies.networking.k8s.io", ["netpol"] = "networkpolicies.networking.k8s.io",
        ["roles"] = "roles.rbac.authorization.k8s.io", ["rolebindings"] = "rolebindings.rbac.authorization.k8s.io",
        ["clusterroles"] = "clusterroles.rbac.authorization.k8s.io", ["clusterrolebindings"] = "clusterrolebindings.rbac.authorization.k8s.io",
        ["horizontalpodautoscalers"] = "horizontalpodautoscalers.autoscaling", ["hpa"] = "horizontalpodautoscalers.autoscaling",
        ["poddisruptionbudgets"] = "poddisruptionbudgets.policy", ["pdb"] = "poddisruptionbudgets.policy",
        ["customresourcedefinitions"] = "customresourcedefinitions.apiextensions.k8s.io", ["crd"] = "customresourcedefinitions.apiextensions.k8s.io",
        ["leases"] = "leases.coordination.k8s.io", ["storageclasses"] = "storageclasses.storage.k8s.io",
        ["pod"] = "pods", ["po"] = "pods", ["service"] = "services", ["svc"] = "services", ["secret"] = "secrets", ["configmap"] = "configmaps", ["cm"] = "configmaps",
        ["namespace"] = "namespaces", ["ns"] = "namespaces", ["node"] = "nodes", ["no"] = "nodes", ["event"] = "events", ["ev"] = "events",
        ["sa"] = "serviceaccounts", ["serviceaccount"] = "serviceaccounts", ["pv"] = "persistentvolumes", ["pvc"] = "persistentvolumeclaims",
    };

    private static readonly string[] Connecting = ["exec", "attach", "portforward", "proxy"];

    /// <summary>Reads them; null when there are none.</summary>
    public ResourceConditions? Read(YamlMap map, IReadOnlyList<IReadOnlyList<Verb>?> verbs, bool stops)
    {
        bool resources = map.Has("resources");
        bool namespaces = map.Has("namespaces");
        bool names = map.Has("names");
        if (!resources && !namespaces && !names)
            return null;
        if (stops && namespaces && !resources)
        {
            bag.Warning(
                map.MarkOf("namespaces"),
                "This stops every list of objects that belong to no namespace as well, since a list over all namespaces looks the same. Name the \"resources\" if that is not meant.");
        }

        return new ResourceConditions(
            resources ? Resources(map, verbs, stops) : null, namespaces ? Scopes(map, "namespaces") : null, names ? Scopes(map, "names") : null);
    }

    private List<ResourcePattern> Resources(YamlMap map, IReadOnlyList<IReadOnlyList<Verb>?> verbs, bool stops)
    {
        bool connects = verbs.Any(v => v is null || v.Contains(Verb.KubeConnect));
        List<ResourcePattern> patterns = [];
        foreach (YamlText text in map.Texts("resources", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (ResourcePattern.Parse(text.Value, out string? error, out string? suggestion) is not ResourcePattern pattern)
            {
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.", suggestion);
                continue;
            }

            patterns.Add(pattern);
            if (!connects && Connecting.FirstOrDefault(c => text.Value.EndsWith($"/{c}", StringComparison.Ordinal)) is string word)
                map.Error("verbs", $"\"{text.Value}\" is reached by no other verb than \"kube-connect\", whatever the method: {word} carries bytes both ways.", "kube-connect");
            WarnOfMeant(text, stops);
        }

        return patterns;
    }

    private void WarnOfMeant(YamlText text, bool stops)
    {
        string[] halves = text.Value.Split('/');
        if (!Meant.TryGetValue(halves[0], out string? meant))
            return;
        bool grouped = meant.StartsWith($"{halves[0]}.", StringComparison.Ordinal);
        // Where it stops, a resource without a group is one of every group.
        if (stops && grouped)
            return;
        string full = halves.Length == 2 ? $"{meant}/{halves[1]}" : meant;
        bag.Warning(text.Mark, $"\"{text.Value}\" is {(grouped ? "a resource of the core group, which has none of that name" : "no name of a resource, which are plural")}.", full);
    }

    private List<ScopePattern> Scopes(YamlMap map, string key)
    {
        List<ScopePattern> patterns = [];
        foreach (YamlText text in map.Texts(key, PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (ScopePattern.Parse(text.Value, out string? error) is ScopePattern pattern)
                patterns.Add(pattern);
            else
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.");
        }

        return patterns;
    }
}
