using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Broker;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class SigningKeysTests : IAsyncLifetime
{
    private BrokerRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice");
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_new_key_is_published_before_it_signs_and_an_old_one_after()
    {
        using Browser alice = await _rig.SignedInAsync("alice");
        string first = Assert.Single(await PublishedAsync());
        await _rig.Server.Keys.RotateAsync(TimeSpan.FromHours(1), CancellationToken.None);
        string second = Assert.Single((await PublishedAsync()).Except([first]));
        Assert.Equal(first, await SignerAsync(alice));

        _rig.Time.Now += TimeSpan.FromMinutes(61);
        await _rig.Server.Keys.MaintainAsync(CancellationToken.None);
        Assert.Equal(second, await SignerAsync(alice));
        Assert.Equal(2, (await PublishedAsync()).Count);

        _rig.Time.Now += TimeSpan.FromHours(14);
        await _rig.Server.Keys.MaintainAsync(CancellationToken.None);
        Assert.Equal([second], await PublishedAsync());
        Assert.Equal(2, await _rig.State.Store.ReadAsync((state, token) => state.SigningKeys.CountAsync(token), CancellationToken.None));
    }

    [Fact]
    public async Task Keys_are_replaced_when_they_are_old()
    {
        await _rig.Server.Keys.MaintainAsync(CancellationToken.None);
        Assert.Single(await PublishedAsync());
        _rig.Time.Now += TimeSpan.FromDays(91);
        await _rig.Server.Keys.MaintainAsync(CancellationToken.None);
        Assert.Equal(2, (await PublishedAsync()).Count);
        await _rig.Server.Keys.MaintainAsync(CancellationToken.None);
        Assert.Equal(2, (await PublishedAsync()).Count);
    }

    [Fact]
    public async Task Nodes_sign_alike_and_hear_of_new_keys()
    {
        await using BrokerRig second = await _rig.SecondAsync();
        Assert.Equal(await PublishedAsync(), await PublishedAsync(second));
        await _rig.Server.Keys.RotateAsync(TimeSpan.Zero, CancellationToken.None);
        Assert.Equal(_rig.Server.Keys.Ring.Signing[0].Id, second.Server.Keys.Ring.Signing[0].Id);
        Assert.Equal((await PublishedAsync()).Order(), (await PublishedAsync(second)).Order());
        using Browser alice = await second.SignedInAsync("alice");
        Assert.Equal(_rig.Server.Keys.Ring.Signing[0].Id, await SignerAsync(alice));
    }

    [Fact]
    public async Task Tokens_outlive_a_rotation_and_verify_in_this_process()
    {
        using Browser alice = await _rig.SignedInAsync("alice");
        JsonElement tokens = await _rig.TokensAsync(alice);
        await _rig.Server.Keys.RotateAsync(TimeSpan.Zero, CancellationToken.None);

        // What the old keys sealed is still opened, forms included.
        (HttpStatusCode status, JsonElement fresh) = await _rig.TokenAsync(("grant_type", "refresh_token"), ("client_id", BrokerClients.CommandLine), ("refresh_token", tokens.GetProperty("refresh_token").GetString()!));
        Assert.True(status == HttpStatusCode.OK, fresh.ToString());
        using var logs = new Support.Logs();
        var rules = new IssuerRules { Name = "broker", Issuer = _rig.Config.Issuer, Audiences = ["sallyport"], Algorithms = ["ES256"] };
        var login = new TokenLogin([new Issuer(rules, _rig.Server.Keys)], _rig.Time, logs.Log);
        foreach (JsonElement one in (JsonElement[])[tokens, fresh])
        {
            LoginResult result = await login.LoginAsync(new LoginProof(one.GetProperty("access_token").GetString()!, "", new IPEndPoint(IPAddress.Loopback, 1)), CancellationToken.None);
            Assert.Equal("alice", result.Identity?.Subject);
        }

        // An ID token is no access token.
        Assert.Equal(Refusals.Audience, (await login.LoginAsync(new LoginProof(tokens.GetProperty("id_token").GetString()!, "", new IPEndPoint(IPAddress.Loopback, 1)), CancellationToken.None)).Refusal);
    }

    [Fact]
    public async Task Keys_are_sealed_and_bound_to_their_row()
    {
        List<Proxy.Store.Entities.SigningKeyRow> rows = await _rig.State.Store.ReadAsync((state, token) => state.SigningKeys.ToListAsync(token), CancellationToken.None);
        Assert.Equal(["protect", "sign"], rows.Select(row => row.Use).Order());
        Assert.All(rows, row => Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => _rig.State.Sealer.Open(Proxy.Store.SealPurposes.SigningKey("other"), row.Key)));
        Assert.DoesNotContain("EC PRIVATE", Encoding.Latin1.GetString(rows[0].Key), StringComparison.Ordinal);
    }

    private async Task<List<string>> PublishedAsync(BrokerRig? rig = null) =>
        [.. JsonDocument.Parse((await (rig ?? _rig).Anyone.GetAsync("/.well-known/jwks")).Text).RootElement.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];

    private async Task<string> SignerAsync(Browser browser) =>
        BrokerRig.Header((await _rig.TokensAsync(browser)).GetProperty("access_token").GetString()!).GetProperty("kid").GetString()!;
}
