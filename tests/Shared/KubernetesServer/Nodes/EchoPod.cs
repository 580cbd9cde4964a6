using System.Net;
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
using Sallyport.Shared.KubernetesServer.Objects;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>What runs in every pod: an HTTP server that answers with what it was asked.</summary>
internal sealed class EchoPod : IAsyncDisposable
{
    private readonly WebApplication _application;

    private EchoPod(WebApplication application) => _application = application;

    public int Port { get; private set; }

    public static async Task<EchoPod> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        WebApplication application = builder.Build();
        application.Run(AnswerAsync);
        await application.StartAsync();
        var echo = new EchoPod(application);
        echo.Port = new Uri(application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()).Port;
        return echo;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        (string path, string query) = ApiRequest.Target(context);
        using var body = new StreamReader(context.Request.Body);
        var answer = new JsonObject
        {
            ["method"] = context.Request.Method,
            ["path"] = path + query,
            ["headers"] = new JsonObject(context.Request.Headers.Select(h => KeyValuePair.Create(h.Key.ToLowerInvariant(), (JsonNode?)h.Value.ToString()))),
            ["body"] = await body.ReadToEndAsync(context.RequestAborted),
        };
        // A redirect is passed on, never followed: this makes one.
        if (path.EndsWith("/redirect", StringComparison.Ordinal))
            context.Response.Headers.Location = "/elsewhere";
        await Answers.WriteAsync(context, answer, path.EndsWith("/redirect", StringComparison.Ordinal) ? 302 : 200);
    }
}
