using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Sessions;

/// <summary>What happens to sessions that are in.</summary>
public sealed class SessionWardenTests : IAsyncLifetime
{
    private LoginRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await LoginRig.OpenAsync();
        await _rig.AddUserAsync("pat", ["dba", "staff"]);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    private LiveSessions Sessions => _rig.Room.Sessions;

    [Theory]
    [InlineData("token", "token-1")]
    [InlineData("login", "s-1")]
    [InlineData("subject", "pat")]
    [InlineData("group", "dba")]
    public async Task A_revocation_ends_the_sessions_it_concerns_and_no_other(string kind, string value)
    {
        EnteredSession hit = await EnterAsync("pat", ["dba"], """{"sid":"s-1"}""");
        await _rig.AddUserAsync("sam", ["staff"]);
        EnteredSession other = await EnterAsync("sam", ["staff"], """{"sid":"s-2","jti":"token-2"}""");
        await _rig.Revocations.RevokeAsync(kind, "", value, "laptop lost", null, default);
        Assert.Equal("revoked", hit.Reason);
        Assert.Contains($"revoked revoked/{kind} {kind} {value}: laptop lost", hit.Events);
        Assert.Equal(VerdictKind.Deny, hit.Judge().Kind);
        Assert.Null(other.Reason);
        Assert.Equal(VerdictKind.Allow, other.Judge().Kind);
    }

    [Fact]
    public async Task Where_policy_says_so_a_revoked_session_is_refused_everything_instead_of_ended()
    {
        _rig.Policy.Limits = new SessionLimits { RefuseWhenRevoked = true };
        EnteredSession session = await EnterAsync("pat", ["dba"]);
        await _rig.Revocations.RevokeAsync("subject", "", "pat", "left", null, default);
        Assert.Null(session.Reason);
        Verdict verdict = session.Judge();
        Assert.Equal((VerdictKind.Deny, "revoked/subject"), (verdict.Kind, verdict.RuleId));
        Assert.Equal("revoked", Sessions.Find(session.Id)!.State);

        // Nobody thaws what was revoked.
        await OrderAsync(session.Id, "freeze");
        await OrderAsync(session.Id, "resume");
        Assert.Equal("revoked/subject", session.Judge().RuleId);
    }

    [Fact]
    public async Task An_agent_goes_with_the_person_it_acts_for()
    {
        await _rig.AddAgentAsync("coder", ["dba"]);
        EnteredSession agent = await EnterAsync("pat", ["dba"], """{"act":{"sub":"coder"},"kind":"agent"}""");
        await _rig.Revocations.RevokeAsync("subject", "", "pat", "left", null, default);
        Assert.Equal("revoked", agent.Reason);
    }

    [Fact]
    public async Task What_was_revoked_between_login_and_entry_does_not_enter()
    {
        Contract.Identity identity = await LoginAsync("pat", ["dba"]);
        await _rig.Revocations.RevokeAsync("subject", "", "pat", "left", null, default);
        var session = new EnteredSession(identity, _rig.Room.Policy, _rig.Time);
        Assert.False(Sessions.TryEnter(session.Context, session, out string? refusal));
        Assert.Contains("no longer good", refusal, StringComparison.Ordinal);
        Assert.Equal(0, Sessions.Count);
    }

    [Fact]
    public async Task A_group_that_was_taken_away_counts_from_the_next_action_on()
    {
        EnteredSession session = await EnterAsync("pat", ["dba", "staff"]);
        Assert.Equal(VerdictKind.Allow, session.Judge().Kind);
        await RemoveAsync("pat", "staff");
        Assert.Equal(["dba"], session.Context.Facts.Identity.Groups.AsEnumerable());
        Assert.Contains("identity-changed -staff", session.Events);
        Assert.Null(session.Reason);
        await RemoveAsync("pat", "dba");
        Assert.Equal("revoked", session.Reason);
    }

    [Fact]
    public async Task A_group_for_a_time_ends_in_the_session_when_its_time_is_over()
    {
        EnteredSession session = await EnterAsync("pat", ["staff"]);
        Assert.Null(session.Reason);
        await _rig.GrantAsync("pat", "oncall", _rig.Time.Now.AddMinutes(10));
        Assert.Equal(["staff", "oncall"], session.Context.Facts.Identity.Groups.AsEnumerable());
        _rig.Time.Now += TimeSpan.FromMinutes(10);
        await _rig.Room.Warden.RoundAsync(default);
        Assert.Equal(["staff"], session.Context.Facts.Identity.Groups.AsEnumerable());
    }

    [Fact]
    public async Task Whoever_was_disabled_is_out()
    {
        EnteredSession session = await EnterAsync("pat", ["dba"]);
        await _rig.ChangeAsync("pat", db => db.Users.ExecuteUpdate(u => u.SetProperty(x => x.Disabled, true)));
        Assert.Equal("revoked", session.Reason);
    }

    [Fact]
    public async Task A_change_between_login_and_entry_is_seen_by_the_next_round()
    {
        Contract.Identity identity = await LoginAsync("pat", ["dba", "staff"]);
        await RemoveAsync("pat", "staff");
        var session = new EnteredSession(identity, _rig.Room.Policy, _rig.Time);
        Assert.True(Sessions.TryEnter(session.Context, session, out _));
        await _rig.Room.Warden.RoundAsync(default);
        Assert.Equal(["dba"], session.Context.Facts.Identity.Groups.AsEnumerable());
    }

    [Fact]
    public async Task Orders_are_carried_out_and_recorded()
    {
        EnteredSession session = await EnterAsync("pat", ["dba"]);
        await OrderAsync(session.Id, "freeze");
        Assert.Equal(("session/frozen", "frozen"), (session.Judge().RuleId, Sessions.Find(session.Id)!.State));
        await OrderAsync(session.Id, "resume");
        Assert.Equal(VerdictKind.Allow, session.Judge().Kind);
        await OrderAsync(session.Id, "end");
        Assert.Equal("terminated", session.Reason);
        Assert.Equal(["frozen by ann: looks odd", "resumed by ann: looks odd", "terminated by ann: looks odd"], session.Events);
        await OrderAsync(Guid.NewGuid(), "end");
        await OrderAsync(session.Id, "explode");
    }

    [Fact]
    public async Task When_the_store_is_away_too_long_everything_is_refused_until_it_is_back_and_caught_up()
    {
        EnteredSession session = await EnterAsync("pat", ["dba", "staff"]);
        EnteredSession frozen = await EnterAsync("pat", ["dba"]);
        await OrderAsync(frozen.Id, "freeze");
        _rig.Store.LostAt = _rig.Time.Now;
        await _rig.Room.Warden.RoundAsync(default);
        Assert.Equal(VerdictKind.Allow, session.Judge().Kind);
        _rig.Time.Now += LoginRig.Grace;
        await _rig.Room.Warden.RoundAsync(default);
        Assert.Equal("store/unavailable", session.Judge().RuleId);
        Assert.Equal("session/frozen", frozen.Judge().RuleId);

        _rig.Store.LostAt = null;
        await _rig.Room.Warden.RoundAsync(default);
        Assert.Equal(VerdictKind.Allow, session.Judge().Kind);
        Assert.Equal("session/frozen", frozen.Judge().RuleId);
        Assert.Equal(["suspended store/unavailable", "resumed store/unavailable"], session.Events);
    }

    [Fact]
    public async Task Another_nodes_revocation_is_found_when_it_was_missed()
    {
        EnteredSession session = await EnterAsync("pat", ["dba"]);
        using var other = new Sallyport.Proxy.Identity.Revocations.Revocations(_rig.Store, new LocalCluster(), _rig.Audit, LoginRig.Broker, _rig.Time, _rig.Logs.Log);
        await other.RevokeAsync("subject", "", "pat", "left", null, default);
        Assert.Null(session.Reason);
        await _rig.Cluster.MissedAsync(ClusterEvents.Revoked);
        Assert.Equal("revoked", session.Reason);
    }

    [Fact]
    public async Task A_credential_opens_sessions_only_on_its_targets()
    {
        Contract.Identity identity = await LoginAsync("pat", ["dba"]) with { Targets = ["hr"] };
        var session = new EnteredSession(identity, _rig.Room.Policy, _rig.Time);
        Assert.False(Sessions.TryEnter(session.Context, session, out string? refusal));
        Assert.Contains("not for this target", refusal, StringComparison.Ordinal);
        IGate gate = new CredentialScope(_rig.Policy).Open(session.Context.Facts);
        Assert.Equal((VerdictKind.Deny, CredentialScope.RuleId), (gate.Judge(default).Kind, gate.Judge(default).RuleId));
        gate = new CredentialScope(_rig.Policy).Open(session.Context.Facts with { Target = "hr" });
        Assert.Equal(VerdictKind.Allow, gate.Judge(default).Kind);
    }

    private async Task<EnteredSession> EnterAsync(string subject, string[] groups, string more = "{}")
    {
        var session = new EnteredSession(await LoginAsync(subject, groups, more), _rig.Room.Policy, _rig.Time);
        Assert.True(Sessions.TryEnter(session.Context, session, out _));
        return session;
    }

    private async Task<Contract.Identity> LoginAsync(string subject, string[] groups, string more = "{}") =>
        (await _rig.LoginAsync(_rig.BrokerToken(subject, groups, more))).Identity!;

    private Task RemoveAsync(string subject, string group) =>
        _rig.ChangeAsync(subject, db => db.Memberships.Where(m => m.Subject == subject && m.Group == group).ExecuteDelete());

    private Task OrderAsync(Guid session, string what) => _rig.Cluster.PublishAsync(
        ClusterEvents.Session, JsonSerializer.Serialize(new { session, @do = what, reason = "looks odd", by = "ann" }), default);
}
