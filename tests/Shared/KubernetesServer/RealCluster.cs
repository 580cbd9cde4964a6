using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sallyport.Shared.KubernetesServer.Nodes;
using Sallyport.Shared.KubernetesServer.Objects;
using Sallyport.Shared.KubernetesServer.Requests;
using Sallyport.Shared.KubernetesServer.Seeds;

namespace Sallyport.Shared.KubernetesServer;

/// <summary>
/// A real kube-apiserver, of which we are the only node: it reaches our kubelet to run commands, forward ports and read logs. There are no
/// controllers: what they would do for the seed is done here, by status patches.
/// </summary>
public sealed class RealCluster : IKubernetesCluster
{
    private readonly ClusterAuthority _authority = new();
    private readonly WebApplication _kubelet;
    private readonly NodeRequests _requests;

    private RealCluster(Uri address, string authority, ClusterCredential admin)
    {
        (Address, Authority, Admin) = (address, authority, admin);
        Node.Pods = (_, name) => Seed.Pods(name);
        _requests = new NodeRequests(Node);
        _kubelet = BuildKubelet();
    }

    public Uri Address { get; }

    public string Authority { get; }

    public ClusterCredential Admin { get; }

    public TestNode Node { get; } = new();

    public SeenRequests? Seen => null;

    public LocalCluster? Local => null;

    /// <summary>Reads the kubeconfig, starts a kubelet, and plants the seed.</summary>
    internal static async Task<RealCluster> ConnectAsync(string kubeconfig, CancellationToken cancellationToken)
    {
        (Uri address, string authority, ClusterCredential credential) = Kubeconfig.Read(kubeconfig);
        var cluster = new RealCluster(address, authority, credential);
        await cluster._kubelet.StartAsync(cancellationToken);
        int port = new Uri(cluster._kubelet.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()).Port;
        await Seed.PlantAsync(cluster, cancellationToken, client => ReportAsync(client, port, cancellationToken));
        return cluster;
    }

    public async ValueTask DisposeAsync()
    {
        await _kubelet.StopAsync(new CancellationToken(canceled: true));
        await _kubelet.DisposeAsync();
        await Node.DisposeAsync();
        _authority.Dispose();
    }

    /// <summary>What a kubelet and the controllers report: where the node is, that the pods run.</summary>
    private static async Task ReportAsync(HttpClient client, int port, CancellationToken cancellationToken)
    {
        var node = new JsonObject
        {
            ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = "127.0.0.1" }, new JsonObject { ["type"] = "Hostname", ["address"] = Seed.Node }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = port } },
            ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True", ["lastHeartbeatTime"] = "2026-01-01T00:00:00Z", ["lastTransitionTime"] = "2026-01-01T00:00:00Z" }),
        };
        await ReportAsync(client, "/api/v1/nodes/" + Seed.Node, node, cancellationToken);
        foreach (string pod in (string[])[Seed.Pod, Seed.OtherPod])
            await ReportAsync(client, $"/api/v1/namespaces/{Seed.Space}/pods/{pod}", Defaults.PodStatus(Seed.Pods(pod)!, "127.0.0.1"), cancellationToken);
    }

    private static async Task ReportAsync(HttpClient client, string path, JsonObject status, CancellationToken cancellationToken)
    {
        using var body = new StringContent(new JsonObject { ["status"] = status }.ToJsonString(), Encoding.UTF8, "application/merge-patch+json");
        using HttpResponseMessage answer = await client.PatchAsync(path + "/status", body, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private WebApplication BuildKubelet()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(_authority.NewServer(Seed.Node));
            });
        });
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Run(AnswerAsync);
        return application;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            await _requests.HandleAsync(context, ApiRequest.Target(context).Path);
        }
        catch (ApiException refusal) when (!context.Response.HasStarted)
        {
            await Answers.WriteAsync(context, refusal);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked is gone.
            context.Abort();
        }
    }
}
