using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>The kinds the API has: a part of Kubernetes' own, and those that were defined (CustomResourceDefinition).</summary>
internal sealed class ResourceKinds
{
    private static readonly string[] Read = ["get", "patch", "update"];
    private static readonly string[] Connect = ["create", "get"];
    private static readonly string[] Proxy = ["create", "delete", "get", "patch", "update"];

    private static readonly Subresource StatusOf = new("status", "", Read);
    private static readonly Subresource ScaleOf = new("scale", "Scale", Read, "autoscaling", "v1");

    private readonly Lock _gate = new();
    private List<ResourceKind> _all = [.. BuiltIn];

    /// <summary>All of them now.</summary>
    public IReadOnlyList<ResourceKind> All
    {
        get
        {
            lock (_gate)
                return _all;
        }
    }

    /// <summary>The kind at a path; null where there is none.</summary>
    public ResourceKind? Find(string group, string version, string plural) =>
        All.FirstOrDefault(k => k.Group == group && k.Version == version && k.Plural == plural);

    /// <summary>Takes up what a CustomResourceDefinition defines.</summary>
    public void Define(JsonObject definition)
    {
        var made = definition.Items("spec.versions").Select(version => new ResourceKind(
            definition.Text("spec.group")!,
            version.Text("name")!,
            definition.Text("spec.names.plural")!,
            definition.Text("spec.names.kind")!,
            definition.Text("spec.scope") == "Namespaced")
        {
            ShortNames = [.. (definition.At("spec.names.shortNames") as JsonArray ?? []).Select(n => n!.ToString())],
            Subresources = version.At("subresources.status") is null ? [] : [StatusOf],
            Custom = true,
        }).ToList();
        lock (_gate)
            _all = [.. _all.Where(k => !made.Exists(m => m.Key == k.Key)), .. made];
    }

    /// <summary>Forgets it.</summary>
    public void Undefine(JsonObject definition)
    {
        lock (_gate)
            _all = [.. _all.Where(k => !(k.Custom && k.Group == definition.Text("spec.group") && k.Plural == definition.Text("spec.names.plural")))];
    }

    private static IEnumerable<ResourceKind> BuiltIn =>
    [
        new("", "v1", "configmaps", "ConfigMap", true) { ShortNames = ["cm"], Columns = TableColumns.ConfigMap },
        new("", "v1", "endpoints", "Endpoints", true) { Singular = "endpoints", ShortNames = ["ep"] },
        new("", "v1", "events", "Event", true) { ShortNames = ["ev"], Columns = TableColumns.Event },
        new("", "v1", "namespaces", "Namespace", false) { ShortNames = ["ns"], Columns = TableColumns.Namespace, Subresources = [new("finalize", "", ["update"]), StatusOf] },
        new("", "v1", "nodes", "Node", false) { ShortNames = ["no"], Columns = TableColumns.Node, Subresources = [new("proxy", "NodeProxyOptions", Proxy), StatusOf] },
        new("", "v1", "pods", "Pod", true)
        {
            ShortNames = ["po"],
            Categories = ["all"],
            Columns = TableColumns.Pod,
            Subresources =
            [
                new("attach", "PodAttachOptions", Connect),
                new("binding", "Binding", ["create"]),
                new("ephemeralcontainers", "Pod", Read),
                new("eviction", "Eviction", ["create"], "policy", "v1"),
                new("exec", "PodExecOptions", Connect),
                new("log", "Pod", ["get"]),
                new("portforward", "PodPortForwardOptions", Connect),
                new("proxy", "PodProxyOptions", Proxy),
                StatusOf,
            ],
        },
        new("", "v1", "secrets", "Secret", true) { Columns = TableColumns.Secret },
        new("", "v1", "serviceaccounts", "ServiceAccount", true) { ShortNames = ["sa"], Subresources = [new("token", "TokenRequest", ["create"], "authentication.k8s.io", "v1")] },
        new("", "v1", "services", "Service", true) { ShortNames = ["svc"], Categories = ["all"], Columns = TableColumns.Service, Subresources = [new("proxy", "ServiceProxyOptions", Proxy), StatusOf] },
        new("apps", "v1", "deployments", "Deployment", true) { ShortNames = ["deploy"], Categories = ["all"], Columns = TableColumns.Deployment, Subresources = [ScaleOf, StatusOf] },
        new("apps", "v1", "replicasets", "ReplicaSet", true) { ShortNames = ["rs"], Categories = ["all"], Subresources = [ScaleOf, StatusOf] },
        new("batch", "v1", "jobs", "Job", true) { Categories = ["all"], Subresources = [StatusOf] },
        new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false),
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false),
        new("rbac.authorization.k8s.io", "v1", "roles", "Role", true),
        new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", true),
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false) { ShortNames = ["crd", "crds"], Subresources = [StatusOf] },
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false) { Stored = false },
        new("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false) { Stored = false },
        new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", false) { Stored = false },
        new("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false) { Stored = false },
    ];
}
