using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Metrics;

namespace Sallyport.Proxy.Admin;

/// <summary>What the admin API stands on.</summary>
internal sealed record AdminDoors
{
    public required AdminConfig Config { get; init; }

    /// <summary>TLS as it is now, asked for at each connection; it gives null where there is none.</summary>
    public required Func<SslServerAuthenticationOptions?> Tls { get; init; }

    public required IAdminLogin Login { get; init; }

    /// <summary>Sessions of browsers; null: there are none.</summary>
    public IAdminSessions? Sessions { get; init; }

    public required IAudit Audit { get; init; }

    /// <summary>For the address of metrics alone, when the configuration has one.</summary>
    public ProxyMetrics? Metrics { get; init; }

    /// <summary>The rooms' routes.</summary>
    public required IReadOnlyList<IAdminRoutes> Routes { get; init; }

    public required TimeProvider Time { get; init; }

    public required Log Log { get; init; }
}

/// <summary>The admin API: a web server on a listener of its own. Nothing that it is not told here has a say in it: no environment, no settings files.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly AdminGate _gate;

    /// <exception cref="InvalidOperationException">A route has no role.</exception>
    public AdminServer(AdminDoors doors)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Logging.AddProvider(new HostLog(doors.Log));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, doors));
        AddServices(builder.Services, doors);
        _app = builder.Build();
        _gate = new AdminGate(new AdminAuthentication(doors.Config, doors.Login, doors.Sessions), doors.Audit, doors.Config.Streams, doors.Time, doors.Log);
        var errors = new AdminErrors(doors.Log);
        if (doors.Metrics is not null)
        {
            var metrics = new MetricsDoor(doors.Metrics);
            _app.Use((context, next) => metrics.InvokeAsync(context, next));
        }

        _app.Use((context, next) => errors.InvokeAsync(context, next));
        _app.UseRouting();
        _app.UseRequestTimeouts();
        _app.Use((context, next) => _gate.InvokeAsync(context, next));
        var map = new AdminRouteMap(_app);
        foreach (IAdminRoutes routes in doors.Routes)
            routes.Map(map);
        map.Describe();
        RequireRoles();
    }

    /// <summary>Where it listens: the port is the system's choice when the configuration says 0.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Where metrics alone are to be had; null: nowhere.</summary>
    public Uri? MetricsAddress => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ElementAtOrDefault(1) is { } address ? new Uri(address) : null;

    /// <summary>Every route that there is.</summary>
    public IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints)];

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The address cannot be had.</exception>
    public Task StartAsync(CancellationToken cancel) => _app.StartAsync(cancel);

    /// <summary>Stops accepting, and gives requests until <paramref name="hurry"/> to end.</summary>
    public Task StopAsync(CancellationToken hurry) => _app.StopAsync(hurry);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private void RequireRoles()
    {
        foreach (Endpoint endpoint in Endpoints)
        {
            if (endpoint.Metadata.GetMetadata<AdminRouteInfo>() is null or { Role: AdminRole.None })
                throw new InvalidOperationException($"The route {endpoint.DisplayName} names no role.");
        }
    }

    private static void AddServices(IServiceCollection services, AdminDoors doors)
    {
        services.AddRoutingCore();
        services.ConfigureHttpJsonOptions(options => AdminJson.Set(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddRequestTimeouts(options => options.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = doors.Config.Request,
            TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
            WriteTimeoutResponse = context => AdminProblem.Unavailable("too-slow", "This took too long.").WriteAsync(context),
        });
        services.AddOpenApi(AdminDescription.Configure);
    }

    private static void Listen(KestrelServerOptions kestrel, AdminDoors doors)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = doors.Config.Connections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = AdminLimits.BodyBytes;
        limits.MaxRequestHeadersTotalSize = AdminLimits.HeaderBytes;
        limits.MaxRequestHeaderCount = AdminLimits.HeaderCount;
        limits.RequestHeadersTimeout = AdminLimits.Headers;
        limits.KeepAliveTimeout = AdminLimits.KeepAlive;
        limits.MinRequestBodyDataRate = new MinDataRate(AdminLimits.LeastSendRate, AdminLimits.RateGrace);
        limits.MinResponseDataRate = new MinDataRate(AdminLimits.LeastReadRate, AdminLimits.RateGrace);
        ListenForAll(kestrel, doors);
        if (doors is { Metrics: not null, Config.Metrics: { } address })
        {
            kestrel.Listen(address, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                MetricsDoor.MarkAll(listen);
            });
        }
    }

    private static void ListenForAll(KestrelServerOptions kestrel, AdminDoors doors) =>
        kestrel.Listen(doors.Config.Address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            if (doors.Config.Certificate is null)
            {
                listen.Protocols = HttpProtocols.Http1; // HTTP/2 without TLS needs prior knowledge, which no client of ours has.
                return;
            }

            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = AdminLimits.Handshake,
                OnConnection = _ => new ValueTask<SslServerAuthenticationOptions>(Tls(doors.Tls())),
            });
        });

    /// <summary>The certificate as listeners have it, with ALPN left to the web server.</summary>
    private static SslServerAuthenticationOptions Tls(SslServerAuthenticationOptions? tls) => new()
    {
        ServerCertificateContext = tls?.ServerCertificateContext ?? throw new AuthenticationFailureException(),
        EnabledSslProtocols = tls.EnabledSslProtocols,
        AllowRenegotiation = false,
        ClientCertificateRequired = false,
    };

    private sealed class AuthenticationFailureException() : IOException("The admin API has no certificate.");
}
