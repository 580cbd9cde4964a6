using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sallyport.Shared.KubernetesServer.Nodes;
using Sallyport.Shared.KubernetesServer.Objects;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Seeds;

namespace Sallyport.Shared.KubernetesServer;

/// <summary>
/// A Kubernetes API in memory behind Kestrel (TLS, h2 and HTTP/1.1 by ALPN): objects, watches, discovery, and pods whose containers are folders and
/// processes of this machine. It judges who somebody is, as kube-apiserver does, and nothing else; it tells tests all it has seen.
/// </summary>
public sealed class LocalCluster : IKubernetesCluster
{
    private readonly ClusterAuthority _authority = new();
    private readonly Identities _identities;
    private readonly ObjectStore _store = new();
    private readonly ResourceKinds _kinds = new();
    private readonly ApiRouter _router;
    private readonly WebApplication _application;
    private readonly X509Certificate2 _certificate;

    private LocalCluster(string[] names)
    {
        _identities = new Identities(_authority);
        _router = new ApiRouter(_identities, _kinds, _store, Node);
        _certificate = _authority.NewServer(names);
        _identities.Add(Admin.Token!, User("admin", "system:masters"));
        _application = Build();
    }

    public Uri Address { get; private set; } = new("https://127.0.0.1");

    public string Authority => _authority.Certificate.ExportCertificatePem();

    public ClusterCredential Admin { get; } = ClusterCredential.OfToken("admin-" + Guid.NewGuid().ToString("N"));

    public TestNode Node { get; } = new();

    public SeenRequests Seen { get; } = new();

    SeenRequests? IKubernetesCluster.Seen => Seen;

    LocalCluster? IKubernetesCluster.Local => this;

    /// <summary>Whether kinds are told all at once (on at first), or group by group as before Kubernetes 1.26.</summary>
    public bool AggregatedDiscovery
    {
        get => _router.AggregatedDiscovery;
        set => _router.AggregatedDiscovery = value;
    }

    /// <summary>Starts one on a loopback port of its own, with everything of <see cref="Seed"/> in it.</summary>
    /// <param name="names">What its certificate is for, besides localhost and loopback's addresses.</param>
    public static async Task<LocalCluster> StartAsync(string[]? names = null, CancellationToken cancellationToken = default)
    {
        var cluster = new LocalCluster(names ?? []);
        await cluster._application.StartAsync(cancellationToken);
        string bound = cluster._application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        cluster.Address = new Uri(bound);
        await Seed.PlantAsync(cluster, cancellationToken);
        return cluster;
    }

    /// <summary>A new user with a bearer token.</summary>
    public ClusterCredential NewToken(string user, params string[] groups)
    {
        string token = $"{user.Replace(':', '-')}-{Guid.NewGuid():N}";
        SetToken(token, user, groups);
        return ClusterCredential.OfToken(token);
    }

    /// <summary>Makes a token somebody's.</summary>
    public void SetToken(string token, string user, params string[] groups) => _identities.Add(token, User(user, groups));

    /// <summary>A token opens nothing any more.</summary>
    public void Revoke(string token) => _identities.Remove(token);

    /// <summary>A new user with a client certificate.</summary>
    public ClusterCredential NewCertificate(string user, params string[] groups) => _authority.NewClient(user, groups);

    /// <summary>Forgets what happened: watches and pages begun before go on no more (410).</summary>
    public void Compact() => _store.Compact();

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
        await Node.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private static SeenUser User(string name, params string[] groups) => new(name, null, [.. groups, "system:authenticated"], new Dictionary<string, string[]>());

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowAlternateSchemes = true;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            // Requests of tests are told apart by their bytes: the server hides none behind a decoder's error.
            kestrel.Limits.MaxRequestHeadersTotalSize = 1024 * 1024;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = _certificate;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    // Who signed it is asked where it is used: a stranger's certificate is nobody's, and no end of the connection.
                    https.AllowAnyClientCertificate();
                });
            });
        });
        WebApplication application = builder.Build();
        application.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        application.Run(HandleAsync);
        return application;
    }

    private async Task HandleAsync(HttpContext context)
    {
        (string path, string query) = ApiRequest.Target(context);
        SeenRequest seen = Seen.Add(number => new SeenRequest
        {
            Number = number,
            Connection = context.Connection.Id,
            Protocol = context.Request.Protocol,
            ServerName = context.Features.Get<ITlsHandshakeFeature>()?.HostName ?? "",
            Method = context.Request.Method,
            Path = path,
            Query = query,
            Headers = [.. context.Request.Headers.SelectMany(h => h.Value.Select(v => KeyValuePair.Create(h.Key, v ?? "")))],
        });
        context.Response.OnStarting(() =>
        {
            seen.Status = context.Response.StatusCode;
            Seen.Changed();
            return Task.CompletedTask;
        });
        context.Response.Headers["Audit-Id"] = Guid.NewGuid().ToString();
        try
        {
            await _router.HandleAsync(context, seen);
        }
        catch (ApiException refusal) when (!context.Response.HasStarted)
        {
            await Answers.WriteAsync(context, refusal);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            seen.Aborted = true;
        }
        finally
        {
            seen.Ended = true;
            Seen.Changed();
        }
    }
}
