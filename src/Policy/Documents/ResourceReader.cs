using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads what a rule says of the resources of a Kubernetes cluster.</summary>
internal sealed class ResourceReader(DiagnosticBag bag)
{
    // What people write for a resource: without its group, in the singular, or in the short words of kubectl.
    private static readonly Dictionary<string, string> Meant = new[]
    {
        "deployments.apps: deployments deployment deploy",
        "statefulsets.apps: statefulsets statefulset sts",
        "daemonsets.apps: daemonsets daemonset ds",
        "replicasets.apps: replicasets replicaset rs",
        "jobs.batch: jobs job",
        "cronjobs.batch: cronjobs cronjob cj",
        "ingresses.networking.k8s.io: ingresses ingress ing",
        "networkpolicies.networking.k8s.io: networkpolicies netpol",
        "roles.rbac.authorization.k8s.io: roles",
        "rolebindings.rbac.authorization.k8s.io: rolebindings",
        "clusterroles.rbac.authorization.k8s.io: clusterroles",
        "clusterrolebindings.rbac.authorization.k8s.io: clusterrolebindings",
        "horizontalpodautoscalers.autoscaling: horizontalpodautoscalers hpa",
        "poddisruptionbudgets.policy: poddisruptionbudgets pdb",
        "customresourcedefinitions.apiextensions.k8s.io: customresourcedefinitions crd",
        "leases.coordination.k8s.io: leases",
        "storageclasses.storage.k8s.io: storageclasses",
        "pods: pod po",
        "services: service svc",
        "secrets: secret",
        "configmaps: configmap cm",
        "namespaces: namespace ns",
        "nodes: node no",
        "events: event ev",
        "serviceaccounts: sa serviceaccount",
        "persistentvolumes: pv",
        "persistentvolumeclaims: pvc",
    }.SelectMany(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..].Split(' ').Select(word => (word, line[..line.IndexOf(':', StringComparison.Ordinal)])))
        .ToDictionary(pair => pair.word, pair => pair.Item2, StringComparer.Ordinal);

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
