using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>A group for a time: asked for, approved, effective, and over when it is over.</summary>
public sealed class AccessTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly ApprovalsConfig Config = ApprovalsConfig.Default with
    {
        Access = [new AccessConfig { Group = "shop-admins", Targets = ["shop"], Requesters = ["developers"], Approvers = ["leads"], Longest = TimeSpan.FromHours(2) }],
    };

    [Fact]
    public async Task An_approved_group_is_had_until_it_ends()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = Config);
        (DecisionOutcome asked, Guid id) = await rig.A.Access.RequestAsync(Dev(rig), ApprovalRig.Anywhere, new AccessWish("shop-admins", "shop", Hour, "INC-1"), default);
        Assert.True(asked.Taken);
        Assert.Equal(DecisionWords.OwnRequest, (await DecideAsync(rig, id, rig.Person("alice", "leads"))).Word);
        Assert.Equal(DecisionWords.NotAnApprover, (await DecideAsync(rig, id, rig.Person("bob", "approvers"))).Word);
        Assert.Equal(DecisionWords.Approved, (await DecideAsync(rig, id, rig.Person("bob", "leads"))).Word);
        Assert.Equal(DecisionWords.NotPending, (await DecideAsync(rig, id, rig.Person("carol", "leads"))).Word);

        MembershipRow member = Assert.Single(await MembersAsync(rig));
        Assert.Equal(("alice", "shop-admins", "grant", id, rig.Time.Now + Hour), (member.Subject, member.Group, member.Source, member.ApprovalId, member.ExpiresAt));
        Assert.Equal(1, Told(rig));
        rig.Time.Now += Hour - TimeSpan.FromSeconds(1);
        await rig.B.TickAsync(default);
        Assert.Single(await MembersAsync(rig));
        rig.Time.Now += TimeSpan.FromSeconds(10);
        await rig.B.TickAsync(default);
        Assert.Empty(await MembersAsync(rig));
        Assert.Equal(2, Told(rig));
        rig.Time.Now += TimeSpan.FromSeconds(10);
        await rig.A.TickAsync(default);
        Assert.Single(rig.Audit.Noted, e => e.Type == AuditTypes.AccessEnded);
    }

    [Fact]
    public async Task It_is_given_back_before_its_time_by_its_owner_only()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = Config);
        (_, Guid id) = await rig.A.Access.RequestAsync(Dev(rig), ApprovalRig.Anywhere, new AccessWish("shop-admins", "shop", Hour, "INC-1"), default);
        await DecideAsync(rig, id, rig.Person("bob", "leads"));
        Assert.False(await rig.B.Grants.RevokeAsync(rig.Person("carol"), null, id, null, ofOthers: false, default));
        Assert.True(await rig.B.Grants.RevokeAsync(Dev(rig), null, id, null, ofOthers: false, default));
        Assert.Empty(await MembersAsync(rig));
    }

    [Theory]
    [InlineData("other group", DecisionWords.NotAllowed)]
    [InlineData("other target", DecisionWords.NotAllowed)]
    [InlineData("not a requester", DecisionWords.NotAllowed)]
    [InlineData("other issuer", DecisionWords.NotAllowed)]
    [InlineData("agent", DecisionWords.NotAPerson)]
    [InlineData("for another", DecisionWords.NotAPerson)]
    [InlineData("too long", DecisionWords.ScopeNotAllowed)]
    [InlineData("no time", DecisionWords.ScopeNotAllowed)]
    [InlineData("no reason", DecisionWords.ReasonRequired)]
    [InlineData("twice", OutcomeWords.TooMany)]
    public async Task It_is_not_asked_for(string what, string word)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = Config);
        var wish = new AccessWish("shop-admins", "shop", Hour, "INC-1");
        if (what == "twice")
            await rig.A.Access.RequestAsync(Dev(rig), ApprovalRig.Anywhere, wish, default);
        Contract.Identity who = what switch
        {
            "not a requester" => rig.Person("alice", "guests") with { Issuer = ApprovalRig.Broker },
            "other issuer" => rig.Person("alice", "developers"),
            "agent" => Dev(rig) with { Kind = IdentityKind.Agent },
            "for another" => Dev(rig) with { ActingFor = ["bob"] },
            _ => Dev(rig),
        };
        wish = what switch
        {
            "other group" => wish with { Group = "admins" },
            "other target" => wish with { Target = "hr" },
            "too long" => wish with { Duration = TimeSpan.FromHours(3) },
            "no time" => wish with { Duration = TimeSpan.Zero },
            "no reason" => wish with { Reason = " " },
            _ => wish,
        };
        (DecisionOutcome outcome, _) = await rig.A.Access.RequestAsync(who, ApprovalRig.Anywhere, wish, default);
        Assert.Equal(word, outcome.Word);
        Assert.False(outcome.Taken);
    }

    [Fact]
    public async Task A_request_that_nobody_answers_expires()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = Config);
        (_, Guid id) = await rig.A.Access.RequestAsync(Dev(rig), ApprovalRig.Anywhere, new AccessWish("shop-admins", "shop", Hour, "INC-1"), default);
        rig.Time.Now += TimeSpan.FromHours(24);
        Assert.Equal(DecisionWords.NotPending, (await DecideAsync(rig, id, rig.Person("bob", "leads"))).Word);
        await rig.B.TickAsync(default);
        Assert.Equal(ApprovalStatus.Expired, (await rig.RowAsync(id)).Status);
        Assert.Empty(await MembersAsync(rig));
    }

    [Fact]
    public async Task A_node_that_is_lost_loses_no_request_for_access()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = Config);
        (_, Guid id) = await rig.A.Access.RequestAsync(Dev(rig), ApprovalRig.Anywhere, new AccessWish("shop-admins", "shop", Hour, "INC-1"), default);
        await rig.B.NodeLostAsync("a", default);
        Assert.Equal(ApprovalStatus.Pending, (await rig.RowAsync(id)).Status);
    }

    private static Contract.Identity Dev(ApprovalRig rig) => rig.Person("alice", "developers") with { Issuer = ApprovalRig.Broker };

    private static Task<DecisionOutcome> DecideAsync(ApprovalRig rig, Guid id, Contract.Identity by) =>
        rig.B.Decisions.DecideAsync(by, ApprovalRig.Anywhere, new Decision(id, true), default);

    private static Task<List<MembershipRow>> MembersAsync(ApprovalRig rig) => rig.Store.ReadAsync((db, stop) => db.Memberships.ToListAsync(stop), default);

    private static int Told(ApprovalRig rig) => rig.Bus.Said.Count(e => e is { Kind: ClusterEvents.IdentityChanged, Payload: """{"subject":"alice"}""" });
}
