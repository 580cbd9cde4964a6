using System.Security.Cryptography;
using System.Text;
using System.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Federation;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Federation;

/// <summary>Logins through an OpenID provider that does right, and the ways it, or somebody in between, can do wrong.</summary>
public sealed class OidcProviderTests(OidcProviderTests.SharedState shared) : IAsyncLifetime, IClassFixture<OidcProviderTests.SharedState>
{
    private static readonly Uri Redirect = new("https://sallyport.example/federation/corp/callback");

    private readonly ProviderHttp _http = new();
    private ScriptedProvider _provider = null!;
    private readonly Logs _logs = new();
    private PendingLogins _pending = null!;
    private OidcProvider _oidc = null!;

    /// <summary>One store for all of them: each uses states of its own.</summary>
    public sealed class SharedState : IAsyncLifetime
    {
        internal TestState State { get; private set; } = null!;

        public async Task InitializeAsync() => State = await TestState.OpenAsync();

        public async Task DisposeAsync() => await State.DisposeAsync();
    }

    public async Task InitializeAsync()
    {
        _provider = await ScriptedProvider.StartAsync();
        _pending = new PendingLogins(new OneTimeStore(shared.State.Store, shared.State.Sealer, TimeProvider.System), TimeProvider.System);
        _oidc = Make(Settings());
    }

    public async Task DisposeAsync()
    {
        _oidc.Dispose();
        _http.Dispose();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_login_brings_who_it_is_and_where_to_go_on()
    {
        (FederatedPerson person, string returnTo) = await LogInAsync();

        Assert.Equal(("alice-at-corp", "alice@corp.example", "mfa", "session-1", "refresh-1"), (person.Subject, person.Email, person.AuthenticationContext, person.Session, person.RefreshToken));
        Assert.Equal(["engineering", "oncall"], person.Groups.ToArray());
        Assert.Equal("/device?user_code=ABCD", returnTo);
        Assert.InRange(DateTimeOffset.UtcNow - person.AuthenticatedAt, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task The_request_carries_state_nonce_and_an_S256_challenge_whose_verifier_is_sent_only_to_the_token_endpoint()
    {
        Uri sent = await BeginAsync();
        var query = HttpUtility.ParseQueryString(sent.Query);
        await CompleteAsync(query["state"]!);

        Assert.Equal("S256", query["code_challenge_method"]);
        Assert.Null(query["code_verifier"]);
        string verifier = _provider.Posted.Single()["code_verifier"]!;
        Assert.Equal(query["code_challenge"], Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))));
        Assert.True(query["state"]!.Length >= 43 && query["nonce"]!.Length >= 43);
        Assert.NotEqual(query["state"], query["nonce"]);
        Assert.Equal(Redirect.AbsoluteUri, _provider.Posted.Single()["redirect_uri"]);
    }

    public static TheoryData<string, string> BadTokens => new()
    {
        { "nonce of another login", "id-token-nonce" },
        { "no nonce", "id-token-nonce" },
        { "audience", Refusals.Audience },
        { "several audiences, no azp", Refusals.Party },
        { "azp of another", Refusals.Party },
        { "issuer", Refusals.Issuer },
        { "expired", Refusals.Expired },
        { "issued long ago", Refusals.Expired },
        { "issued in the future", Refusals.NotYetValid },
        { "not yet valid", Refusals.NotYetValid },
        { "no expiry", Refusals.NoExpiry },
        { "no subject", "claims-refused" },
        { "subject is a number", "claims-refused" },
        { "group with a control character", "claims-refused" },
        { "groups are an object", "claims-refused" },
        { "a logout event inside", "id-token-type" },
    };

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task An_id_token_with_wrong_claims_is_refused(string wrong, string word)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        _provider.Claims = claims =>
        {
            switch (wrong)
            {
                case "nonce of another login": claims["nonce"] = OneTimeStore.Secret(); break;
                case "no nonce": claims.Remove("nonce"); break;
                case "audience": claims["aud"] = "another"; break;
                case "several audiences, no azp": claims["aud"] = new[] { ScriptedProvider.ClientId, "another" }; break;
                case "azp of another": claims["azp"] = "another"; break;
                case "issuer": claims["iss"] = "https://evil.example"; break;
                case "expired": claims["exp"] = now - 3600; break;
                case "issued long ago": claims["iat"] = now - 7200; break;
                case "issued in the future": claims["iat"] = now + 3600; break;
                case "not yet valid": claims["nbf"] = now + 3600; break;
                case "no expiry": claims.Remove("exp"); break;
                case "no subject": claims.Remove("sub"); break;
                case "subject is a number": claims["sub"] = 7; break;
                case "group with a control character": claims["groups"] = new[] { "admin\u0000" }; break;
                case "groups are an object": claims["groups"] = new Dictionary<string, bool> { ["admin"] = true }; break;
                case "a logout event inside": claims["events"] = new Dictionary<string, object>(); break;
            }
        };

        Assert.Equal(word, await RefusalAsync());
    }

    [Theory]
    [InlineData("alg none", Refusals.Algorithm)]
    [InlineData("HS256 with the client secret", Refusals.Algorithm)]
    [InlineData("HS256 with the public key", Refusals.Algorithm)]
    [InlineData("another key of the same id", Refusals.Signature)]
    [InlineData("another key id", Refusals.KeyUnknown)]
    [InlineData("kid that climbs", Refusals.KeyUnknown)]
    [InlineData("typ at+jwt", Refusals.Type)]
    [InlineData("typ logout+jwt", Refusals.Type)]
    [InlineData("payload changed", Refusals.Signature)]
    public async Task An_id_token_that_the_provider_did_not_sign_is_refused(string how, string word)
    {
        using RSA other = RSA.Create(2048);
        _provider.Sign = claims => how switch
        {
            "alg none" => ScriptedProvider.Unsigned(claims),
            "HS256 with the client secret" => _provider.SignWith(claims, new SigningCredentials(new SymmetricSecurityKey(Encoding.ASCII.GetBytes("client-secret-client-secret-1234")), "HS256")),
            "HS256 with the public key" => _provider.SignWith(claims, new SigningCredentials(new SymmetricSecurityKey(_provider.SecurityKey.Rsa.ExportSubjectPublicKeyInfo()), "HS256")),
            "another key of the same id" => _provider.SignWith(claims, new SigningCredentials(new RsaSecurityKey(other) { KeyId = "k1" }, "RS256")),
            "another key id" => _provider.SignWith(claims, new SigningCredentials(new RsaSecurityKey(other) { KeyId = "k2" }, "RS256")),
            "kid that climbs" => _provider.SignWith(claims, new SigningCredentials(new RsaSecurityKey(other) { KeyId = "../../dev/null" }, "RS256")),
            "typ at+jwt" => _provider.Signed(claims, "at+jwt"),
            "typ logout+jwt" => _provider.Signed(claims, "logout+jwt"),
            _ => Changed(_provider.Signed(claims)),
        };

        Assert.Equal(word, await RefusalAsync());
    }

    [Fact]
    public async Task An_answer_is_good_once()
    {
        string state = StateOf(await BeginAsync());
        await CompleteAsync(state);

        Assert.Equal("state-unknown", await RefusalAsync(state));
    }

    [Fact]
    public async Task An_answer_in_another_browser_is_refused()
    {
        string state = StateOf(await BeginAsync());

        FederationException refused = await Assert.ThrowsAsync<FederationException>(() => _oidc.CompleteAsync(Redirect, "another browser", Answer(state), default));
        Assert.Equal("state-unknown", refused.Word);
    }

    [Theory]
    [InlineData("no state", "state-missing")]
    [InlineData("unknown state", "state-unknown")]
    [InlineData("no code", "code-missing")]
    [InlineData("an error", "provider-refused")]
    [InlineData("another issuer", "mix-up")]
    [InlineData("no issuer, though it was promised", "mix-up")]
    public async Task A_wrong_answer_is_refused(string how, string word)
    {
        Dictionary<string, string> answer = Answer(StateOf(await BeginAsync()));
        switch (how)
        {
            case "no state": answer.Remove("state"); break;
            case "unknown state": answer["state"] = OneTimeStore.Secret(); break;
            case "no code": answer.Remove("code"); break;
            case "an error": answer["error"] = "<script>alert(1)</script>"; break;
            case "another issuer": answer["iss"] = "https://evil.example"; break;
            default: answer.Remove("iss"); break;
        }

        FederationException refused = await Assert.ThrowsAsync<FederationException>(() => _oidc.CompleteAsync(Redirect, "browser", answer, default));
        Assert.Equal(word, refused.Word);
        Assert.Empty(_provider.Posted);
    }

    [Fact]
    public async Task An_answer_meant_for_one_provider_is_refused_by_another()
    {
        string state = StateOf(await BeginAsync());
        using OidcProvider other = Make(Settings() with { Name = "other" });

        FederationException refused = await Assert.ThrowsAsync<FederationException>(() => other.CompleteAsync(Redirect, "browser", Answer(state), default));
        Assert.Equal("mix-up", refused.Word);
    }

    [Theory]
    [InlineData("corp.example", true, true)]
    [InlineData("CORP.example", true, true)]
    [InlineData("corp.example", false, false)]
    [InlineData("other.example", true, false)]
    public async Task Only_verified_addresses_of_the_domains_named_may_log_in(string allowed, bool verified, bool good)
    {
        using OidcProvider strict = Make(Settings() with { Domains = [allowed] });
        _provider.Claims = claims => claims["email_verified"] = verified;

        string? refusal = await RefusalOfAsync(strict);

        Assert.Equal(good ? null : "domain-refused", refusal);
    }

    [Theory]
    [InlineData("alice@corp.example.evil.example")]
    [InlineData("alice@evil.example@corp.example")]
    [InlineData("corp.example")]
    [InlineData("@")]
    public async Task An_address_that_only_looks_like_one_of_the_domain_is_refused(string address)
    {
        using OidcProvider strict = Make(Settings() with { Domains = ["corp.example"] });
        _provider.Claims = claims => claims["email"] = address;

        Assert.Equal("domain-refused", await RefusalOfAsync(strict));
    }

    [Fact]
    public async Task An_address_that_is_not_verified_is_not_taken()
    {
        _provider.Claims = claims => claims["email_verified"] = false;

        Assert.Null((await LogInAsync()).Person.Email);
    }

    [Fact]
    public async Task UserInfo_of_another_person_is_refused()
    {
        using OidcProvider asking = Make(Settings() with { UserInfo = true });
        _provider.UserInfo = new() { ["sub"] = "mallory", ["groups"] = new[] { "administrators" } };

        Assert.Equal("userinfo-subject", await RefusalOfAsync(asking));
    }

    [Fact]
    public async Task UserInfo_says_the_groups_when_it_is_asked()
    {
        using OidcProvider asking = Make(Settings() with { UserInfo = true });
        _provider.UserInfo["groups"] = new[] { "from-userinfo" };
        string state = StateOf(await BeginAsync(asking));

        (FederatedPerson person, _) = await asking.CompleteAsync(Redirect, "browser", Answer(state), default);

        Assert.Equal(["from-userinfo"], person.Groups.ToArray());
    }

    [Theory]
    [InlineData("issuer", "https://evil.example", "metadata-issuer-wrong")]
    [InlineData("token_endpoint", "http://evil.example/token", "metadata-address-refused")]
    [InlineData("jwks_uri", "file:///etc/passwd", "metadata-address-refused")]
    [InlineData("authorization_endpoint", "javascript:alert(1)", "metadata-address-refused")]
    [InlineData("userinfo_endpoint", "https://user:pass@host.example/", "metadata-address-refused")]
    public async Task Metadata_that_leads_elsewhere_is_refused(string member, string value, string word)
    {
        _provider.Metadata = metadata => metadata[member] = value;

        Assert.Equal(word, (await Assert.ThrowsAsync<FederationException>(() => BeginAsync())).Word);
    }

    [Fact]
    public async Task A_provider_without_S256_is_refused()
    {
        _provider.Metadata = metadata => metadata["code_challenge_methods_supported"] = new[] { "plain" };

        Assert.Equal("metadata-without-pkce", (await Assert.ThrowsAsync<FederationException>(() => BeginAsync())).Word);
    }

    [Fact]
    public async Task A_token_endpoint_that_redirects_is_not_followed()
    {
        _provider.TokenEndpoint = context =>
        {
            context.Response.Redirect("/me");
            return Task.CompletedTask;
        };

        Assert.Equal("provider-status-302", await RefusalAsync());
    }

    [Fact]
    public async Task An_answer_without_end_is_cut()
    {
        _provider.TokenEndpoint = async context =>
        {
            byte[] block = new byte[64 * 1024];
            Array.Fill(block, (byte)' ');
            for (int i = 0; i < 64 && !context.RequestAborted.IsCancellationRequested; i++)
                await context.Response.Body.WriteAsync(block, context.RequestAborted);
        };

        Assert.Equal("provider-unreachable", await RefusalAsync());
    }

    [Fact]
    public async Task Asking_again_brings_the_groups_of_now()
    {
        await LogInAsync();
        _provider.Claims = claims =>
        {
            claims.Remove("nonce");
            claims["groups"] = new[] { "oncall" };
        };

        FederatedPerson? person = await _oidc.RefreshAsync("refresh-1", "alice-at-corp", default);

        Assert.Equal(["oncall"], person!.Groups.ToArray());
        Assert.Equal("refresh_token", _provider.Posted[^1]["grant_type"]);
    }

    [Fact]
    public async Task Asking_again_for_someone_who_is_gone_brings_nobody()
    {
        _provider.TokenEndpoint = context =>
        {
            context.Response.StatusCode = 400;
            return context.Response.WriteAsync("""{"error":"invalid_grant"}""");
        };

        Assert.Null(await _oidc.RefreshAsync("refresh-1", "alice-at-corp", default));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(401)]
    public async Task A_provider_that_fails_has_not_said_that_they_are_gone(int status)
    {
        _provider.TokenEndpoint = context =>
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("""{"error":"server_error"}""");
        };

        await Assert.ThrowsAsync<FederationException>(() => _oidc.RefreshAsync("refresh-1", "alice-at-corp", default));
    }

    [Fact]
    public async Task Asking_again_and_hearing_of_someone_else_is_refused()
    {
        _provider.Claims = claims => claims["sub"] = "mallory";

        Assert.Equal("subject-changed", (await Assert.ThrowsAsync<FederationException>(() => _oidc.RefreshAsync("refresh-1", "alice-at-corp", default))).Word);
    }

    [Fact]
    public async Task A_logout_token_says_whose_login_has_ended()
    {
        (string? subject, string? session, _, _) = await _oidc.VerifyLogoutAsync(LogoutToken(_ => { }), default);

        Assert.Equal(("alice-at-corp", "session-1"), (subject, session));
    }

    [Theory]
    [InlineData("an ID token", "logout-token-type")]
    [InlineData("a nonce", "logout-token-type")]
    [InlineData("no jti", "logout-token-claims")]
    [InlineData("nobody", "logout-token-claims")]
    [InlineData("another audience", Refusals.Audience)]
    [InlineData("old", Refusals.Expired)]
    [InlineData("typ at+jwt", Refusals.Type)]
    public async Task A_logout_token_that_is_none_is_refused(string how, string word)
    {
        string token = how switch
        {
            "an ID token" => _provider.Signed(_provider.GoodClaims()),
            "a nonce" => LogoutToken(claims => claims["nonce"] = "n"),
            "no jti" => LogoutToken(claims => claims.Remove("jti")),
            "nobody" => LogoutToken(claims => _ = claims.Remove("sub") && claims.Remove("sid")),
            "another audience" => LogoutToken(claims => claims["aud"] = "another"),
            "old" => LogoutToken(claims => claims["exp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 3600),
            _ => LogoutToken(_ => { }, "at+jwt"),
        };

        Assert.Equal(word, (await Assert.ThrowsAsync<FederationException>(() => _oidc.VerifyLogoutAsync(token, default))).Word);
    }

    private OidcSettings Settings() => new() { Name = "corp", Issuer = _provider.Issuer, ClientId = ScriptedProvider.ClientId };

    private OidcProvider Make(OidcSettings settings) => new(settings, _http, _pending, TimeProvider.System, _logs.Log);

    private async Task<Uri> BeginAsync(OidcProvider? provider = null)
    {
        Uri sent = await (provider ?? _oidc).BeginAsync(Redirect, "browser", "/device?user_code=ABCD", again: false, default);
        _provider.Nonce = HttpUtility.ParseQueryString(sent.Query)["nonce"]!;
        return sent;
    }

    private static string StateOf(Uri sent) => HttpUtility.ParseQueryString(sent.Query)["state"]!;

    private Dictionary<string, string> Answer(string state) => new() { ["state"] = state, ["code"] = "code-1", ["iss"] = _provider.Issuer };

    private Task<(FederatedPerson Person, string ReturnTo)> CompleteAsync(string state) => _oidc.CompleteAsync(Redirect, "browser", Answer(state), default);

    private async Task<(FederatedPerson Person, string ReturnTo)> LogInAsync() => await CompleteAsync(StateOf(await BeginAsync()));

    private async Task<string?> RefusalAsync(string? state = null) => await RefusalOfAsync(_oidc, state);

    private async Task<string?> RefusalOfAsync(OidcProvider provider, string? state = null)
    {
        state ??= StateOf(await BeginAsync(provider));
        try
        {
            await provider.CompleteAsync(Redirect, "browser", Answer(state), default);
            return null;
        }
        catch (FederationException refused)
        {
            return refused.Word;
        }
    }

    private string LogoutToken(Action<Dictionary<string, object>> change, string type = "logout+jwt")
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new Dictionary<string, object>
        {
            ["iss"] = _provider.Issuer,
            ["aud"] = ScriptedProvider.ClientId,
            ["sub"] = "alice-at-corp",
            ["sid"] = "session-1",
            ["iat"] = now,
            ["exp"] = now + 120,
            ["jti"] = Guid.NewGuid().ToString(),
            ["events"] = new Dictionary<string, object> { ["http://schemas.openid.net/event/backchannel-logout"] = new Dictionary<string, object>() },
        };
        change(claims);
        return _provider.Signed(claims, type);
    }

    /// <summary>The same signature over other claims.</summary>
    private static string Changed(string token)
    {
        string[] parts = token.Split('.');
        string payload = Base64UrlEncoder.Decode(parts[1]).Replace("alice-at-corp", "admin-at-corp", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64UrlEncoder.Encode(payload)}.{parts[2]}";
    }
}
