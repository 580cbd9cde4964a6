using Sallyport.Protocols.Http2.Bodies;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;
using Sallyport.Protocols.Http2.Mcp;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>Which exchanges need more than being passed on.</summary>
internal static class ExchangePlans
{
    /// <param name="head">As the client sent it.</param>
    /// <param name="exchange">Its number in the recording.</param>
    /// <returns>Null: none.</returns>
    public static IExchangePlan? Of(HttpScope scope, HttpRequest request, HttpHead head, uint exchange) =>
        McpPaths.Has(request, head)
            ? new McpPlan(scope, request.Target.Info.Name, scope.Context.Masks, scope.Context.Masks?.Of(new RequestActions().View(head, request)) is { Computed: not null } fields ? fields : null)
            : KubeTunnels.Plan(scope, request, head, exchange) ?? BodyMasking.Of(scope, request, head);
}
