using System.Net;
using System.Text.Json;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

/// <summary>Whoever stole a refresh token or a browser's cookie must not get a new token the moment after the person was revoked.</summary>
public sealed class AdversaryRevokedLoginTests
{
    [Theory]
    [InlineData("subject", "alice")]
    [InlineData("group", "engineers")]
    [InlineData("login", null)]
    public async Task A_revocation_ends_the_login_that_new_tokens_would_come_from(string kind, string? value)
    {
        await using BrokerRig rig = await BrokerRig.StartAsync();
        await rig.AddUserAsync("alice", "engineers");
        using Browser alice = await rig.SignedInAsync("alice");
        JsonElement tokens = await rig.TokensAsync(alice);
        value ??= BrokerRig.Claims(tokens.GetProperty("access_token").GetString()!).GetProperty("sid").GetString()!;
        rig.Time.Now += TimeSpan.FromSeconds(1);
        await RevokeAsync(rig, kind, value);

        (HttpStatusCode status, JsonElement json) = await rig.TokenAsync(
            ("grant_type", "refresh_token"), ("client_id", BrokerClients.CommandLine), ("refresh_token", tokens.GetProperty("refresh_token").GetString()!));
        Assert.True(status == HttpStatusCode.BadRequest, json.GetRawText());
        Assert.Equal("invalid_grant", json.GetProperty("error").GetString());
        Assert.NotEqual(HttpStatusCode.OK, (await alice.GetAsync(BrokerRig.Query("/authorize", BrokerRig.CodeRequest()))).Status);

        // Who proves again who they are is in again.
        rig.Time.Now += TimeSpan.FromSeconds(1);
        using Browser again = await rig.SignedInAsync("alice");
        Assert.True((await rig.TokensAsync(again)).TryGetProperty("access_token", out _));
    }

    [Fact]
    public async Task Somebody_elses_revocation_does_not()
    {
        await using BrokerRig rig = await BrokerRig.StartAsync();
        await rig.AddUserAsync("alice", "engineers");
        using Browser alice = await rig.SignedInAsync("alice");
        rig.Time.Now += TimeSpan.FromSeconds(1);
        await RevokeAsync(rig, "subject", "bob");
        await RevokeAsync(rig, "subject", "alice", "https://corp.example");
        await RevokeAsync(rig, "group", "sales");
        Assert.True((await rig.TokensAsync(alice)).TryGetProperty("access_token", out _));
    }

    private static Task RevokeAsync(BrokerRig rig, string kind, string value, string issuer = "") => rig.State.Store.WriteAsync((db, _) =>
    {
        db.Revocations.Add(new RevocationRow { Id = Guid.NewGuid(), Kind = kind, Issuer = issuer, Value = value, At = rig.Time.Now, ExpiresAt = rig.Time.Now + TimeSpan.FromDays(1), Reason = "stolen" });
        return Task.FromResult(0);
    }, default);
}
