using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Sallyport.Proxy.Identity.Broker;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class LogoutTests : IAsyncLifetime
{
    private BrokerRig _rig = null!;
    private Browser _alice = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice");
        _alice = await _rig.SignedInAsync("alice");
    }

    public async Task DisposeAsync()
    {
        _alice.Dispose();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Signing_out_is_asked_for_and_ends_everything()
    {
        JsonElement tokens = await _rig.TokensAsync(_alice);
        Page ask = await _alice.GetAsync("/end-session");
        Assert.Equal(HttpStatusCode.OK, ask.Status);
        Assert.Equal(HttpStatusCode.OK, (await _alice.GetAsync("/")).Status);
        Page done = await _alice.SubmitAsync(ask);
        Assert.Equal("/signed-out", done.Location);
        Assert.StartsWith("/sign-in", (await _alice.GetAsync("/")).Location, StringComparison.Ordinal);
        string sid = BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!).GetProperty("sid").GetString()!;
        Assert.Contains(await _rig.RevocationsAsync(), row => row.Kind == "login" && row.Value == sid);
    }

    [Fact]
    public async Task A_foreign_page_signs_nobody_out()
    {
        _alice.Origin = "https://evil.example";
        Assert.Equal(HttpStatusCode.Forbidden, (await _alice.PostAsync("/end-session")).Status);
        Page open = await _alice.GetAsync("/end-session?post_logout_redirect_uri=https%3A%2F%2Fevil.example");
        Assert.NotEqual("https://evil.example", open.Location);
        Assert.DoesNotContain("evil.example", open.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await _alice.GetAsync("/")).Status);
    }

    [Fact]
    public async Task A_client_that_was_told_so_hears_of_the_end()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        await _rig.Server.Clients.EnsureAsync(
            new ClientRegistration("web", "Web") { Redirects = [new Uri(address + "/signin")], SignedOut = [new Uri(address + "/bye")], Scopes = [BrokerClients.DataScope], BackChannelLogout = new Uri(address + "/logout") },
            CancellationToken.None);
        Dictionary<string, string?> request = BrokerRig.CodeRequest("openid sallyport");
        request["client_id"] = "web";
        request["redirect_uri"] = address + "/signin";
        string code = (await _alice.GetAsync(BrokerRig.Query("/authorize", request))).LocationQuery("code");
        (HttpStatusCode status, JsonElement tokens) = await _rig.TokenAsync(
            ("grant_type", "authorization_code"), ("client_id", "web"), ("code", code), ("redirect_uri", address + "/signin"), ("code_verifier", BrokerRig.Verifier));
        Assert.True(status == HttpStatusCode.OK, tokens.ToString());
        string id = tokens.GetProperty("id_token").GetString()!;

        // The client itself asks, by its ID token: nobody is asked again, and the first answer that it gives is an error.
        Page done = await _alice.GetAsync(BrokerRig.Query("/end-session", new() { ["id_token_hint"] = id, ["post_logout_redirect_uri"] = address + "/bye", ["state"] = "x" }));
        Assert.Equal(address + "/bye?state=x", done.Location);
        await AnswerAsync(listener, "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        string body = await AnswerAsync(listener, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        string token = QueryHelpers.ParseQuery(body.Split("\r\n\r\n")[1])["logout_token"].ToString();
        Assert.Equal("logout+jwt", BrokerRig.Header(token).GetProperty("typ").GetString());
        JsonElement claims = BrokerRig.Claims(token);
        Assert.Equal("web", claims.GetProperty("aud").GetString());
        Assert.Equal("alice", claims.GetProperty("sub").GetString());
        Assert.Equal(BrokerRig.Claims(id).GetProperty("sid").GetString(), claims.GetProperty("sid").GetString());
        Assert.True(claims.GetProperty("events").TryGetProperty("http://schemas.openid.net/event/backchannel-logout", out _));
        Assert.False(claims.TryGetProperty("nonce", out _));
    }

    [Theory]
    [InlineData("sallyport", "https://x.example/")]
    [InlineData("sallyport-admin", "https://x.example/")]
    [InlineData("web", "http://x.example/")]
    public async Task A_client_that_would_be_mistaken_or_overheard_is_not_registered(string id, string redirect) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _rig.Server.Clients.EnsureAsync(new ClientRegistration(id, "x") { Redirects = [new Uri(redirect)] }, CancellationToken.None));

    private static async Task<string> AnswerAsync(TcpListener listener, string answer)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(20));
        var text = new StringBuilder();
        byte[] buffer = new byte[16 * 1024];
        while (!text.ToString().Contains("logout_token=", StringComparison.Ordinal))
        {
            int length = await client.GetStream().ReadAsync(buffer);
            Assert.NotEqual(0, length);
            text.Append(Encoding.ASCII.GetString(buffer, 0, length));
        }

        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer));
        return text.ToString();
    }
}
