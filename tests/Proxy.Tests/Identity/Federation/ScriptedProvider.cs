using System.Collections.Specialized;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Sallyport.Proxy.Tests.Identity.Federation;

/// <summary>An OpenID provider on loopback that does as it is told, right or wrong.</summary>
internal sealed class ScriptedProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly RSA _key = RSA.Create(2048);

    private ScriptedProvider(WebApplication app) => _app = app;

    public const string ClientId = "sallyport";

    public string Issuer => _app.Urls.Single();

    /// <summary>Changes the metadata before it is served.</summary>
    public Action<Dictionary<string, object>> Metadata { get; set; } = _ => { };

    /// <summary>Changes the claims of the ID token before it is signed.</summary>
    public Action<Dictionary<string, object>> Claims { get; set; } = _ => { };

    /// <summary>Makes the ID token of its claims.</summary>
    public Func<Dictionary<string, object>, string>? Sign { get; set; }

    /// <summary>Changes the token endpoint's answer.</summary>
    public Action<Dictionary<string, object>> Tokens { get; set; } = _ => { };

    /// <summary>What UserInfo says.</summary>
    public Dictionary<string, object> UserInfo { get; set; } = new() { ["sub"] = "alice-at-corp" };

    /// <summary>Answers the token endpoint instead; null: as usual.</summary>
    public Func<HttpContext, Task>? TokenEndpoint { get; set; }

    /// <summary>The nonce of the login under way.</summary>
    public string Nonce { get; set; } = "";

    /// <summary>The forms posted to the token endpoint.</summary>
    public List<NameValueCollection> Posted { get; } = [];

    public string? LastAuthorization { get; private set; }

    public RsaSecurityKey SecurityKey => new(_key) { KeyId = "k1" };

    public static async Task<ScriptedProvider> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var provider = new ScriptedProvider(app);
        app.MapGet("/.well-known/openid-configuration", provider.Describe);
        app.MapGet("/jwks", provider.Keys);
        app.MapPost("/token", provider.TokenAsync);
        app.MapGet("/me", (HttpContext context) => context.Response.WriteAsJsonAsync(provider.UserInfo));
        await app.StartAsync();
        return provider;
    }

    /// <summary>The claims of a good ID token.</summary>
    public Dictionary<string, object> GoodClaims()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return new()
        {
            ["iss"] = Issuer,
            ["aud"] = ClientId,
            ["sub"] = "alice-at-corp",
            ["nonce"] = Nonce,
            ["iat"] = now,
            ["exp"] = now + 300,
            ["auth_time"] = now - 5,
            ["acr"] = "mfa",
            ["sid"] = "session-1",
            ["email"] = "alice@corp.example",
            ["email_verified"] = true,
            ["groups"] = new[] { "engineering", "oncall" },
        };
    }

    public string SignWith(Dictionary<string, object> claims, SigningCredentials credentials, string type = "JWT") =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(JsonSerializer.Serialize(claims), credentials, new Dictionary<string, object> { ["typ"] = type });

    public string Signed(Dictionary<string, object> claims, string type = "JWT") => SignWith(claims, new SigningCredentials(SecurityKey, "RS256"), type);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _key.Dispose();
    }

    private Task Describe(HttpContext context)
    {
        var metadata = new Dictionary<string, object>
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = Issuer + "/auth",
            ["token_endpoint"] = Issuer + "/token",
            ["userinfo_endpoint"] = Issuer + "/me",
            ["jwks_uri"] = Issuer + "/jwks",
            ["code_challenge_methods_supported"] = new[] { "S256" },
            ["authorization_response_iss_parameter_supported"] = true,
        };
        Metadata(metadata);
        return context.Response.WriteAsJsonAsync(metadata);
    }

    private Task Keys(HttpContext context)
    {
        RSAParameters key = _key.ExportParameters(false);
        return context.Response.WriteAsJsonAsync(new
        {
            keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = "k1", n = Base64UrlEncoder.Encode(key.Modulus), e = Base64UrlEncoder.Encode(key.Exponent) } },
        });
    }

    private async Task TokenAsync(HttpContext context)
    {
        IFormCollection form = await context.Request.ReadFormAsync();
        var posted = new NameValueCollection();
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in form)
            posted[name] = value;
        Posted.Add(posted);
        LastAuthorization = context.Request.Headers.Authorization;
        if (TokenEndpoint is not null)
        {
            await TokenEndpoint(context);
            return;
        }

        Dictionary<string, object> claims = GoodClaims();
        Claims(claims);
        var tokens = new Dictionary<string, object>
        {
            ["token_type"] = "Bearer",
            ["access_token"] = "opaque",
            ["expires_in"] = 300,
            ["refresh_token"] = "refresh-1",
            ["id_token"] = (Sign ?? (c => Signed(c)))(claims),
        };
        Tokens(tokens);
        await context.Response.WriteAsJsonAsync(tokens);
    }

    /// <summary>An unsigned token, as alg none makes it.</summary>
    public static string Unsigned(Dictionary<string, object> claims) =>
        $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{Encode(JsonSerializer.Serialize(claims))}.";

    private static string Encode(string text) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(text));
}
