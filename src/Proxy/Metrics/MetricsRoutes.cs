using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Admin;

namespace Sallyport.Proxy.Metrics;

/// <summary>Metrics for a collector that has a token of a viewer.</summary>
internal sealed class MetricsRoutes(ProxyMetrics metrics) : IAdminRoutes
{
    public const string Path = "/metrics";

    public void Map(AdminRouteMap map) =>
        map.Get(Path, AdminRole.Viewer, () => TypedResults.Text(metrics.Text(), MetricText.ContentType)).Says("Counters and times, in Prometheus's text form.");
}
