using System.Net;
using System.Text.Json;
using Sallyport.Proxy.Identity.Broker;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class DeviceFlowTests : IAsyncLifetime
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
    public async Task A_program_is_signed_in_by_a_person_who_compares_and_confirms()
    {
        JsonElement device = await OpenAsync(("target", "shop<b>"));
        string code = device.GetProperty("user_code").GetString()!;
        Assert.Matches("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$", code);
        Assert.Equal(600, device.GetProperty("expires_in").GetInt32());
        Assert.Equal(5, device.GetProperty("interval").GetInt32());
        Assert.Equal(_rig.Config.At("/device"), device.GetProperty("verification_uri").GetString());
        Assert.Equal("authorization_pending", Error(await PollAsync(device)));

        Page confirm = await _alice.SubmitAsync(await _alice.GetAsync("/device"), ("user_code", code.ToLowerInvariant().Replace("-", " ", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, confirm.Status);
        foreach (string shown in (string[])["Sallyport command line", "127.0.0.1", "shop&lt;b&gt;", code, "connect to targets in your name", "refuse: they would be signed in as you"])
            Assert.Contains(shown, confirm.Text, StringComparison.Ordinal);
        Page done = await _alice.SubmitAsync(confirm, ("answer", "yes"));
        Assert.Equal("/device/done", done.Location);

        _rig.Time.Now += TimeSpan.FromSeconds(6);
        (HttpStatusCode status, JsonElement tokens) = await PollAsync(device);
        Assert.True(status == HttpStatusCode.OK, tokens.ToString());
        JsonElement claims = BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!);
        Assert.Equal("alice", claims.GetProperty("sub").GetString());
        Assert.Equal("engineers", claims.GetProperty("groups").GetString());
        Assert.False(claims.TryGetProperty(DeviceFlow.Source, out _));

        // Once: neither the device nor a person has a second go.
        _rig.Time.Now += TimeSpan.FromSeconds(6);
        Assert.Equal("invalid_grant", Error(await PollAsync(device)));
        Assert.Equal(HttpStatusCode.BadRequest, (await _alice.SubmitAsync(confirm, ("answer", "yes"))).Status);
    }

    [Fact]
    public async Task A_refusal_is_final()
    {
        JsonElement device = await OpenAsync();
        Page confirm = await _alice.GetAsync("/device?user_code=" + device.GetProperty("user_code").GetString());
        Page refused = await _alice.SubmitAsync(confirm, ("answer", "no"));
        Assert.Equal("/device/refused", refused.Location);
        Assert.Equal("access_denied", Error(await PollAsync(device)));
        Assert.Equal(HttpStatusCode.BadRequest, (await _alice.SubmitAsync(confirm, ("answer", "yes"))).Status);
    }

    [Fact]
    public async Task A_client_that_asks_too_often_is_slowed_down_more_each_time()
    {
        JsonElement device = await OpenAsync();
        Assert.Equal("authorization_pending", Error(await PollAsync(device)));
        Assert.Equal("slow_down", Error(await PollAsync(device)));
        _rig.Time.Now += TimeSpan.FromSeconds(6);
        Assert.Equal("slow_down", Error(await PollAsync(device)));
        _rig.Time.Now += TimeSpan.FromSeconds(16);
        Assert.Equal("authorization_pending", Error(await PollAsync(device)));
    }

    [Fact]
    public async Task A_code_is_good_for_ten_minutes()
    {
        JsonElement device = await OpenAsync();
        _rig.Time.Now += TimeSpan.FromSeconds(601);
        Assert.Equal("expired_token", Error(await PollAsync(device)));
        Page page = await _alice.GetAsync("/device?user_code=" + device.GetProperty("user_code").GetString());
        Assert.DoesNotContain("name=\"answer\"", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Codes_cannot_be_guessed_at_length_even_by_the_signed_in()
    {
        JsonElement device = await OpenAsync();
        string right = device.GetProperty("user_code").GetString()!;
        for (int i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.BadRequest, (await _alice.GetAsync("/device?user_code=BBBB-BBB" + "BCDFGHJKLM"[i])).Status);
        Page page = await _alice.GetAsync("/device?user_code=" + right);
        Assert.Equal(HttpStatusCode.TooManyRequests, page.Status);
        Assert.DoesNotContain(right, page.Text, StringComparison.Ordinal);
        _rig.Time.Now += TimeSpan.FromMinutes(11);
        Assert.Equal(HttpStatusCode.BadRequest, (await _alice.GetAsync("/device?user_code=BBBB-BBBB")).Status);
    }

    [Fact]
    public async Task Strangers_cannot_try_codes()
    {
        JsonElement device = await OpenAsync();
        Page page = await _rig.Anyone.GetAsync("/device?user_code=" + device.GetProperty("user_code").GetString());
        Assert.StartsWith("/sign-in?return_to=", page.Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_confirms_nothing_by_itself_and_a_foreign_page_neither()
    {
        JsonElement device = await OpenAsync();
        string code = device.GetProperty("user_code").GetString()!;
        await _alice.GetAsync($"/device?user_code={code}&answer=yes");
        Assert.Equal("authorization_pending", Error(await PollAsync(device)));
        _alice.Origin = "https://evil.example";
        Assert.Equal(HttpStatusCode.Forbidden, (await _alice.PostAsync("/device", ("user_code", code), ("answer", "yes"))).Status);
        _alice.Origin = null;
        Page confirm = await _alice.GetAsync("/device?user_code=" + code);
        Assert.Equal(HttpStatusCode.Forbidden, (await _alice.SubmitAsync(confirm, ("answer", "yes"))).Status);
        _rig.Time.Now += TimeSpan.FromSeconds(10);
        Assert.Equal("authorization_pending", Error(await PollAsync(device)));
    }

    [Fact]
    public async Task One_source_opens_only_so_many_codes()
    {
        for (int i = 0; i < 20; i++)
            await OpenAsync();
        Page page = await _rig.Anyone.PostAsync("/device-authorization", ("client_id", BrokerClients.CommandLine), ("scope", "openid sallyport"));
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Contains("slow_down", page.Text, StringComparison.Ordinal);
    }

    private async Task<JsonElement> OpenAsync(params (string, string)[] more)
    {
        Page page = await _rig.Anyone.PostAsync("/device-authorization", [("client_id", BrokerClients.CommandLine), ("scope", "openid offline_access sallyport"), .. more]);
        _rig.Check(page);
        return JsonDocument.Parse(page.Text).RootElement;
    }

    private Task<(HttpStatusCode Status, JsonElement Json)> PollAsync(JsonElement device) => _rig.TokenAsync(
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("client_id", BrokerClients.CommandLine), ("device_code", device.GetProperty("device_code").GetString()!));

    private static string Error((HttpStatusCode Status, JsonElement Json) answer) => answer.Json.TryGetProperty("error", out JsonElement error) ? error.GetString()! : answer.Json.ToString();
}
