using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sallyport.Shared.KubernetesServer.Objects;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>The subresources of pods, services and nodes that are streams: log, exec, attach, portforward, proxy.</summary>
internal sealed class PodRequests : IDisposable
{
    private readonly ObjectStore _store;
    private readonly ResourceKinds _kinds;
    private readonly TestNode _node;
    private readonly NodeRequests _requests;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false });

    public PodRequests(ObjectStore store, ResourceKinds kinds, TestNode node)
    {
        (_store, _kinds, _node, _requests) = (store, kinds, node, new NodeRequests(node));
        node.Pods = (space, name) => store.Get("/pods", space, name);
    }

    /// <summary>Answers, and returns true, when it is one of them.</summary>
    /// <exception cref="ApiException">It is refused.</exception>
    public async Task<bool> HandleAsync(HttpContext context, SeenRequest seen, ApiRequest request, ResourceKind kind)
    {
        if (kind.Group.Length > 0 || request.Subresource is not ("log" or "exec" or "attach" or "portforward" or "proxy"))
            return false;
        string space = request.Namespace ?? "";
        // A proxy's name may say a scheme and a port: "https:web:8080".
        string[] name = request.Subresource == "proxy" ? request.Name!.Split(':') : [request.Name!];
        string own = name.Length switch { 1 or 2 => name[0], 3 => name[1], _ => throw ApiException.BadRequest($"invalid {kind.Kind} request \"{request.Name}\"") };
        JsonObject found = _store.Get(kind.Key, space, own) ?? throw ApiException.NotFound("", kind.Plural, own);
        IQueryCollection query = context.Request.Query;
        switch (request.Subresource)
        {
            case "proxy":
                await ProxyAsync(context, seen, request, kind, found, name.Length == 1 ? null : name[^1]);
                break;
            case "log":
                if (context.Request.Method != "GET")
                    throw ApiException.MethodNotAllowed();
                await _requests.LogAsync(context, space, own, Container(found, query["container"]));
                break;
            case "portforward":
                await _requests.PortForwardAsync(context, space, own);
                break;
            default:
                var asked = new CommandRequest(
                    request.Subresource == "attach",
                    [.. query["command"].Select(c => c ?? "")],
                    Truth(query["stdin"]),
                    Truth(query["stdout"]),
                    Truth(query["stderr"]),
                    Truth(query["tty"]));
                await _requests.CommandAsync(context, space, own, Container(found, query["container"]), asked);
                break;
        }

        return true;
    }

    public void Dispose() => _client.Dispose();

    private static bool Truth(Microsoft.Extensions.Primitives.StringValues value) => value.ToString() is "1" or "t" or "T" or "true" or "TRUE" or "True";

    private static string Container(JsonObject pod, string? asked)
    {
        string[] names = [.. pod.Items("spec.containers").Concat(pod.Items("spec.ephemeralContainers")).Select(c => c.Text("name")!)];
        if (string.IsNullOrEmpty(asked))
            return names.Length == 1 ? names[0] : throw ApiException.BadRequest($"a container name must be specified for pod {pod.Name()}, choose one of: [{string.Join(' ', names)}]");
        return names.Contains(asked) ? asked : throw ApiException.BadRequest($"container {asked} is not valid for pod {pod.Name()}");
    }

    private async Task ProxyAsync(HttpContext context, SeenRequest seen, ApiRequest request, ResourceKind kind, JsonObject found, string? port)
    {
        if (kind.Plural == "nodes")
        {
            await _requests.HandleAsync(context, "/" + request.Rest);
            return;
        }

        string space = request.Namespace!;
        string pod = kind.Plural == "pods" ? found.Name() : PodOf(found);
        int? number = int.TryParse(port, System.Globalization.CultureInfo.InvariantCulture, out int asked) ? asked : null;
        if (kind.Plural == "services")
            number = (int)(found.Items("spec.ports").FirstOrDefault(p => port is null || p.Text("port") == port || p.Text("name") == port)?.Number("targetPort") ?? throw new ApiException(503, "ServiceUnavailable", $"no endpoints available for service \"{found.Name()}\"", new JsonObject()));
        int local = await _node.PortAsync(space, pod, number ?? Seeds.Seed.EchoPort)
            ?? throw new ApiException(503, "ServiceUnavailable", $"error trying to reach service: dial tcp 127.0.0.1:{number}: connect: connection refused", new JsonObject());

        seen.Body = await Bodies.ReadAsync(context);
        using var forwarded = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri($"http://127.0.0.1:{local}/{request.Rest}{seen.Query}"));
        forwarded.Content = new ByteArrayContent(seen.Body);
        foreach ((string header, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
        {
            if (header.StartsWith(':') || header is "Host" or "Authorization" or "Content-Length" or "Connection" || header.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
                continue;
            if (!forwarded.Headers.TryAddWithoutValidation(header, (IEnumerable<string?>)values))
                forwarded.Content.Headers.TryAddWithoutValidation(header, (IEnumerable<string?>)values);
        }

        using HttpResponseMessage answer = await _client.SendAsync(forwarded, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string header, IEnumerable<string> values) in ((HttpHeaders[])[answer.Headers, answer.Content.Headers]).SelectMany(h => h))
        {
            if (header is not ("Transfer-Encoding" or "Connection"))
                context.Response.Headers[header] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    /// <summary>The first pod that a service selects.</summary>
    private string PodOf(JsonObject service)
    {
        string selector = string.Join(',', (service.At("spec.selector") as JsonObject ?? []).Select(s => $"{s.Key}={s.Value}"));
        ResourceKind pods = _kinds.Find("", "v1", "pods")!;
        return _store.List(pods.Key, service.Text("metadata.namespace")).Objects.FirstOrDefault(Selectors.Parse(selector, null))?.Name()
            ?? throw new ApiException(503, "ServiceUnavailable", $"no endpoints available for service \"{service.Name()}\"", new JsonObject());
    }
}
