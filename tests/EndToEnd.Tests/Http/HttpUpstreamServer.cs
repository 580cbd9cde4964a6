using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>What is behind the daemon: Kestrel, over TLS in HTTP/2, and without it in HTTP/1.1, with pages, a stream of events, a gRPC service and an MCP server.</summary>
public sealed class HttpUpstreamServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private HttpUpstreamServer(WebApplication application) => _application = application;

    /// <summary>HTTP/2 over TLS; HTTP/1.1, too, for those who want it.</summary>
    public int TlsPort { get; private init; }

    /// <summary>HTTP/1.1 without TLS.</summary>
    public int PlainPort { get; private init; }

    /// <summary>PEM of the certificate's CA.</summary>
    public string Authority { get; private init; } = "";

    /// <summary>What the stream of events says next; each goes on when it is written here.</summary>
    public Channel<string> Events { get; } = Channel.CreateUnbounded<string>();

    /// <summary>How often somebody came to where redirects lead.</summary>
    public int Followed => Volatile.Read(ref _followed);

    private int _followed;

    /// <summary>Fields of the last request to <c>/echo</c>, and to the gRPC and MCP services.</summary>
    public GrpcEcho.Seen Calls { get; } = new();

    public McpServer Mcp { get; } = new();

    public static async Task<HttpUpstreamServer> StartAsync()
    {
        (string certificate, string key) = Pem.NewServer();
        using X509Certificate2 pem = X509Certificate2.CreateFromPem(certificate, key);
        int tls = FreePort.Next();
        int plain = FreePort.Next();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, tls, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null));
            });
            kestrel.Listen(IPAddress.Loopback, plain, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = (null, null));
        WebApplication application = builder.Build();
        var server = new HttpUpstreamServer(application) { TlsPort = tls, PlainPort = plain, Authority = certificate };
        application.UseRouting();
        server.Map(application);
        await application.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Events.Writer.TryComplete();
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }

    /// <summary>Bytes that are not all alike.</summary>
    public static void Fill(Span<byte> bytes, long offset)
    {
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)((offset + i) * 31 >> 3);
    }

    private void Map(WebApplication application)
    {
        application.Map("/echo", context => context.Response.WriteAsJsonAsync(
            context.Request.Headers.ToDictionary(field => field.Key.ToLowerInvariant(), field => field.Value.ToString())
                .Append(new(":protocol", context.Request.Protocol)).Append(new(":method", context.Request.Method)).ToDictionary()));
        application.MapGet("/redirect", context =>
        {
            context.Response.StatusCode = StatusCodes.Status302Found;
            context.Response.Headers.Location = $"http://127.0.0.1:{PlainPort}/followed";
            return Task.CompletedTask;
        });
        application.MapGet("/followed", () => Interlocked.Increment(ref _followed));
        application.MapGet("/secret/plan", () => "a plan");
        application.MapGet("/events", SendEventsAsync);
        application.MapPost("/upload", async context => await context.Response.WriteAsync(Convert.ToHexStringLower(await SHA256.HashDataAsync(context.Request.Body))));
        application.MapGet("/download/{bytes:long}", SendAsync);
        application.MapGrpcService<GrpcEcho>();
        application.Map("/mcp", Mcp.AnswerAsync);
        GrpcEcho.Told = Calls;
    }

    private async Task SendEventsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        await foreach (string text in Events.Reader.ReadAllAsync(context.RequestAborted))
        {
            await context.Response.WriteAsync($"data: {text}\n\n");
            await context.Response.Body.FlushAsync();
            if (text == "last")
                return;
        }
    }

    private static async Task SendAsync(HttpContext context, long bytes)
    {
        context.Response.ContentLength = bytes;
        byte[] piece = new byte[1 << 17];
        for (long at = 0; at < bytes; at += piece.Length)
        {
            int length = (int)Math.Min(piece.Length, bytes - at);
            Fill(piece.AsSpan(0, length), at);
            await context.Response.Body.WriteAsync(piece.AsMemory(0, length));
        }
    }
}
