using System.Net;
using System.Text.Json;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class CodeFlowTests : IAsyncLifetime
{
    private BrokerRig _rig = null!;
    private Browser _alice = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice", "engineers", "on-call");
        _alice = await _rig.SignedInAsync("alice");
    }

    public async Task DisposeAsync()
    {
        _alice.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Discovery_offers_what_there_is_and_no_more()
    {
        JsonElement discovery = JsonDocument.Parse((await _rig.Anyone.GetAsync("/oidc/.well-known/openid-configuration")).Text).RootElement;
        Assert.Equal(_rig.Config.Issuer, discovery.GetProperty("issuer").GetString());
        Assert.Equal(["S256"], discovery.GetProperty("code_challenge_methods_supported").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(["code"], discovery.GetProperty("response_types_supported").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(["query"], discovery.GetProperty("response_modes_supported").EnumerateArray().Select(e => e.GetString()));
        Assert.False(discovery.TryGetProperty("introspection_endpoint", out _));
        Assert.False(discovery.TryGetProperty("userinfo_endpoint", out _));
        Assert.Equal(_rig.Config.At("/device-authorization"), discovery.GetProperty("device_authorization_endpoint").GetString());
    }

    [Fact]
    public async Task A_person_gets_tokens_that_say_who_they_are()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        string access = tokens.GetProperty("access_token").GetString()!;
        Assert.Equal("at+jwt", BrokerRig.Header(access).GetProperty("typ").GetString());
        Assert.Equal("ES256", BrokerRig.Header(access).GetProperty("alg").GetString());
        JsonElement claims = BrokerRig.Claims(access);
        Assert.Equal(_rig.Config.Issuer, claims.GetProperty("iss").GetString());
        Assert.Equal("sallyport", claims.GetProperty("aud").GetString());
        Assert.Equal("alice", claims.GetProperty("sub").GetString());
        Assert.Equal("human", claims.GetProperty("kind").GetString());
        Assert.Equal("pwd", claims.GetProperty("acr").GetString());
        Assert.Equal(BrokerClients.CommandLine, claims.GetProperty("client_id").GetString());
        Assert.Equal(["engineers", "on-call"], claims.GetProperty("groups").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal(_rig.Time.Now.ToUnixTimeSeconds(), claims.GetProperty("auth_time").GetInt64());
        Assert.Equal(_rig.Time.Now.AddMinutes(15).ToUnixTimeSeconds(), claims.GetProperty("exp").GetInt64());
        Assert.Equal(32, claims.GetProperty("sid").GetString()!.Length);
        Assert.NotEmpty(claims.GetProperty("jti").GetString()!);

        JsonElement id = BrokerRig.Claims(tokens.GetProperty("id_token").GetString()!);
        Assert.Equal(BrokerClients.CommandLine, id.GetProperty("aud").GetString());
        Assert.Equal("n-1", id.GetProperty("nonce").GetString());
        Assert.Equal(claims.GetProperty("sid").GetString(), id.GetProperty("sid").GetString());
        Assert.False(id.TryGetProperty("groups", out _));
    }

    [Theory]
    [InlineData("sallyport", "sallyport")]
    [InlineData("sallyport-admin", "sallyport-admin")]
    public async Task The_audience_follows_from_the_scope(string scope, string audience)
    {
        JsonElement tokens = await _rig.TokensAsync(_alice, "openid " + scope);
        Assert.Equal(audience, BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!).GetProperty("aud").GetString());
        Assert.False(tokens.TryGetProperty("refresh_token", out _));
    }

    [Theory]
    [InlineData("code_challenge", null)]
    [InlineData("code_challenge_method", "plain")]
    [InlineData("code_challenge_method", null)]
    [InlineData("response_type", "token")]
    [InlineData("response_type", "code token")]
    [InlineData("response_mode", "form_post")]
    [InlineData("response_mode", "fragment")]
    [InlineData("scope", "openid admin")]
    public async Task A_request_that_lacks_proof_or_asks_for_too_much_gets_no_code(string name, string? value)
    {
        Dictionary<string, string?> request = BrokerRig.CodeRequest();
        request[name] = value;
        Page page = await _alice.GetAsync(BrokerRig.Query("/authorize", request));
        Assert.True(page.Status is HttpStatusCode.BadRequest or HttpStatusCode.Redirect, page.Status.ToString());
        Assert.DoesNotContain("code=", page.Location ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"answer\"", page.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example/callback")]
    [InlineData("http://127.0.0.1.evil.example/callback")]
    [InlineData("http://127.0.0.1:49152/other")]
    [InlineData("http://127.0.0.1:49152/callback?x=1")]
    [InlineData("http://127.0.0.1:49152/callback#f")]
    [InlineData("http://user@127.0.0.1:49152/callback")]
    [InlineData("https://127.0.0.1:49152/callback")]
    [InlineData("http://localhost:49152/callback")]
    [InlineData("javascript:alert(1)")]
    [InlineData("//evil.example")]
    public async Task A_redirect_that_is_not_registered_leads_nowhere(string redirect)
    {
        Dictionary<string, string?> request = BrokerRig.CodeRequest();
        request["redirect_uri"] = redirect;
        Page page = await _alice.GetAsync(BrokerRig.Query("/authorize", request));
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Null(page.Location);
    }

    [Theory]
    [InlineData("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong")]
    [InlineData("code_verifier", null)]
    [InlineData("redirect_uri", "http://127.0.0.1:49153/callback")]
    [InlineData("client_id", "sallyport-console")]
    public async Task A_code_is_only_for_who_asked_for_it(string name, string? value)
    {
        await _rig.Server.Clients.EnsureConsoleAsync(new Uri("https://admin.example"), null, CancellationToken.None);
        var form = new Dictionary<string, string?>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = BrokerClients.CommandLine,
            ["code"] = await _rig.CodeAsync(_alice),
            ["redirect_uri"] = BrokerRig.Redirect,
            ["code_verifier"] = BrokerRig.Verifier,
        };
        form[name] = value;
        (HttpStatusCode status, JsonElement json) = await _rig.TokenAsync([.. form.Where(pair => pair.Value is not null).Select(pair => (pair.Key, pair.Value!))]);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.False(json.TryGetProperty("access_token", out _));
    }

    [Fact]
    public async Task A_code_that_is_used_twice_takes_its_tokens_back()
    {
        string code = await _rig.CodeAsync(_alice);
        (HttpStatusCode first, JsonElement tokens) = await _rig.RedeemAsync(code);
        Assert.Equal(HttpStatusCode.OK, first);
        (HttpStatusCode second, JsonElement error) = await _rig.RedeemAsync(code);
        Assert.Equal(HttpStatusCode.BadRequest, second);
        Assert.Equal("invalid_grant", error.GetProperty("error").GetString());

        string jti = BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!).GetProperty("jti").GetString()!;
        Assert.Contains(await _rig.RevocationsAsync(), row => row is { Kind: "token" } && row.Value == jti);
        (HttpStatusCode refresh, _) = await _rig.TokenAsync(("grant_type", "refresh_token"), ("client_id", BrokerClients.CommandLine), ("refresh_token", tokens.GetProperty("refresh_token").GetString()!));
        Assert.Equal(HttpStatusCode.BadRequest, refresh);
    }

    [Fact]
    public async Task A_code_is_good_for_a_minute()
    {
        string code = await _rig.CodeAsync(_alice);
        _rig.Time.Now += TimeSpan.FromSeconds(61);
        Assert.Equal(HttpStatusCode.BadRequest, (await _rig.RedeemAsync(code)).Status);
    }

    [Fact]
    public async Task A_code_of_one_node_is_redeemed_by_another()
    {
        await using BrokerRig second = await _rig.SecondAsync();
        string code = await _rig.CodeAsync(_alice);
        (HttpStatusCode status, JsonElement tokens) = await second.RedeemAsync(code);
        Assert.True(status == HttpStatusCode.OK, tokens.ToString());
        (HttpStatusCode again, JsonElement fresh) = await _rig.TokenAsync(("grant_type", "refresh_token"), ("client_id", BrokerClients.CommandLine), ("refresh_token", tokens.GetProperty("refresh_token").GetString()!));
        Assert.True(again == HttpStatusCode.OK, fresh.ToString());
    }

    [Fact]
    public async Task Nobody_who_is_not_signed_in_gets_a_code_and_the_request_is_kept()
    {
        using Browser stranger = _rig.NewBrowser();
        Page page = await stranger.GetAsync(BrokerRig.Query("/authorize", BrokerRig.CodeRequest()));
        Assert.Equal(HttpStatusCode.Redirect, page.Status);
        Assert.StartsWith("/sign-in?return_to=%2Fauthorize%3F", page.Location, StringComparison.Ordinal);
        Page signedIn = await stranger.SubmitAsync(await stranger.GetAsync(page.Location!), ("name", "alice"), ("password", BrokerRig.Password));
        Assert.Contains("http-equiv=\"refresh\" content=\"0; url=/authorize?", signedIn.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_on_the_computer_gets_nothing_without_a_yes()
    {
        Page agree = await _alice.GetAsync(BrokerRig.Query("/authorize", BrokerRig.CodeRequest()));
        Assert.Contains("form-action 'self' http://127.0.0.1:49152;", agree.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Page refused = await _alice.SubmitAsync(agree, ("answer", "no"));
        Assert.Equal("access_denied", refused.LocationQuery("error"));
        Page forged = await _alice.SubmitAsync(agree, ("answer", "yes"), ("csrf", new string('A', 43)));
        Assert.Equal(HttpStatusCode.Forbidden, forged.Status);
        Dictionary<string, string?> silent = BrokerRig.CodeRequest();
        silent["prompt"] = "none";
        Assert.Equal("consent_required", (await _alice.GetAsync(BrokerRig.Query("/authorize", silent))).LocationQuery("error"));
    }

    [Fact]
    public async Task A_login_too_old_for_the_client_is_made_again()
    {
        Dictionary<string, string?> request = BrokerRig.CodeRequest();
        request["max_age"] = "300";
        Assert.Equal(HttpStatusCode.OK, (await _alice.GetAsync(BrokerRig.Query("/authorize", request))).Status);
        _rig.Time.Now += TimeSpan.FromSeconds(301);
        Page old = await _alice.GetAsync(BrokerRig.Query("/authorize", request));
        Assert.StartsWith("/sign-in?", old.Location, StringComparison.Ordinal);
        request["prompt"] = "none";
        Assert.Equal("login_required", (await _alice.GetAsync(BrokerRig.Query("/authorize", request))).LocationQuery("error"));
        request["max_age"] = null;
        request["prompt"] = "login";
        Page again = await _alice.GetAsync(BrokerRig.Query("/authorize", request));
        Assert.StartsWith("/sign-in?", again.Location, StringComparison.Ordinal);
        Assert.DoesNotContain("prompt", again.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_factor_that_is_asked_for_is_set_up_and_then_in_the_token()
    {
        Dictionary<string, string?> request = BrokerRig.CodeRequest();
        request["acr_values"] = "mfa";
        Page unmet = await _alice.GetAsync(BrokerRig.Query("/authorize", request));
        Assert.Equal("unmet_authentication_requirements", unmet.LocationQuery("error"));
        await _rig.EnrolAsync(_alice);
        string code = await _rig.CodeAsync(_alice, request);
        (_, JsonElement tokens) = await _rig.RedeemAsync(code);
        Assert.Equal("mfa", BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!).GetProperty("acr").GetString());
    }

    [Fact]
    public async Task Groups_whose_time_is_over_are_not_in_the_token()
    {
        await _rig.State.Store.WriteAsync(
            (state, _) =>
            {
                state.Memberships.Add(new MembershipRow { Id = Guid.NewGuid(), Subject = "alice", Group = "old", Source = "grant", ExpiresAt = _rig.Time.Now });
                state.Memberships.Add(new MembershipRow { Id = Guid.NewGuid(), Subject = "alice", Group = "now", Source = "grant", ExpiresAt = _rig.Time.Now.AddMinutes(1) });
                return Task.FromResult(0);
            },
            CancellationToken.None);
        JsonElement tokens = await _rig.TokensAsync(_alice);
        Assert.Equal(["engineers", "now", "on-call"], BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!).GetProperty("groups").EnumerateArray().Select(e => e.GetString()));
    }
}
