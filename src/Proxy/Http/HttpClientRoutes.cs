using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Http;

/// <summary>What a person's HTTP clients must know of this gateway: <c>sallyport kubeconfig</c> asks.</summary>
internal sealed class HttpClientRoutes(string node, IReadOnlyList<ListenerConfig> listeners, TargetDirectory targets, IPolicy policy, TimeProvider time) : IAdminRoutes
{
    public void Map(AdminRouteMap map) =>
        map.Get("/v1/http", AdminRole.SignedIn, Get).Says("What an HTTP client must know: the gateway's listeners, and the HTTP and Kubernetes targets that policy lets the caller enter.");

    private Task<HttpClientJson> Get(AdminCall call)
    {
        ListenerConfig[] own = [.. listeners.Where(listener => listener.Http is not null)];
        List<HttpListenerJson> entries = [.. own.Select(listener => new HttpListenerJson(listener.Name, listener.Address.Port, listener.Http!.Url?.GetLeftPart(UriPartial.Authority), listener.Certificate is not null))];
        List<HttpTargetJson> allowed = [.. targets.Names("http2").Select(targets.FindAny).OfType<Target>()
            .Where(target => target.Config.Http is not null && own.Any(listener => MayEnter(call, target.Info, listener)))
            .Select(target => new HttpTargetJson(target.Info.Name, target.Config.Http!.IsKubernetes))];
        return Task.FromResult(new HttpClientJson(entries, allowed));
    }

    /// <summary>As at a login.</summary>
    private bool MayEnter(AdminCall call, TargetInfo target, ListenerConfig listener) => policy.Open(new SessionFacts
    {
        SessionId = Guid.Empty,
        Node = node,
        Listener = listener.Name,
        Protocol = "http2",
        Identity = call.Identity,
        Target = target.Name,
        Source = new IPEndPoint(call.Caller.Source, 0),
        StartedAt = time.GetUtcNow(),
        ClientTls = true,
    }).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login }).Kind == VerdictKind.Allow;
}

internal sealed record HttpClientJson(IReadOnlyList<HttpListenerJson> Listeners, IReadOnlyList<HttpTargetJson> Targets);

/// <param name="Url">Where people reach it, as the operator says; null: that is not said.</param>
internal sealed record HttpListenerJson(string Name, int Port, string? Url, bool Tls);

internal sealed record HttpTargetJson(string Name, bool IsKubernetes);
