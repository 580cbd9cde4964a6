using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>What a browser brought back from the broker.</summary>
internal sealed record AuthorizationAnswer(string? Code, string? Issuer, string? Error, string? Description);

/// <summary>
/// Waits on a loopback address for the browser to come back (RFC 8252 7.3). An answer with another state than this login's is some other
/// page's doing: it is refused, and the wait goes on.
/// </summary>
internal sealed class LoopbackAnswer : IAsyncDisposable
{
    public const string CallbackPath = "/callback";

    private readonly WebApplication _server;
    private readonly TaskCompletionSource<AuthorizationAnswer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _state;

    private LoopbackAnswer(WebApplication server, string state)
    {
        _server = server;
        _state = Encoding.ASCII.GetBytes(state);
    }

    /// <summary>Where the browser is to come back to.</summary>
    public string RedirectUri { get; private set; } = "";

    public static async Task<LoopbackAnswer> StartAsync(string state, CancellationToken cancel)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.Services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = 16;
            options.Limits.MaxRequestBodySize = 0;
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            options.Listen(IPAddress.Loopback, 0);
        });
        var waiting = new LoopbackAnswer(builder.Build(), state);
        waiting._server.Run(waiting.AnswerAsync);
        await waiting._server.StartAsync(cancel).ConfigureAwait(false);
        string address = waiting._server.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        waiting.RedirectUri = address.TrimEnd('/') + CallbackPath;
        return waiting;
    }

    /// <summary>The broker's answer.</summary>
    public Task<AuthorizationAnswer> WaitAsync(CancellationToken cancel) => _answer.Task.WaitAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _server.StopAsync(soon.Token).ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
    }

    private Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        IQueryCollection query = request.Query;
        HttpResponse response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.ContentType = "text/plain; charset=utf-8";
        if (!HttpMethods.IsGet(request.Method) || request.Path != CallbackPath)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return response.WriteAsync("There is nothing here.\n", context.RequestAborted);
        }

        // Each parameter once (RFC 6749 3.1): of two codes nobody could say which is meant.
        bool once = query.All(parameter => parameter.Value.Count == 1);
        if (!once || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(query["state"].ToString()), _state))
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return response.WriteAsync("This is not the answer to the login that waits here.\n", context.RequestAborted);
        }

        var answer = new AuthorizationAnswer(Text(query, "code"), Text(query, "iss"), Text(query, "error"), Text(query, "error_description"));
        bool first = _answer.TrySetResult(answer);
        string said = !first ? "This was answered before.\n" : answer.Error is null ? "You can close this window and go back to the terminal.\n" : "The login was refused: the terminal says more.\n";
        return response.WriteAsync(said, context.RequestAborted);
    }

    private static string? Text(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 and <= 4096 } text ? text : null;
}
