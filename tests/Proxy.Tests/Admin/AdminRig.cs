using System.Collections.Frozen;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Tests.Support;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>The admin API on a real web server, with tokens that a test issuer signs. Each role belongs to the group of its name.</summary>
internal sealed class AdminRig : IAsyncDisposable
{
    public static readonly IReadOnlyList<AdminRole> Roles = [.. AdminRoles.ByName.Values.Order()];

    private readonly Logs _logs;

    private AdminRig(AdminServer server, HttpClient http, AdminAudit audit, Logs logs)
    {
        _logs = logs;
        Server = server;
        Http = http;
        Audit = audit;
    }

    public AdminServer Server { get; }

    public HttpClient Http { get; }

    /// <summary>What was audited.</summary>
    public AdminAudit Audit { get; }

    /// <summary>A configuration on a port of the system's choice.</summary>
    public static AdminConfig Config { get; } = new()
    {
        Address = new IPEndPoint(IPAddress.Loopback, 0),
        Url = new Uri("https://sallyport.example"),
        Roles = Roles.ToFrozenDictionary(role => role, role => new[] { AdminRoles.Name(role) + "s" }.ToFrozenSet()),
    };

    public static async Task<AdminRig> StartAsync(IEnumerable<IAdminRoutes> routes, IAdminSessions? sessions = null, AdminConfig? config = null, TimeProvider? time = null, ProxyMetrics? metrics = null)
    {
        var logs = new Logs();
        var audit = new AdminAudit();
        var rules = new IssuerRules { Name = "corp", Issuer = TestIssuer.Address, Audiences = [AdminConfig.DefaultAudience] };
        var login = new TokenLogin([new Issuer(rules, new FixedKeys(KeySet.Parse(TestIssuer.Shared.Jwks)))], time ?? TimeProvider.System, logs.Log);
        var server = new AdminServer(new AdminDoors
        {
            Config = config ?? Config,
            Tls = () => null,
            Login = new AccessTokenLogin(login),
            Sessions = sessions,
            Metrics = metrics,
            Audit = audit,
            Routes = [.. routes],
            Time = time ?? TimeProvider.System,
            Log = logs.Log,
        });
        await server.StartAsync(default);
        var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = server.Address };
        return new AdminRig(server, http, audit, logs);
    }

    /// <summary>A token of a person with these roles.</summary>
    public static string Token(string subject, params IEnumerable<AdminRole> roles) =>
        Signed(subject, "human", AdminConfig.DefaultAudience, DateTimeOffset.UtcNow, roles);

    /// <summary>A token.</summary>
    /// <param name="issued">It is good for ten minutes from then on.</param>
    public static string Signed(string subject, string kind, string audience, DateTimeOffset issued, IEnumerable<AdminRole> roles, string actingFor = "")
    {
        JsonObject claims = TestIssuer.Claims(issued);
        claims["sub"] = subject;
        claims["aud"] = audience;
        claims["kind"] = kind;
        claims["jti"] = Guid.NewGuid().ToString();
        claims["groups"] = new JsonArray([.. roles.Select(role => (JsonNode)(AdminRoles.Name(role) + "s"))]);
        if (actingFor.Length > 0)
            claims["acting_for"] = new JsonArray(actingFor);
        return TestIssuer.Shared.Sign(TestIssuer.Header(), claims);
    }

    /// <summary>A request, and what it was answered: status and body.</summary>
    public async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, string? token, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (body is not null)
            request.Content = body is string text ? new StringContent(text, Encoding.UTF8, "application/json") : JsonContent.Create(body, options: AdminJson.Options);
        using HttpResponseMessage response = await Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The word of a problem document.</summary>
    public static string? Word(string body) => ((string?)JsonNode.Parse(body)?["type"])?.Split(':')[^1];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.StopAsync(new CancellationToken(canceled: true));
        await Server.DisposeAsync();
        _logs.Dispose();
    }
}
