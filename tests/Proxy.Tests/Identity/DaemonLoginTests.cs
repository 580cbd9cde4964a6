using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity;

/// <summary>Every proof, and what the store and the revocations have to say to it.</summary>
public sealed class DaemonLoginTests : IAsyncLifetime
{
    private LoginRig _rig = null!;

    public async Task InitializeAsync() => _rig = await LoginRig.OpenAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_broker_token_counts_for_the_groups_that_still_hold()
    {
        await _rig.AddUserAsync("pat", ["dba", "staff"]);
        Contract.Identity identity = (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba", "gone"]))).Identity!;
        Assert.Equal(["dba"], identity.Groups.AsEnumerable());
        Assert.Equal(LoginRig.Broker, identity.Issuer);

        await _rig.ChangeAsync("pat", db => db.Memberships.Where(m => m.Subject == "pat" && m.Group == "dba").ExecuteDelete());
        Assert.Empty((await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"]))).Identity!.Groups);
    }

    [Fact]
    public async Task What_was_given_for_a_time_is_there_at_once_and_gone_when_it_is_over()
    {
        await _rig.AddUserAsync("pat", ["staff"]);
        string token = _rig.BrokerToken("pat", ["staff"]);
        await _rig.GrantAsync("pat", "oncall", _rig.Time.Now.AddMinutes(5));
        Assert.Equal(["staff", "oncall"], (await _rig.LoginAsync(token)).Identity!.Groups.AsEnumerable());
        _rig.Time.Now += TimeSpan.FromMinutes(5);
        Assert.Equal(["staff"], (await _rig.LoginAsync(token)).Identity!.Groups.AsEnumerable());
    }

    [Fact]
    public async Task An_agent_has_no_more_than_it_may_carry_and_than_the_person_has()
    {
        await _rig.AddUserAsync("pat", ["dba", "staff"]);
        await _rig.AddAgentAsync("coder", ["dba", "robots"]);
        await _rig.GrantAsync("pat", "oncall", null);
        Contract.Identity identity = (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba", "staff", "robots", "oncall"], """{"act":{"sub":"coder"},"kind":"agent"}"""))).Identity!;
        Assert.Equal("coder", identity.Subject);
        Assert.Equal(["pat"], identity.ActingFor.AsEnumerable());
        Assert.Equal(["dba"], identity.Groups.AsEnumerable());

        await _rig.ChangeAsync("pat", db => db.Users.Where(u => u.Subject == "pat").ExecuteUpdate(u => u.SetProperty(x => x.Disabled, true)));
        Assert.Equal(Refusals.Disabled, (await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"], """{"act":{"sub":"coder"}}"""))).Refusal);
    }

    [Fact]
    public async Task Whoever_was_disabled_or_removed_is_refused_with_a_token_that_is_still_good()
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        string token = _rig.BrokerToken("pat", ["dba"]);
        Assert.NotNull((await _rig.LoginAsync(token)).Identity);
        await _rig.ChangeAsync("pat", db => db.Users.ExecuteUpdate(u => u.SetProperty(x => x.Disabled, true)));
        Assert.Equal(Refusals.Disabled, (await _rig.LoginAsync(token)).Refusal);
        await _rig.ChangeAsync("pat", db => db.Users.ExecuteDelete());
        Assert.Equal(Refusals.Unknown, (await _rig.LoginAsync(token)).Refusal);
    }

    [Fact]
    public async Task An_issuers_own_person_keeps_its_groups_and_is_not_the_brokers_of_the_same_name()
    {
        await _rig.AddUserAsync("alice", ["other"], disabled: true);
        Assert.Equal(["engineers", "on-call"], (await _rig.LoginAsync(_rig.ForeignToken())).Identity!.Groups.AsEnumerable());
        await _rig.AddUserAsync("corp-alice", [], disabled: true, provider: "corp", providerSubject: "alice");
        await _rig.Identities.GroupsChangedAsync("corp-alice", default);
        Assert.Equal(Refusals.Disabled, (await _rig.LoginAsync(_rig.ForeignToken())).Refusal);
    }

    [Theory]
    [InlineData(RevocationKinds.Token, "token-1")]
    [InlineData(RevocationKinds.Login, "s-1")]
    [InlineData(RevocationKinds.Subject, "pat")]
    [InlineData(RevocationKinds.Group, "dba")]
    public async Task What_is_revoked_is_refused_and_what_is_issued_later_is_not(string kind, string value)
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        string token = _rig.BrokerToken("pat", ["dba"], """{"sid":"s-1"}""");
        Assert.NotNull((await _rig.LoginAsync(token)).Identity);
        await _rig.Revocations.RevokeAsync(kind, "", value, "laptop lost", null, default);
        Assert.Equal(Refusals.Revoked, (await _rig.LoginAsync(token)).Refusal);
        Assert.Equal("revocation.created", Assert.Single(_rig.Audit.Kept).Type);

        _rig.Time.Now += TimeSpan.FromSeconds(2);
        string later = _rig.BrokerToken("pat", ["dba"], """{"sid":"s-2","jti":"token-2"}""");
        Assert.Null((await _rig.LoginAsync(later)).Refusal);

        // The same subject, login or token of another issuer is another.
        await _rig.Revocations.RevokeAsync(kind, "https://elsewhere.example", value, "not ours", null, default);
        Assert.Null((await _rig.LoginAsync(later)).Refusal);
    }

    [Fact]
    public async Task Logins_of_a_known_token_ask_the_store_nothing()
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        string token = _rig.BrokerToken("pat", ["dba"]);
        await _rig.LoginAsync(token);
        int reads = _rig.Store.Reads;
        for (int i = 0; i < 100; i++)
            Assert.NotNull((await _rig.LoginAsync(token)).Identity);
        Assert.NotNull((await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"], """{"jti":"another"}"""))).Identity);
        Assert.Equal(reads, _rig.Store.Reads);
    }

    [Fact]
    public async Task While_the_store_is_away_what_was_last_known_holds_for_the_grace_and_no_longer()
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        string token = _rig.BrokerToken("pat", ["dba", "gone"]);
        NewApiToken api = await _rig.ApiTokens.CreateAsync("pat", "ci", TimeSpan.FromDays(1), ["target:*"], [], null, _rig.KeepAsync, default);
        await _rig.LoginAsync(token);
        _rig.Store.LostAt = _rig.Time.Now;

        Assert.Equal(["dba"], (await _rig.LoginAsync(token)).Identity!.Groups.AsEnumerable());
        Assert.Equal(Refusals.StoreUnavailable, (await _rig.LoginAsync(api.Token)).Refusal);
        _rig.Time.Now += LoginRig.Grace;
        Assert.Equal(Refusals.StoreUnavailable, (await _rig.LoginAsync(token)).Refusal);
        Assert.Equal(Refusals.StoreUnavailable, (await _rig.LoginAsync(_rig.ForeignToken())).Refusal);
        _rig.Store.LostAt = null;
        Assert.NotNull((await _rig.LoginAsync(_rig.BrokerToken("pat", ["dba"]))).Identity);
    }

    [Theory]
    [InlineData("JWT")]
    [InlineData(null)]
    [InlineData("logout+jwt")]
    public async Task The_brokers_other_tokens_are_no_access_tokens(string? typ)
    {
        await _rig.AddUserAsync("pat", []);
        System.Text.Json.Nodes.JsonObject claims = TestIssuer.Claims(_rig.Time.Now);
        (claims["iss"], claims["sub"]) = (LoginRig.Broker, "pat");
        Assert.Equal(Refusals.Type, (await _rig.LoginAsync(TestIssuer.Shared.Sign(TestIssuer.Header(typ: typ), claims))).Refusal);
    }

    [Fact]
    public async Task An_API_token_stands_for_its_subject_where_it_may_be_used()
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        NewApiToken made = await _rig.ApiTokens.CreateAsync("pat", "ci", TimeSpan.FromDays(1), ["target:shop", "target:hr"], ["192.0.2.0/24", "2001:db8::1"], null, _rig.KeepAsync, default);
        Contract.Identity identity = (await _rig.LoginAsync(made.Token)).Identity!;
        Assert.Equal("pat", identity.Subject);
        Assert.Equal(["dba"], identity.Groups.AsEnumerable());
        Assert.Equal(["shop", "hr"], identity.Targets.AsEnumerable());
        Assert.Equal($"pat:{made.Id}", identity.TokenId);
        Assert.Equal(made.ExpiresAt, identity.ExpiresAt);

        // CVE-2026-91164: the source counts for this credential too.
        Assert.Equal(Refusals.Source, (await _rig.LoginAsync(made.Token, "198.51.100.1")).Refusal);
        Assert.NotNull((await _rig.LoginAsync(made.Token, "::ffff:192.0.2.9")).Identity);
        Assert.NotNull((await _rig.LoginAsync(made.Token, "2001:db8::1")).Identity);
        Assert.Equal(Refusals.Source, (await _rig.LoginAsync(made.Token, "2001:db8::2")).Refusal);

        await _rig.FlushAsync();
        ApiTokenRow row = Assert.Single(await _rig.ApiTokens.ListAsync("pat", 10, default));
        Assert.Equal(_rig.Time.Now, row.LastUsedAt);
        Assert.DoesNotContain(made.Token, System.Text.Json.JsonSerializer.Serialize(row), StringComparison.Ordinal);
        Assert.DoesNotContain(made.Token, made.ToString(), StringComparison.Ordinal);

        _rig.Time.Now += TimeSpan.FromDays(1);
        Assert.Equal(Refusals.Expired, (await _rig.LoginAsync(made.Token)).Refusal);
    }

    [Fact]
    public async Task A_revoked_API_token_is_refused_at_once_although_it_was_just_used()
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        NewApiToken made = await _rig.ApiTokens.CreateAsync("pat", "ci", TimeSpan.FromDays(1), ["target:*"], [], null, _rig.KeepAsync, default);
        Assert.Empty((await _rig.LoginAsync(made.Token)).Identity!.Targets);
        Assert.False(await _rig.ApiTokens.RevokeAsync(made.Id, "sam", "not mine", null, _rig.KeepAsync, default));
        Assert.True(await _rig.ApiTokens.RevokeAsync(made.Id, "pat", "leaked", null, _rig.KeepAsync, default));
        Assert.Equal(Refusals.Revoked, (await _rig.LoginAsync(made.Token)).Refusal);
        _rig.Time.Now += TimeSpan.FromMinutes(1);
        Assert.Equal(Refusals.Revoked, (await _rig.LoginAsync(made.Token)).Refusal);
    }

    [Fact]
    public async Task An_API_token_for_the_admin_API_opens_no_target_and_no_other_role()
    {
        await _rig.AddUserAsync("pat", ["admins"]);
        NewApiToken made = await _rig.ApiTokens.CreateAsync("pat", "ci", TimeSpan.FromDays(1), ["admin:viewer"], [], null, _rig.KeepAsync, default);
        Assert.Equal(Refusals.Scope, (await _rig.LoginAsync(made.Token)).Refusal);
        AdminLoginResult admin = await new DaemonAdminLogin(_rig.Login).LoginAsync(made.Token, LoginRig.From(), default);
        Assert.Equal(["viewer"], admin.Scope!.Value.Names);

        // A token for targets is none for the admin API, nor the other way round.
        string forAdmin = _rig.BrokerToken("pat", [], """{"aud":"sallyport-admin"}""");
        admin = await new DaemonAdminLogin(_rig.Login).LoginAsync(forAdmin, LoginRig.From(), default);
        Assert.Equal(("pat", null), (admin.Identity?.Subject, admin.Scope));
        Assert.Equal(Refusals.Audience, (await new DaemonAdminLogin(_rig.Login).LoginAsync(_rig.BrokerToken("pat", []), LoginRig.From(), default)).Refusal);
        Assert.Equal(Refusals.Audience, (await _rig.LoginAsync(forAdmin)).Refusal);
    }

    [Theory]
    [InlineData("everything", "10.0.0.0/8")]
    [InlineData("target:", "10.0.0.0/8")]
    [InlineData("target:a b", "10.0.0.0/8")]
    [InlineData("admin:root", "10.0.0.0/8")]
    [InlineData("target:a", "somewhere")]
    [InlineData("target:a", "fe80::1%eth0")]
    public void A_scope_or_source_that_means_nothing_is_refused(string scope, string source) =>
        Assert.Throws<ArgumentException>(() => ApiTokenScopes.Parse([scope], [source]));

    [Fact]
    public async Task What_only_looks_like_an_API_token_is_not_looked_up()
    {
        string real = ApiTokenText.Create();
        Assert.True(ApiTokenText.IsWhole(real));
        int reads = _rig.Store.Reads;
        foreach (string wrong in new[] { "sp_pat_", real[..^1], real + "A", real.Replace("sp_pat_", "sp_pat-", StringComparison.Ordinal), (real[7] == 'A' ? "sp_pat_B" : "sp_pat_A") + real[8..], "sp_pat_" + new string('é', 49) })
            Assert.False(ApiTokenText.IsWhole(wrong));
        Assert.Equal(Refusals.Credential, (await _rig.LoginAsync("sp_pat_nothing")).Refusal);
        Assert.Equal(reads, _rig.Store.Reads);
        Assert.Equal(Refusals.Credential, (await _rig.LoginAsync(real)).Refusal);
    }

    [Fact]
    public async Task Whoever_fails_again_and_again_must_wait_and_whoever_is_known_need_not()
    {
        await _rig.AddUserAsync("pat", ["dba"]);
        string good = _rig.BrokerToken("pat", ["dba"]);
        await _rig.LoginAsync(good);
        string refusal = "";
        for (int i = 0; i < 40 && refusal != Refusals.Throttled; i++)
            refusal = (await _rig.LoginAsync("sp_pat_guess")).Refusal!;
        Assert.Equal(Refusals.Throttled, refusal);
        Assert.NotNull((await _rig.LoginAsync(good)).Identity);
        Assert.Equal(Refusals.Throttled, (await _rig.LoginAsync(_rig.BrokerToken("pat", [], """{"jti":"new"}"""))).Refusal);
        Assert.NotNull((await _rig.LoginAsync(_rig.BrokerToken("pat", [], """{"jti":"new"}"""), "192.0.2.8")).Identity);
        _rig.Time.Now += TimeSpan.FromMinutes(3);
        Assert.NotNull((await _rig.LoginAsync(_rig.BrokerToken("pat", []))).Identity);
    }

    [Fact]
    public void The_throttle_is_bounded_and_forgets()
    {
        var throttle = new FailureThrottle<int>(_rig.Time, free: 2, most: 100);
        for (int i = 0; i < 5; i++)
            throttle.Failed(-1);
        for (int i = 0; i < 10_000; i++)
            throttle.Failed(i);
        Assert.InRange(throttle.Count, 1, 100);
        Assert.True(throttle.IsBlocked(-1));
        Assert.False(throttle.IsBlocked(9_999));
        _rig.Time.Now += TimeSpan.FromMinutes(5);
        Assert.False(throttle.IsBlocked(-1));
        throttle.Failed(-1);
        Assert.False(throttle.IsBlocked(-1));
    }
}
