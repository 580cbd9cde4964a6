using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Sallyport.Proxy.Metrics;

/// <summary>
/// An address of its own for a collector without a token, on loopback only. What comes in by it gets metrics and nothing else: the connection
/// is marked where it is accepted, so that nothing in a request can make it look like one, or like none.
/// </summary>
internal sealed class MetricsDoor(ProxyMetrics metrics)
{
    private static readonly object Mark = new();

    /// <summary>Marks the connections of a listener.</summary>
    public static void MarkAll(ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Items[Mark] = Mark;
        return next(connection);
    });

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(Mark) != true)
            return next(context);
        if (!HttpMethods.IsGet(context.Request.Method) || context.Request.Path != MetricsRoutes.Path)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        context.Response.ContentType = MetricText.ContentType;
        return context.Response.WriteAsync(metrics.Text(), context.RequestAborted);
    }
}
