using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sallyport.Shared.KubernetesServer.Discovery;
using Sallyport.Shared.KubernetesServer.Nodes;
using Sallyport.Shared.KubernetesServer.Objects;

namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>From a request to what answers it.</summary>
internal sealed class ApiRouter(Identities identities, ResourceKinds kinds, ObjectStore store, TestNode node)
{
    private readonly DiscoveryDocuments _discovery = new(kinds);
    private readonly OpenApiDocuments _openApi = new(kinds);
    private readonly ObjectRequests _objects = new(store, kinds);
    private readonly PodRequests _pods = new(store, kinds, node);

    /// <summary>Every group/version discovered in one document (on), or one by one (off, as before Kubernetes 1.26).</summary>
    public bool AggregatedDiscovery { get; set; } = true;

    /// <summary>Answers.</summary>
    /// <exception cref="ApiException">It is refused.</exception>
    public async Task HandleAsync(HttpContext context, SeenRequest seen)
    {
        identities.Identify(context, seen);
        if (ApiRequest.Parse(seen.Path) is { } request)
        {
            await ResourceAsync(context, seen, request);
            return;
        }

        // What is not of a resource is only read.
        if (context.Request.Method is not ("GET" or "HEAD"))
            throw ApiException.MethodNotAllowed();
        switch (seen.Path)
        {
            case "/healthz" or "/livez" or "/readyz":
                await Answers.WriteTextAsync(context, "ok");
                break;
            case "/metrics":
                await Answers.WriteTextAsync(context, $"# TYPE apiserver_request_total counter\napiserver_request_total {seen.Number}\n");
                break;
            default:
                (JsonObject Value, string? Type) found = Document(context.Request, seen.Path) ?? throw ApiException.NoSuchPath();
                await Answers.WriteAsync(context, found.Value, 200, contentType: found.Type);
                break;
        }
    }

    private (JsonObject Value, string? Type)? Document(HttpRequest request, string path)
    {
        string[] parts = path.Trim('/').Split('/');
        switch (parts)
        {
            case ["version"]:
                return (DiscoveryDocuments.Version(), null);
            case ["api" or "apis"]:
                if (AggregatedDiscovery && AnswerForm.Of(request).As == "APIGroupDiscoveryList")
                    return (_discovery.Aggregated(parts[0] == "api"), "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
                return (parts[0] == "api" ? DiscoveryDocuments.CoreVersions() : _discovery.Groups(), null);
            case ["api", var version]:
                return Found(_discovery.Resources("", version));
            case ["apis", var group]:
                return Found(_discovery.Group(group));
            case ["apis", var group, var version]:
                return Found(_discovery.Resources(group, version));
            case ["openapi", "v3"]:
                return (_openApi.Index(), null);
            case ["openapi", "v3", .. var rest]:
                return Found(_openApi.Document(string.Join('/', rest)));
            default:
                return null;
        }
    }

    private static (JsonObject Value, string? Type)? Found(JsonObject? value) => value is null ? null : (value, null);

    private async Task ResourceAsync(HttpContext context, SeenRequest seen, ApiRequest request)
    {
        ResourceKind kind = kinds.Find(request.Group, request.Version, request.Resource) ?? throw ApiException.NoSuchPath();
        if (request.Subresource is not null && !Array.Exists(kind.Subresources, s => s.Name == request.Subresource))
            throw ApiException.NoSuchPath();
        if (kind.Namespaced && request.Namespace is null && (request.Name is not null || context.Request.Method == "POST"))
            throw ApiException.NoSuchPath();
        if (await _pods.HandleAsync(context, seen, request, kind))
            return;

        seen.Body = await Bodies.ReadAsync(context);
        if (!kind.Stored || request.Subresource is "token" or "eviction" or "binding")
        {
            await AskedAsync(context, seen, request, kind);
            return;
        }

        await _objects.HandleAsync(context, request, kind, seen.Body);
    }

    private async Task AskedAsync(HttpContext context, SeenRequest seen, ApiRequest request, ResourceKind kind)
    {
        if (context.Request.Method != "POST")
            throw ApiException.MethodNotAllowed();
        JsonObject asked = Bodies.Object(context.Request, seen.Body) ?? throw ApiException.BadRequest("the body is empty");
        if (request.Subresource is not null && store.Get(kind.Key, request.Namespace ?? "", request.Name!) is null)
            throw ApiException.NotFound(kind.Group, kind.Plural, request.Name!);
        switch (request.Subresource)
        {
            case "token":
                await Answers.WriteAsync(context, Reviews.Token(request.Namespace!, request.Name!, asked, identities.Add), 201);
                break;
            case "eviction":
                bool dry = context.Request.Query["dryRun"] == "All" || asked.At("deleteOptions.dryRun") is JsonArray { Count: > 0 };
                if (!dry)
                    store.Delete(kind, request.Namespace!, request.Name!, _ => { });
                await Answers.WriteAsync(context, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success" }, 201);
                break;
            case "binding":
                throw ApiException.Conflict(kind.Group, "pods/binding", request.Name!);
            default:
                await Answers.WriteAsync(context, Reviews.Answer(kind, asked, Identities.Acting(seen)), 201);
                break;
        }
    }
}
