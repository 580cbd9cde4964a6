using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>Who may do what with credentials. The callers' issuer is the broker here, unless a test says otherwise.</summary>
public sealed class CredentialRoutesTests : IAsyncLifetime
{
    private LoginRig _rig = null!;
    private AdminRig _admin = null!;

    public async Task InitializeAsync()
    {
        _rig = await LoginRig.OpenAsync();
        await _rig.AddUserAsync("pat", ["dba"]);
        await _rig.AddUserAsync("sam", []);
        await _rig.AddAgentAsync("coder", []);
        _admin = await StartAsync(TestIssuer.Address);
    }

    public async Task DisposeAsync()
    {
        await _admin.DisposeAsync();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task People_make_see_and_revoke_their_own_tokens_and_nobody_elses()
    {
        (HttpStatusCode status, JsonNode body) = await SendAsync(HttpMethod.Post, "/v1/tokens", "pat", [], NewToken());
        Assert.Equal(HttpStatusCode.OK, status);
        string token = (string)body["token"]!, id = (string)body["id"]!;
        Assert.NotNull((await _rig.LoginAsync(token)).Identity);
        Assert.Equal("token.created", _admin.Audit.Kept[^1].Type);

        (_, body) = await SendAsync(HttpMethod.Get, "/v1/tokens", "pat", []);
        Assert.DoesNotContain(token, body.ToJsonString(), StringComparison.Ordinal);
        Assert.Single(body["items"]!.AsArray());
        (_, body) = await SendAsync(HttpMethod.Get, "/v1/tokens", "sam", []);
        Assert.Empty(body["items"]!.AsArray());
        foreach (string path in new[] { "/v1/tokens?all=true", "/v1/tokens?subject=pat", "/v1/passwords?all=true" })
            Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Get, path, "sam", [])).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, $"/v1/tokens/{id}?reason=x", "sam", [])).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Delete, $"/v1/tokens/{id}", "pat", [])).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Post, "/v1/tokens", "sam", [], NewToken("pat"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Delete, $"/v1/tokens/{id}?reason=leaked", "pat", [])).Status);
        Assert.Null((await _rig.LoginAsync(token)).Identity);
    }

    [Fact]
    public async Task An_administrator_has_everybodys()
    {
        AdminRole[] roles = [AdminRole.Administrator];
        (HttpStatusCode status, JsonNode body) = await SendAsync(HttpMethod.Post, "/v1/tokens", "ann", roles, NewToken("coder"));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Single((await SendAsync(HttpMethod.Get, "/v1/tokens?all=true", "ann", roles)).Body["items"]!.AsArray());
        Assert.Single((await SendAsync(HttpMethod.Get, "/v1/tokens?subject=coder", "ann", roles)).Body["items"]!.AsArray());
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Delete, $"/v1/tokens/{body["id"]}?reason=x", "ann", roles)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "/v1/tokens", "ann", roles, NewToken("nobody"))).Status);
    }

    [Fact]
    public async Task Somebody_of_another_issuer_with_the_same_name_is_somebody_else()
    {
        await using AdminRig other = await StartAsync(LoginRig.Broker);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Post, "/v1/tokens", "pat", [], NewToken(), other)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Get, "/v1/tokens", "pat", [], null, other)).Status);
    }

    [Fact]
    public async Task Revocations_are_an_administrators()
    {
        var revoke = new { kind = "subject", value = "pat", reason = "left" };
        foreach (AdminRole role in AdminRig.Roles.Where(role => role != AdminRole.Administrator))
            Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Post, "/v1/revocations", "bob", [role], revoke)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "/v1/revocations", "ann", [AdminRole.Administrator], new { kind = "planet", value = "x", reason = "y" })).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Post, "/v1/revocations", "ann", [AdminRole.Administrator], revoke)).Status);
        Assert.Equal("revoked", (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"]))).Refusal);
        Assert.Single((await SendAsync(HttpMethod.Get, "/v1/revocations", "bob", [AdminRole.Auditor])).Body["items"]!.AsArray());
    }

    [Fact]
    public async Task People_register_their_own_keys_and_a_key_is_one_persons()
    {
        var key = Sallyport.Protocols.Ssh.Keys.SshPrivateKey.Generate("ssh-ed25519", "pat@laptop");
        var proof = new Sallyport.Contract.KeyProof(key.PublicBlob, "root+web1", LoginRig.From());
        Assert.False(await _rig.Login.IsKnownKeyAsync(proof, default));
        (HttpStatusCode status, JsonNode body) = await SendAsync(HttpMethod.Post, "/v1/keys", "pat", [], new { key = $"{key.PublicKey} pat@laptop" });
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("pat@laptop", key.PublicKey.Fingerprint), ((string)body["name"]!, (string)body["fingerprint"]!));
        Assert.Equal("key.registered", _admin.Audit.Kept[^1].Type);
        Assert.Equal("pat", (await _rig.Login.LoginKeyAsync(proof, default)).Identity!.Subject);

        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "/v1/keys", "sam", [], new { key = key.PublicKey.ToString() })).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Post, "/v1/keys", "sam", [], new { key = key.PublicKey.ToString(), subject = "pat" })).Status);
        Assert.Empty((await SendAsync(HttpMethod.Get, "/v1/keys", "sam", [])).Body["items"]!.AsArray());
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, $"/v1/keys/{body["id"]}?reason=x", "sam", [])).Status);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Delete, $"/v1/keys/{body["id"]}?reason=lost", "pat", [])).Status);
        Assert.Equal("key-unknown", (await _rig.Login.LoginKeyAsync(proof, default)).Refusal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 AAAA")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----")]
    public async Task What_is_no_key_is_not_registered(string key) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "/v1/keys", "pat", [], new { key })).Status);

    private Task<AdminRig> StartAsync(string broker) => AdminRig.StartAsync([new CredentialRoutes(_rig.ApiTokens, _rig.Passwords, _rig.Room.PersonKeys, _rig.Revocations, broker)]);

    private static object NewToken(string? subject = null) => new { name = "ci", lifetime = "1d", scopes = new[] { "target:*" }, subject };

    private async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(HttpMethod method, string path, string who, AdminRole[] roles, object? body = null, AdminRig? rig = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminRig.Token(who, roles));
        using HttpResponseMessage response = await (rig ?? _admin).Http.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }
}
