using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Objects;

namespace Sallyport.Shared.KubernetesServer.Discovery;

/// <summary>
/// As much OpenAPI v3 as kubectl reads before it writes: which kinds there are, and that a patch of them may be dry and validated by the server
/// (kubectl pkg/util/resource, QueryParamVerifierV3). The schemas are open: the server's own checks are the validation.
/// </summary>
internal sealed class OpenApiDocuments(ResourceKinds kinds)
{
    /// <summary><c>/openapi/v3</c>: where the documents are.</summary>
    public JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (ResourceKind kind in kinds.All)
            paths[PathOf(kind)] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{PathOf(kind)}?hash={kinds.All.Count}" };
        return new JsonObject { ["paths"] = paths };
    }

    /// <summary><c>/openapi/v3/apis/GROUP/VERSION</c>; null where there is none.</summary>
    public JsonObject? Document(string path)
    {
        List<ResourceKind> those = [.. kinds.All.Where(k => PathOf(k) == path)];
        if (those.Count == 0)
            return null;
        var paths = new JsonObject();
        var schemas = new JsonObject();
        foreach (ResourceKind kind in those)
        {
            string schema = SchemaName(kind);
            string collection = $"/{path}/{(kind.Namespaced ? "namespaces/{namespace}/" : "")}{kind.Plural}";
            paths[collection] = new JsonObject { ["post"] = Operation(kind, "post", schema) };
            if (kind.Stored)
                paths[collection + "/{name}"] = new JsonObject { ["get"] = Operation(kind, "get", schema), ["patch"] = Operation(kind, "patch", schema), ["put"] = Operation(kind, "put", schema) };
            schemas[schema] = Schema(kind);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1.32.4" },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static string PathOf(ResourceKind kind) => kind.Group.Length > 0 ? $"apis/{kind.Group}/{kind.Version}" : $"api/{kind.Version}";

    private static string SchemaName(ResourceKind kind) => $"{(kind.Group.Length > 0 ? kind.Group : "core")}.{kind.Version}.{kind.Kind}";

    private static JsonObject GroupVersionKind(ResourceKind kind) => new() { ["group"] = kind.Group, ["version"] = kind.Version, ["kind"] = kind.Kind };

    private static JsonObject Operation(ResourceKind kind, string action, string schema)
    {
        var operation = new JsonObject
        {
            ["operationId"] = $"{action}{kind.Kind}",
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = GroupVersionKind(kind),
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "OK", ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/" + schema } } } },
            },
        };
        if (action != "get")
        {
            operation["parameters"] = new JsonArray([.. ((string[])["dryRun", "fieldManager", "fieldValidation"]).Select(name => new JsonObject
            {
                ["name"] = name,
                ["in"] = "query",
                ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true },
            })]);
        }

        return operation;
    }

    private static JsonObject Schema(ResourceKind kind) => new()
    {
        ["type"] = "object",
        ["description"] = $"{kind.Kind} of this test server.",
        ["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string" },
            ["kind"] = new JsonObject { ["type"] = "string" },
            ["metadata"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
        },
        ["x-kubernetes-preserve-unknown-fields"] = true,
        ["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(kind)),
    };
}
