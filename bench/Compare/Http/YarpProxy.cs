using System.CommandLine;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Sallyport.Compare.Http;

/// <summary>YARP as a process of its own: this program, asked to be it.</summary>
internal static class YarpProxy
{
    public const string Name = "yarp-proxy";

    public static Command Command()
    {
        var port = new Option<int>("--port") { Required = true };
        var upstream = new Option<int>("--upstream") { Required = true };
        var certificate = new Option<string>("--certificate") { Required = true };
        var key = new Option<string>("--key") { Required = true };
        var command = new Command(Name, "YARP, as a peer of the http2 comparison") { port, upstream, certificate, key };
        command.Hidden = true;
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(port), parsed.GetValue(upstream), parsed.GetValue(certificate)!, parsed.GetValue(key)!, cancel));
        return command;
    }

    private static async Task RunAsync(int port, int upstream, string certificate, string key, CancellationToken cancel)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(certificate, key);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 250;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(leaf);
            });
        });
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new RouteConfig { RouteId = "all", ClusterId = "upstream", Match = new RouteMatch { Path = "{**path}" } }],
            [
                new ClusterConfig
                {
                    ClusterId = "upstream",
                    HttpRequest = new ForwarderRequestConfig { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
                    Destinations = new Dictionary<string, DestinationConfig> { ["nginx"] = new() { Address = $"http://127.0.0.1:{upstream}" } },
                },
            ]);
        await using WebApplication app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync(cancel);
        await app.WaitForShutdownAsync(cancel);
    }
}
