using System.Net;
using System.Text.Json;
using Sallyport.Proxy.Identity.Broker;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class RefreshTests : IAsyncLifetime
{
    private BrokerRig _rig = null!;
    private Browser _alice = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice", "engineers");
        _alice = await _rig.SignedInAsync("alice");
    }

    public async Task DisposeAsync()
    {
        _alice.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task A_refreshed_token_says_what_is_true_now()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        await _rig.Server.Users.SetGroupAsync("alice", "on-call", member: true, null, CancellationToken.None);
        await _rig.Server.Users.SetGroupAsync("alice", "engineers", member: false, null, CancellationToken.None);
        JsonElement fresh = await OkAsync(Refresh(tokens));
        JsonElement claims = BrokerRig.Claims(Access(fresh));
        Assert.Equal("on-call", claims.GetProperty("groups").GetString());
        Assert.Equal("sallyport", claims.GetProperty("aud").GetString());
        Assert.Equal(BrokerRig.Claims(Access(tokens)).GetProperty("sid").GetString(), claims.GetProperty("sid").GetString());
        Assert.NotEqual(Refresh(tokens), Refresh(fresh));
    }

    [Fact]
    public async Task A_refresh_token_used_twice_takes_the_whole_family_back()
    {
        JsonElement first = await _rig.TokensAsync(_alice);
        JsonElement second = await OkAsync(Refresh(first));
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(Refresh(first))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(Refresh(second))).Status);
        HashSet<string> revoked = [.. (await _rig.RevocationsAsync()).Where(row => row.Kind == "token").Select(row => row.Value)];
        Assert.Superset(new HashSet<string> { Jti(first), Jti(second) }, revoked);
        Assert.Contains(_rig.Bus.Events, told => told.Kind == "revoked");
    }

    [Fact]
    public async Task A_login_that_has_ended_refreshes_nothing()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        await _rig.Server.Sessions.EndAllAsync("alice", "test", CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(Refresh(tokens))).Status);
        string sid = BrokerRig.Claims(Access(tokens)).GetProperty("sid").GetString()!;
        Assert.Contains(await _rig.RevocationsAsync(), row => row.Kind == "login" && row.Value == sid);
    }

    [Fact]
    public async Task A_disabled_user_refreshes_nothing_and_is_out_of_the_browser()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        await _rig.Server.Users.SetDisabledAsync("alice", true, null, CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(Refresh(tokens))).Status);
        Assert.StartsWith("/sign-in", (await _alice.GetAsync("/")).Location, StringComparison.Ordinal);
        Assert.Contains(await _rig.RevocationsAsync(), row => row.Kind == "subject" && row.Value == "alice");
    }

    [Fact]
    public async Task A_refresh_token_ends_with_its_time_however_often_it_is_used()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        _rig.Time.Now += TimeSpan.FromHours(11);
        JsonElement fresh = await OkAsync(Refresh(tokens));
        Assert.Equal(_rig.Time.Now.AddMinutes(15).ToUnixTimeSeconds(), BrokerRig.Claims(Access(fresh)).GetProperty("exp").GetInt64());
        _rig.Time.Now += TimeSpan.FromMinutes(50);
        JsonElement last = await OkAsync(Refresh(fresh));

        // No token outlives the login that it comes from.
        Assert.Equal(_rig.Time.Now.AddMinutes(10).ToUnixTimeSeconds(), BrokerRig.Claims(Access(last)).GetProperty("exp").GetInt64());
        _rig.Time.Now += TimeSpan.FromMinutes(11);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(Refresh(last))).Status);
    }

    [Fact]
    public async Task Scopes_are_not_widened_and_another_client_gets_nothing()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        Assert.Equal(HttpStatusCode.BadRequest, (await _rig.TokenAsync(
            ("grant_type", "refresh_token"), ("client_id", BrokerClients.CommandLine), ("refresh_token", Refresh(tokens)), ("scope", "openid sallyport sallyport-admin"))).Status);
        await _rig.Server.Clients.EnsureConsoleAsync(new Uri("https://admin.example"), null, CancellationToken.None);
        Assert.Equal(HttpStatusCode.BadRequest, (await _rig.TokenAsync(("grant_type", "refresh_token"), ("client_id", BrokerClients.Console), ("refresh_token", Refresh(tokens)))).Status);
    }

    [Fact]
    public async Task A_client_revokes_its_own_tokens_and_all_that_came_of_them()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        Page revoked = await _rig.Anyone.PostAsync("/revoke", ("client_id", BrokerClients.CommandLine), ("token", Refresh(tokens)));
        Assert.Equal(HttpStatusCode.OK, revoked.Status);
        Assert.Contains(await _rig.RevocationsAsync(), row => row.Kind == "token" && row.Value == Jti(tokens));
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(Refresh(tokens))).Status);
    }

    [Fact]
    public async Task A_client_does_not_revoke_another_s()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        string secret = await _rig.AgentAsync("bot", "alice", "engineers");
        await _rig.Anyone.PostAsync("/revoke", ("client_id", "bot"), ("client_secret", secret), ("token", Refresh(tokens)));
        await OkAsync(Refresh(tokens));
    }

    private Task<(HttpStatusCode Status, JsonElement Json)> RefreshAsync(string token) =>
        _rig.TokenAsync(("grant_type", "refresh_token"), ("client_id", BrokerClients.CommandLine), ("refresh_token", token));

    private async Task<JsonElement> OkAsync(string refresh)
    {
        (HttpStatusCode status, JsonElement json) = await RefreshAsync(refresh);
        Assert.True(status == HttpStatusCode.OK, json.ToString());
        return json;
    }

    private static string Access(JsonElement tokens) => tokens.GetProperty("access_token").GetString()!;

    private static string Refresh(JsonElement tokens) => tokens.GetProperty("refresh_token").GetString()!;

    private static string Jti(JsonElement tokens) => BrokerRig.Claims(Access(tokens)).GetProperty("jti").GetString()!;
}
