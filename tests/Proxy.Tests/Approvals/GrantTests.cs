using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>What a yes covers for a time: exactly whom and what it was given for, and not a moment longer.</summary>
public sealed class GrantTests
{
    private static readonly TimeSpan Half = TimeSpan.FromMinutes(30);

    public static TheoryData<string, string, bool> Binding
    {
        get
        {
            var data = new TheoryData<string, string, bool>();
            foreach (string scope in new[] { "digest", "rule", "target" })
            {
                data.Add(scope, "nothing", true);
                data.Add(scope, "another token of the same login", true);
                data.Add(scope, "another session", true);
                foreach (string change in new[] { "subject", "issuer", "chain", "login", "target", "resource", "source", "policy", "time" })
                    data.Add(scope, change, false);
                data.Add(scope, "text", scope != "digest");
                data.Add(scope, "parameter", scope != "digest");
                data.Add(scope, "another rule", false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Binding))]
    public async Task It_covers_nobody_who_differs_in_anything(string scope, string change, bool covered)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Digest, GrantScope.Rule, GrantScope.Target]);
        Contract.Identity alice = rig.Person("alice") with { Kind = IdentityKind.Agent, ActingFor = ["zoe"] };
        SessionFacts session = rig.Session(alice);
        HeldAction action = ApprovalRig.Action("DELETE FROM orders WHERE id = $1", new HeldParameter("int4", "1"));
        HoldOutcome granted = await GrantAsync(rig, session, action, GrantWords.Parse(scope));
        switch (change)
        {
            case "another token of the same login":
                session = session with { Identity = alice with { TokenId = "refreshed" } };
                break;
            case "another session":
                session = rig.Session(alice);
                break;
            case "subject":
                session = session with { Identity = alice with { Subject = "alice2" } };
                break;
            case "issuer":
                session = session with { Identity = alice with { Issuer = "https://other.example" } };
                break;
            case "chain":
                session = session with { Identity = alice with { ActingFor = ["zoe", "yves"] } };
                break;
            case "login":
                session = session with { Identity = alice with { LoginSession = "another" } };
                break;
            case "target":
                session = session with { Target = "shop2" };
                break;
            case "resource":
                session = session with { Resource = "customers" };
                break;
            case "source":
                session = session with { Source = new System.Net.IPEndPoint(System.Net.IPAddress.Parse("10.1.2.4"), 50_000) };
                break;
            case "policy":
                rig.Terms.Digest = "policy-2";
                break;
            case "time":
                rig.Time.Now += Half;
                break;
            case "text":
                action = ApprovalRig.Action("DELETE FROM orders WHERE id > $1", new HeldParameter("int4", "1"));
                break;
            case "parameter":
                action = ApprovalRig.Action("DELETE FROM orders WHERE id = $1", new HeldParameter("int4", "2"));
                break;
            case "another rule":
                rig.Terms.Requirements = [.. rig.Terms.Requirements, new Requirement("prod/pii", 1, ["dpo"], [])];
                break;
        }

        ApprovalRig.Waiting again = await rig.HoldAsync(session, action, rig.B);
        Assert.Equal(covered, again.Outcome.IsCompleted);
        if (!covered)
        {
            await again.WithdrawAsync();
            return;
        }

        HoldOutcome outcome = await again.EndAsync();
        Assert.Equal("granted", outcome.Reason);
        Assert.Equal(granted.Id, outcome.Id);
        Assert.Equal(granted.EndsAt, outcome.EndsAt);
        Assert.Contains(rig.Audit.Kept, e => e.Type == AuditTypes.GrantUsed);
    }

    [Theory]
    [InlineData("approvers", true, true)] // those who gave it are enough for the other rule too
    [InlineData("dpo", true, false)] // they are not
    [InlineData("approvers", false, false)] // the other rule lets no target be granted
    public async Task A_target_is_granted_over_rules_only_by_who_is_enough_for_each(string group, bool scoped, bool covered)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Target]);
        SessionFacts session = rig.Session(rig.Person("alice"));
        await GrantAsync(rig, session, ApprovalRig.Action("DELETE FROM orders"), GrantScope.Target);
        rig.Terms.Requirements = [new("prod/other", 1, [group], [])];
        rig.Terms.Scopes = scoped ? [GrantScope.Target] : [];
        Assert.Equal(!covered, await rig.IsAskedAsync(session, ApprovalRig.Action("TRUNCATE orders")));
    }

    [Fact]
    public async Task Nothing_is_remembered_for_a_login_that_has_no_id()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Rule]);
        SessionFacts session = rig.Session(rig.Person("alice") with { TokenId = null, LoginSession = null });
        ApprovalRig.Waiting waiting = await rig.HoldAsync(session);
        Assert.Equal(DecisionWords.ScopeNotAllowed, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), scope: GrantScope.Rule, time: Half)).Word);
        await waiting.WithdrawAsync();
    }

    [Fact]
    public async Task A_token_is_a_credential_where_there_is_no_login()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Rule]);
        SessionFacts session = rig.Session(rig.Person("alice") with { LoginSession = null });
        await GrantAsync(rig, session, ApprovalRig.Action("DELETE FROM orders"), GrantScope.Rule);
        Assert.False(await rig.IsAskedAsync(session));
        Assert.True(await rig.IsAskedAsync(session with { Identity = session.Identity with { TokenId = "another" } }));

        // A login of the same name as the token is not the token.
        Assert.True(await rig.IsAskedAsync(session with { Identity = session.Identity with { LoginSession = session.Identity.TokenId } }));
    }

    [Fact]
    public async Task A_revoked_grant_covers_nothing_and_cuts_what_runs_on_every_node()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Rule]);
        SessionFacts session = rig.Session(rig.Person("alice"));
        HoldOutcome granted = await GrantAsync(rig, session, ApprovalRig.Action("DELETE FROM orders"), GrantScope.Rule);
        var cut = new List<Guid>();
        rig.A.Grants.Ended += cut.Add;
        Assert.False(await rig.B.Grants.RevokeAsync(rig.Person("mallory"), null, Guid.Parse(granted.Id), null, ofOthers: false, default));
        Assert.False(rig.A.Grants.HasEnded(granted.Id));
        Assert.True(await rig.B.Grants.RevokeAsync(rig.Person("root"), null, Guid.Parse(granted.Id), "enough", ofOthers: true, default));
        Assert.Equal([Guid.Parse(granted.Id)], cut);
        Assert.True(rig.A.Grants.HasEnded(granted.Id));
        Assert.True(rig.B.Grants.HasEnded(granted.Id));
        Assert.True(await rig.IsAskedAsync(session));
        Assert.False(await rig.B.Grants.RevokeAsync(rig.Person("root"), null, Guid.Parse(granted.Id), "enough", ofOthers: true, default));
    }

    [Fact]
    public async Task A_node_that_missed_the_end_of_a_grant_catches_up()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Rule]);
        HoldOutcome granted = await GrantAsync(rig, rig.Session(rig.Person("alice")), ApprovalRig.Action("DELETE FROM orders"), GrantScope.Rule);
        rig.NodeA.Deaf = true;
        await rig.B.Grants.RevokeAsync(rig.Person("root"), null, Guid.Parse(granted.Id), "enough", ofOthers: true, default);
        Assert.False(rig.A.Grants.HasEnded(granted.Id));
        await rig.NodeA.CatchUpAsync();
        Assert.True(rig.A.Grants.HasEnded(granted.Id));
    }

    [Fact]
    public async Task A_change_of_policy_ends_what_was_granted_under_the_old_one()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Rule]);
        await rig.A.TickAsync(default);
        SessionFacts session = rig.Session(rig.Person("alice"));
        HoldOutcome granted = await GrantAsync(rig, session, ApprovalRig.Action("DELETE FROM orders"), GrantScope.Rule);
        rig.Terms.Digest = "policy-2";
        await rig.A.TickAsync(default);
        Assert.True(rig.B.Grants.HasEnded(granted.Id));
        rig.Terms.Digest = "policy-1";
        Assert.True(await rig.IsAskedAsync(session));
    }

    [Theory]
    [InlineData("subject", "alice", true)]
    [InlineData("subject", "bob", false)]
    [InlineData("login", "alice-login", true)]
    [InlineData("login", "alice-token", false)]
    [InlineData("token", "alice-token", false)] // the grant is bound to the login, which goes on
    public async Task A_revocation_ends_what_was_granted_to_whom_it_concerns(string kind, string value, bool ends)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Rule]);
        HoldOutcome granted = await GrantAsync(rig, rig.Session(rig.Person("alice")), ApprovalRig.Action("DELETE FROM orders"), GrantScope.Rule);
        rig.Time.Now += TimeSpan.FromSeconds(1);
        await rig.AddAsync(new RevocationRow { Id = Guid.NewGuid(), Kind = kind, Issuer = ApprovalRig.Corp, Value = value, At = rig.Time.Now, ExpiresAt = rig.Time.Now + TimeSpan.FromDays(1), Reason = "left" });
        await ((ICluster)rig.NodeB).PublishAsync(ClusterEvents.Revoked, "{}", default);
        Assert.Equal(ends, rig.A.Grants.HasEnded(granted.Id));
    }

    private static async Task<HoldOutcome> GrantAsync(ApprovalRig rig, SessionFacts session, HeldAction action, GrantScope scope)
    {
        ApprovalRig.Waiting waiting = await rig.HoldAsync(session, action);
        Assert.Equal(DecisionWords.Approved, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), scope: scope, time: Half)).Word);
        return await waiting.EndAsync();
    }
}
