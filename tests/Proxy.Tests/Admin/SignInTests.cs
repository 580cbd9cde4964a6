using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Routes;
using Sallyport.Proxy.Admin.SignIn;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>A browser signs in at a provider and gets a cookie, or, when anything does not fit, nothing.</summary>
public sealed class SignInTests : IAsyncLifetime
{
    private readonly Logs _logs = new();
    private TestState _state = null!;
    private Provider _provider = null!;
    private OpenIdProvider _client = null!;
    private AdminRig _rig = null!;

    public async Task InitializeAsync()
    {
        _state = await TestState.OpenAsync();
        _provider = await Provider.StartAsync();
        AdminConfig config = AdminRig.Config with { SignIn = new AdminSignInConfig { Issuer = new Uri(_provider.Address), Client = Provider.Client } };
        _client = new OpenIdProvider(config.SignIn, TimeProvider.System);
        var sessions = new BrowserSessions(new OneTimeStore(_state.Store, _state.Sealer, TimeProvider.System), TimeProvider.System);
        var rules = new IssuerRules { Name = "corp", Issuer = TestIssuer.Address, Audiences = [AdminConfig.DefaultAudience] };
        var login = new AccessTokenLogin(new TokenLogin([new Issuer(rules, new FixedKeys(KeySet.Parse(TestIssuer.Shared.Jwks)))], TimeProvider.System, _logs.Log));
        _rig = await AdminRig.StartAsync([new HealthRoutes(() => null, () => null), new SignInRoutes(config, _client, sessions, login, TimeProvider.System, _logs.Log)], sessions, config);
    }

    public async Task DisposeAsync()
    {
        await _rig.DisposeAsync();
        _client.Dispose();
        await _provider.DisposeAsync();
        await _state.DisposeAsync();
        _logs.Dispose();
    }

    [Fact]
    public async Task A_browser_signs_in_acts_and_signs_out()
    {
        (string back, string browser) = await LeaveAsync("/console?x=1");
        using HttpResponseMessage signed = await GetAsync(back, browser);
        Assert.Equal(HttpStatusCode.OK, signed.StatusCode);
        Assert.Contains("url=/console?x=1", WebUtility.HtmlDecode(await signed.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        string set = signed.Headers.GetValues("Set-Cookie").Single(cookie => cookie.StartsWith(AdminAuthentication.Cookie, StringComparison.Ordinal));
        foreach (string attribute in new[] { "path=/", "secure", "httponly", "samesite=strict" })
            Assert.Contains(attribute, set, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", set, StringComparison.OrdinalIgnoreCase);
        string cookie = set.Split(';')[0];
        Assert.Equal(("login.succeeded", "alice"), (_rig.Audit.Kept[0].Type, _rig.Audit.Kept[0].Actor!.Subject));

        using HttpResponseMessage me = await GetAsync("/v1/me", cookie);
        JsonNode who = JsonNode.Parse(await me.Content.ReadAsStringAsync())!;
        Assert.Equal("alice", (string?)who["subject"]);
        using var signOut = new HttpRequestMessage(HttpMethod.Post, "/v1/signout");
        signOut.Headers.Add("Cookie", cookie);
        signOut.Headers.Add("Origin", "https://sallyport.example");
        signOut.Headers.Add(AdminAuthentication.CsrfHeader, (string?)who["csrf"]);
        using HttpResponseMessage signedOut = await _rig.Http.SendAsync(signOut);
        Assert.Equal(HttpStatusCode.OK, signedOut.StatusCode);
        using HttpResponseMessage after = await GetAsync("/v1/me", cookie);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task What_began_is_good_once_and_in_its_own_browser()
    {
        (string back, string browser) = await LeaveAsync("/");
        (string other, string otherBrowser) = await LeaveAsync("/");
        await RefusedAsync(other, browser);
        await RefusedAsync(other, otherBrowser); // The state is used up by the attempt in the wrong browser.
        using HttpResponseMessage first = await GetAsync(back, browser);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await RefusedAsync(back, browser);
    }

    [Theory]
    [InlineData("nonce")]
    [InlineData("audience")]
    [InlineData("issuer")]
    [InlineData("expired")]
    [InlineData("subject")]
    [InlineData("access-audience")]
    public async Task A_token_that_does_not_fit_signs_nobody_in(string wrong)
    {
        _provider.Wrong = wrong;
        (string back, string browser) = await LeaveAsync("/");
        await RefusedAsync(back, browser);
        Assert.Empty(_rig.Audit.Kept);
    }

    [Fact]
    public async Task An_answer_of_another_issuer_is_refused()
    {
        (string back, string browser) = await LeaveAsync("/");
        await RefusedAsync(back.Replace("iss=", "iss=https%3A%2F%2Fevil.example&was=", StringComparison.Ordinal), browser);
    }

    [Theory]
    [InlineData("/console", "/console")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/a\\b", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void A_return_is_a_path_of_ours(string? given, string expected) => Assert.Equal(expected, SignInRoutes.Local(given));

    /// <summary>To the provider, which says yes: where it sends the browser back to, and the cookie that the browser has by then.</summary>
    private async Task<(string Back, string Cookie)> LeaveAsync(string path)
    {
        using HttpResponseMessage begun = await GetAsync("/signin?return=" + Uri.EscapeDataString(path), null);
        Assert.Equal(HttpStatusCode.Found, begun.StatusCode);
        string cookie = begun.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        return (_provider.Authorize(begun.Headers.Location!), cookie);
    }

    private async Task RefusedAsync(string back, string cookie)
    {
        using HttpResponseMessage refused = await GetAsync(back, cookie);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.False(refused.Headers.TryGetValues("Set-Cookie", out IEnumerable<string>? set) && set.Any(value => value.StartsWith(AdminAuthentication.Cookie + "=", StringComparison.Ordinal)));
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string? cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        return await _rig.Http.SendAsync(request);
    }

    /// <summary>A provider with one person, who always says yes.</summary>
    private sealed class Provider(WebApplication app) : IAsyncDisposable
    {
        public const string Client = "console";

        private readonly Dictionary<string, (string Nonce, string Challenge)> _codes = [];

        public string Address => app.Urls.First();

        /// <summary>What is wrong with its tokens.</summary>
        public string Wrong { get; set; } = "";

        public static async Task<Provider> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
            builder.Services.AddRoutingCore();
            WebApplication app = builder.Build();
            var provider = new Provider(app);
            app.MapGet("/.well-known/openid-configuration", () => new JsonObject
            {
                ["issuer"] = provider.Address,
                ["authorization_endpoint"] = provider.Address + "/authorize",
                ["token_endpoint"] = provider.Address + "/token",
                ["jwks_uri"] = provider.Address + "/jwks",
            });
            app.MapPost("/token", (Delegate)provider.TokenAsync);
            await app.StartAsync();
            return provider;
        }

        public string Authorize(Uri address)
        {
            Dictionary<string, Microsoft.Extensions.Primitives.StringValues> query = QueryHelpers.ParseQuery(address.Query);
            Assert.Equal(("code", Client, "S256"), ((string?)query["response_type"], (string?)query["client_id"], (string?)query["code_challenge_method"]));
            string code = $"code-{_codes.Count}";
            _codes[code] = (query["nonce"]!, query["code_challenge"]!);
            Assert.Equal("https://sallyport.example/signin", (string?)query["redirect_uri"]);
            return $"/signin?code={code}&state={Uri.EscapeDataString(query["state"]!)}&iss={Uri.EscapeDataString(Address)}";
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();

        private async Task<IResult> TokenAsync(HttpContext context)
        {
            IFormCollection form = await context.Request.ReadFormAsync();
            (string nonce, string challenge) = _codes.GetValueOrDefault((string?)form["code"] ?? "");
            bool proven = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]!))) == challenge;
            if (!proven)
                return Results.BadRequest();
            DateTimeOffset now = DateTimeOffset.UtcNow;
            JsonObject id = TestIssuer.Claims(Wrong == "expired" ? now.AddHours(-1) : now);
            id["iss"] = Wrong == "issuer" ? "https://evil.example" : Address;
            id["aud"] = Wrong == "audience" ? "other" : Client;
            id["nonce"] = Wrong == "nonce" ? "other" : nonce;
            id["sub"] = Wrong == "subject" ? "mallory" : "alice";
            string access = AdminRig.Signed("alice", "human", Wrong == "access-audience" ? "sallyport" : AdminConfig.DefaultAudience, now, [AdminRole.Viewer]);
            return Results.Json(new JsonObject { ["access_token"] = access, ["id_token"] = TestIssuer.Shared.Sign(TestIssuer.Header(), id), ["token_type"] = "Bearer" });
        }
    }
}
