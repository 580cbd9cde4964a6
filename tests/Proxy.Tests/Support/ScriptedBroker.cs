using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>An OpenID provider that answers what a test tells it to.</summary>
internal sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Queue<Func<IFormCollection, (int Status, string Body)>> _answers = new();

    private ScriptedBroker(WebApplication server)
    {
        _server = server;
    }

    public string Issuer { get; private set; } = "";

    /// <summary>Discovery, before it is sent.</summary>
    public JsonObject Metadata { get; private set; } = [];

    /// <summary>Forms that the token, device and revocation endpoints got.</summary>
    public List<(string Path, Dictionary<string, string> Form)> Asked { get; } = [];

    public static async Task<ScriptedBroker> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<KestrelServerOptions>(options => options.Listen(IPAddress.Loopback, 0));
        var broker = new ScriptedBroker(builder.Build());
        broker._server.MapGet("/oidc/.well-known/openid-configuration", () => Results.Text(broker.Metadata.ToJsonString(), "application/json"));
        foreach (string path in new[] { "/token", "/device", "/revoke" })
            broker._server.MapPost(path, broker.AnswerAsync);
        await broker._server.StartAsync();
        broker.Issuer = broker._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/oidc";
        string at = broker.Issuer[..^"oidc".Length];
        broker.Metadata = new JsonObject
        {
            ["issuer"] = broker.Issuer,
            ["token_endpoint"] = at + "token",
            ["authorization_endpoint"] = at + "authorize",
            ["device_authorization_endpoint"] = at + "device",
            ["revocation_endpoint"] = at + "revoke",
            ["authorization_response_iss_parameter_supported"] = true,
        };
        return broker;
    }

    /// <summary>The next answer of an endpoint that takes forms.</summary>
    public void Next(Func<IFormCollection, JsonObject> answer, int status = 200) => _answers.Enqueue(form => (status, answer(form).ToJsonString()));

    public void Next(string body, int status = 200) => _answers.Enqueue(_ => (status, body));

    /// <summary>Tokens for the command line.</summary>
    public JsonObject Tokens(DateTimeOffset now, string? nonce, string access = "access-1", string? refresh = "refresh-1", Action<JsonObject>? change = null)
    {
        var claims = new JsonObject { ["iss"] = Issuer, ["aud"] = "sallyport-cli", ["sub"] = "pat", ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(), ["iat"] = now.ToUnixTimeSeconds() };
        if (nonce is not null)
            claims["nonce"] = nonce;
        change?.Invoke(claims);
        var answer = new JsonObject
        {
            ["access_token"] = access,
            ["token_type"] = "Bearer",
            ["expires_in"] = 900,
            ["id_token"] = TestIssuer.Shared.Sign(TestIssuer.Header(), claims),
        };
        if (refresh is not null)
            answer["refresh_token"] = refresh;
        return answer;
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        (int status, string body) = _answers.Count > 0 ? _answers.Dequeue()(form) : (500, "{}");
        Asked.Add((context.Request.Path, form.ToDictionary(pair => pair.Key, pair => pair.Value.ToString())));
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }
}
