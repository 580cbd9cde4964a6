using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Local;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class AgentTests : IAsyncLifetime
{
    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string AccessType = "urn:ietf:params:oauth:token-type:access_token";

    private BrokerRig _rig = null!;
    private Browser _alice = null!;
    private string _secret = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice", "engineers", "on-call");
        await _rig.AddUserAsync("carol");
        _alice = await _rig.SignedInAsync("alice");
        _secret = await _rig.AgentAsync("bot", "carol", "engineers", "robots");
    }

    public async Task DisposeAsync()
    {
        _alice.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task An_agent_is_itself()
    {
        JsonElement claims = BrokerRig.Claims(Access(await _rig.TokenAsync(("grant_type", "client_credentials"), ("client_id", "bot"), ("client_secret", _secret), ("scope", "sallyport"))));
        Assert.Equal("bot", claims.GetProperty("sub").GetString());
        Assert.Equal("agent", claims.GetProperty("kind").GetString());
        Assert.Equal("sallyport", claims.GetProperty("aud").GetString());
        Assert.Equal(["engineers", "robots"], claims.GetProperty("groups").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(_rig.Time.Now.AddMinutes(10).ToUnixTimeSeconds(), claims.GetProperty("exp").GetInt64());
        Assert.Equal(_rig.Time.Now, (await _rig.Server.Agents.ListAsync("", 10, CancellationToken.None)).Single().LastUsedAt);
    }

    [Theory]
    [InlineData("bot", "wrong", "sallyport")]
    [InlineData("nobody", "wrong", "sallyport")]
    [InlineData("bot", null, "sallyport-admin")]
    [InlineData("bot", null, "openid")]
    [InlineData(BrokerClients.CommandLine, "", "sallyport")]
    public async Task Nothing_for_the_wrong_client_secret_or_scope(string client, string? secret, string scope)
    {
        (HttpStatusCode status, JsonElement json) = await _rig.TokenAsync(("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret ?? _secret), ("scope", scope));
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized);
        Assert.False(json.TryGetProperty("access_token", out _));
    }

    [Fact]
    public async Task A_disabled_agent_and_one_whose_owner_is_gone_get_nothing()
    {
        JsonElement alice = await _rig.TokensAsync(_alice);
        await _rig.Server.Agents.SetDisabledAsync("bot", true, null, CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, (await ClientCredentialsAsync()).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await ExchangeAsync(alice.GetProperty("access_token").GetString()!)).Status);
        Assert.Contains(await _rig.RevocationsAsync(), row => row.Kind == "subject" && row.Value == "bot");
        await _rig.Server.Agents.SetDisabledAsync("bot", false, null, CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, (await ClientCredentialsAsync()).Status);
        await _rig.Server.Users.SetDisabledAsync("carol", true, null, CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, (await ClientCredentialsAsync()).Status);
    }

    [Fact]
    public async Task An_agent_acts_for_a_person_with_what_both_may()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        string person = tokens.GetProperty("access_token").GetString()!;
        _rig.Time.Now += TimeSpan.FromMinutes(10);
        (HttpStatusCode status, JsonElement answer) = await ExchangeAsync(person);
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
        Assert.Equal(AccessType, answer.GetProperty("issued_token_type").GetString());
        Assert.False(answer.TryGetProperty("refresh_token", out _));
        string token = answer.GetProperty("access_token").GetString()!;
        Assert.Equal("at+jwt", BrokerRig.Header(token).GetProperty("typ").GetString());
        JsonElement claims = BrokerRig.Claims(token);
        Assert.Equal("alice", claims.GetProperty("sub").GetString());
        Assert.True(claims.TryGetProperty("act", out _), claims.ToString());
        Assert.Equal("bot", claims.GetProperty("act").GetProperty("sub").GetString());
        Assert.Equal("bot", claims.GetProperty("client_id").GetString());
        Assert.Equal("engineers", claims.GetProperty("groups").GetString());
        Assert.Equal("sallyport", claims.GetProperty("aud").GetString());
        Assert.Equal(BrokerRig.Claims(person).GetProperty("sid").GetString(), claims.GetProperty("sid").GetString());
        Assert.Equal(BrokerRig.Claims(person).GetProperty("exp").GetInt64(), claims.GetProperty("exp").GetInt64());
        Assert.NotEmpty(claims.GetProperty("jti").GetString()!);
    }

    [Fact]
    public async Task A_chain_of_agents_is_kept_and_has_an_end()
    {
        string other = await _rig.AgentAsync("helper", "carol", "engineers");
        string token = (await _rig.TokensAsync(_alice)).GetProperty("access_token").GetString()!;
        for (int depth = 1; depth <= BrokerPrincipals.LongestChain; depth++)
        {
            (HttpStatusCode status, JsonElement answer) = depth % 2 == 1 ? await ExchangeAsync(token) : await ExchangeAsync(token, "helper", other);
            Assert.True(status == HttpStatusCode.OK, answer.ToString());
            token = answer.GetProperty("access_token").GetString()!;
            List<string> chain = [];
            for (JsonElement claims = BrokerRig.Claims(token); claims.TryGetProperty("act", out JsonElement actor); claims = actor)
                chain.Add(actor.GetProperty("sub").GetString()!);
            Assert.Equal(depth, chain.Count);
            Assert.Equal(depth % 2 == 1 ? "bot" : "helper", chain[0]);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await ExchangeAsync(token)).Status);
    }

    [Fact]
    public async Task What_takes_the_person_s_token_back_takes_the_agent_s_too()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        (_, JsonElement answer) = await ExchangeAsync(tokens.GetProperty("access_token").GetString()!);
        string jti = BrokerRig.Claims(answer.GetProperty("access_token").GetString()!).GetProperty("jti").GetString()!;
        await _rig.Anyone.PostAsync("/revoke", ("client_id", BrokerClients.CommandLine), ("token", tokens.GetProperty("refresh_token").GetString()!));
        Assert.Contains(await _rig.RevocationsAsync(), row => row.Kind == "token" && row.Value == jti);
        Assert.Equal(HttpStatusCode.BadRequest, (await ExchangeAsync(tokens.GetProperty("access_token").GetString()!)).Status);
    }

    [Theory]
    [InlineData("scope", "sallyport-admin")]
    [InlineData("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")]
    [InlineData("requested_token_type", "urn:ietf:params:oauth:token-type:id_token")]
    [InlineData("subject_token_type", "urn:ietf:params:oauth:token-type:id_token")]
    [InlineData("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token")]
    [InlineData("audience", "sallyport-admin")]
    [InlineData("subject_token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.")]
    [InlineData("client_secret", "wrong")]
    public async Task Nothing_wider_is_given(string name, string value)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = Exchange,
            ["client_id"] = "bot",
            ["client_secret"] = _secret,
            ["subject_token_type"] = AccessType,
            ["subject_token"] = (await _rig.TokensAsync(_alice)).GetProperty("access_token").GetString()!,
        };
        form[name] = value;
        (HttpStatusCode status, JsonElement json) = await _rig.TokenAsync([.. form.Select(pair => (pair.Key, pair.Value))]);
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized, json.ToString());
        Assert.False(json.TryGetProperty("access_token", out _));
    }

    [Fact]
    public async Task Only_a_person_s_own_token_of_the_targets_is_exchanged()
    {
        string admin = (await _rig.TokensAsync(_alice, "openid sallyport-admin")).GetProperty("access_token").GetString()!;
        Assert.Equal(HttpStatusCode.BadRequest, (await ExchangeAsync(admin)).Status);
        string own = Access(await ClientCredentialsAsync());
        Assert.Equal(HttpStatusCode.BadRequest, (await ExchangeAsync(own)).Status);
        string token = (await _rig.TokensAsync(_alice)).GetProperty("access_token").GetString()!;
        (HttpStatusCode status, _) = await _rig.TokenAsync(
            ("grant_type", Exchange), ("client_id", BrokerClients.CommandLine), ("subject_token", token), ("subject_token_type", AccessType));
        Assert.NotEqual(HttpStatusCode.OK, status);
        await _rig.Server.Sessions.EndAllAsync("alice", "test", CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, (await ExchangeAsync(token)).Status);
    }

    [Fact]
    public async Task An_agent_proves_itself_by_signing()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        JsonWebKey jwk = LocalKey.PublicJwk(key);
        string json = JsonSerializer.Serialize(new { kty = jwk.Kty, crv = jwk.Crv, x = jwk.X, y = jwk.Y, kid = jwk.Kid, alg = "ES256", use = "sig" });
        string? secret = await _rig.Server.Agents.RegisterAsync(new AgentRegistration("signer", IdentityKind.Service, "carol", "signs", ["engineers"], TimeSpan.FromMinutes(5), json), null, CancellationToken.None);
        Assert.Null(secret);
        string assertion = Assertion(key, jwk.Kid);
        (HttpStatusCode status, JsonElement answer) = await AssertAsync(assertion);
        Assert.True(status == HttpStatusCode.OK, answer.ToString());
        Assert.Equal("service", BrokerRig.Claims(answer.GetProperty("access_token").GetString()!).GetProperty("kind").GetString());
        Assert.NotEqual(HttpStatusCode.OK, (await AssertAsync(assertion)).Status);
        using ECDsa another = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.NotEqual(HttpStatusCode.OK, (await AssertAsync(Assertion(another, jwk.Kid))).Status);
    }

    [Fact]
    public async Task Registering_refuses_what_would_be_mistaken()
    {
        foreach (AgentRegistration wrong in (AgentRegistration[])
        [
            Registration("alice"), Registration("bot"), Registration("sallyport"), Registration("sallyport-admin"), Registration(BrokerClients.CommandLine), Registration("A B"),
            Registration("x") with { Owner = "nobody" }, Registration("x") with { Kind = IdentityKind.Human }, Registration("x") with { Groups = [LocalUsers.Administrators] },
            Registration("x") with { TokenLifetime = TimeSpan.FromHours(2) }, Registration("x") with { PublicKey = "{}" }, Registration("x") with { Purpose = "" },
        ])
        {
            await Assert.ThrowsAsync<UserRefusedException>(() => _rig.Server.Agents.RegisterAsync(wrong, null, CancellationToken.None));
        }

        // And a person cannot take an agent's name later.
        await Assert.ThrowsAsync<UserRefusedException>(() => _rig.InviteAsync("bot"));
        static AgentRegistration Registration(string name) => new(name, IdentityKind.Agent, "carol", "tests", ["engineers"], TimeSpan.FromMinutes(10), null);
    }

    private string Assertion(ECDsa key, string kid) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
    {
        TokenType = "client-authentication+jwt",
        Issuer = "signer",
        Audience = _rig.Config.Issuer,
        IssuedAt = _rig.Time.Now.UtcDateTime,
        Expires = _rig.Time.Now.AddMinutes(1).UtcDateTime,
        Claims = new Dictionary<string, object> { ["sub"] = "signer", ["jti"] = Guid.NewGuid().ToString() },
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(key) { KeyId = kid }, "ES256"),
    });

    private Task<(HttpStatusCode Status, JsonElement Json)> AssertAsync(string assertion) => _rig.TokenAsync(
        ("grant_type", "client_credentials"), ("scope", "sallyport"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", assertion));

    private Task<(HttpStatusCode Status, JsonElement Json)> ClientCredentialsAsync() =>
        _rig.TokenAsync(("grant_type", "client_credentials"), ("client_id", "bot"), ("client_secret", _secret), ("scope", "sallyport"));

    private Task<(HttpStatusCode Status, JsonElement Json)> ExchangeAsync(string token, string client = "bot", string? secret = null) => _rig.TokenAsync(
        ("grant_type", Exchange), ("client_id", client), ("client_secret", secret ?? _secret), ("subject_token", token), ("subject_token_type", AccessType));

    private static string Access((HttpStatusCode Status, JsonElement Json) answer)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Json.ToString());
        return answer.Json.GetProperty("access_token").GetString()!;
    }
}
