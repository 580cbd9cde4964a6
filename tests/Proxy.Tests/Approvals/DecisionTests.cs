using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Who may say yes, and when it is enough.</summary>
public sealed class DecisionTests
{
    /// <summary>Whoever may not approve, and the word they are refused with.</summary>
    public static TheoryData<string, string> Unfit => new()
    {
        { "an agent", DecisionWords.NotAPerson },
        { "a service", DecisionWords.NotAPerson },
        { "what acts for a person", DecisionWords.NotAPerson },
        { "the requester", DecisionWords.OwnRequest },
        { "the requester at another issuer", DecisionWords.OwnRequest },
        { "the requester's name in capitals", DecisionWords.OwnRequest },
        { "an account with the requester's e-mail", DecisionWords.OwnRequest },
        { "an account whose name is the requester's e-mail", DecisionWords.OwnRequest },
        { "the requester's account by its provider's name", DecisionWords.OwnRequest },
        { "a stranger", DecisionWords.NotAnApprover },
        { "somebody of another group", DecisionWords.NotAnApprover },
        { "somebody disabled", DecisionWords.Disabled },
        { "a user who has left the group", DecisionWords.NotAnApprover },
        { "a user whose membership is over", DecisionWords.NotAnApprover },
        { "somebody revoked", DecisionWords.NotAnApprover },
        { "an expired login", DecisionWords.LoginTooOld },
        { "an old login", DecisionWords.LoginTooOld },
        { "a login of unknown age", DecisionWords.LoginTooOld },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task They_may_not_approve(string who, string word)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = r.Config with { FreshLogin = TimeSpan.FromMinutes(30) });
        await rig.AddAsync(
            rig.User("alice", "alice@example.com", "okta", "00u1"),
            rig.User("ann", "Alice@Example.com"),
            rig.User("dave", disabled: true),
            rig.User("left"),
            ApprovalRig.Member("left", "developers"),
            rig.User("over"),
            new MembershipRow { Id = Guid.NewGuid(), Subject = "over", Group = "approvers", Source = "grant", ExpiresAt = rig.Time.Now - TimeSpan.FromSeconds(1) },
            new RevocationRow { Id = Guid.NewGuid(), Kind = "subject", Issuer = ApprovalRig.Corp, Value = "gone", At = rig.Time.Now, ExpiresAt = rig.Time.Now + TimeSpan.FromDays(1), Reason = "left" });
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Contract.Identity bob = rig.Person("bob", "approvers");
        Contract.Identity approver = who switch
        {
            "an agent" => bob with { Kind = IdentityKind.Agent },
            "a service" => bob with { Kind = IdentityKind.Service },
            "what acts for a person" => bob with { ActingFor = ["carol"] },
            "the requester" => rig.Person("alice", "approvers"),
            "the requester at another issuer" => rig.Person("alice", "approvers") with { Issuer = "https://other.example" },
            "the requester's name in capitals" => rig.Person("ALICE", "approvers"),
            "an account with the requester's e-mail" => rig.Person("ann", "approvers"),
            "an account whose name is the requester's e-mail" => rig.Person("alice@example.com", "approvers"),
            "the requester's account by its provider's name" => rig.Person("00u1", "approvers"),
            "a stranger" => rig.Person("bob"),
            "somebody of another group" => rig.Person("bob", "Approvers", "approvers2"),
            "somebody disabled" => rig.Person("dave", "approvers"),
            "a user who has left the group" => rig.Person("left", "approvers") with { Issuer = ApprovalRig.Broker },
            "a user whose membership is over" => rig.Person("over", "approvers") with { Issuer = ApprovalRig.Broker },
            "somebody revoked" => rig.Person("gone", "approvers"),
            "an expired login" => bob with { ExpiresAt = rig.Time.Now },
            "an old login" => bob with { AuthenticatedAt = rig.Time.Now - TimeSpan.FromMinutes(31) },
            _ => bob with { AuthenticatedAt = null },
        };
        DecisionOutcome refused = await rig.ApproveAsync(waiting, approver);
        Assert.False(refused.Taken);
        Assert.Equal(word, refused.Word);
        Assert.Equal(word, Assert.Single(rig.Audit.Noted, e => e.Type == AuditTypes.ApprovalDecided).Details!["result"]);
        Assert.Equal(DecisionWords.Approved, (await rig.ApproveAsync(waiting, bob)).Word);
        await waiting.EndAsync();
    }

    [Theory]
    [InlineData("robot", "carol", "carol")] // whom it acts for
    [InlineData("robot", "helper,carol", "carol")] // at any distance
    [InlineData("robot", "", "olga")] // its owner, when it acts for nobody
    [InlineData("carol", "robot", "olga")] // the owner of the agent at the end of the chain
    public async Task Whoever_answers_for_an_agent_may_not_approve_what_it_does(string subject, string chain, string approver)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        await rig.AddAsync(new AgentRow { Id = Guid.NewGuid(), Name = "robot", Kind = IdentityKind.Agent, Owner = "olga", Purpose = "tests", AllowedGroups = "[]", CreatedAt = rig.Time.Now });
        Contract.Identity agent = rig.Person(subject) with { Kind = IdentityKind.Agent, ActingFor = [.. chain.Split(',', StringSplitOptions.RemoveEmptyEntries)] };
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(agent));
        Assert.Equal(DecisionWords.OwnRequest, (await rig.ApproveAsync(waiting, rig.Person(approver, "approvers"))).Word);
        Assert.Equal(DecisionWords.OwnRequest, (await rig.DenyAsync(waiting, rig.Person(approver, "approvers"))).Word);
        Assert.True((await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Taken);
        await waiting.EndAsync();
    }

    [Fact]
    public async Task A_quorum_is_of_distinct_persons_whatever_groups_and_accounts_they_have()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 2, ["approvers", "leads"], [])]);
        await rig.AddAsync(rig.User("bob", "bob@example.com"), rig.User("robert", "BOB@example.com"));
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Assert.Equal(DecisionWords.Counted, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers", "leads"))).Word);
        Assert.Equal(DecisionWords.AlreadyDecided, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word);
        Assert.Equal(DecisionWords.AlreadyDecided, (await rig.ApproveAsync(waiting, rig.Person("bob", "leads") with { Issuer = "https://other.example" })).Word);
        Assert.Equal(DecisionWords.AlreadyDecided, (await rig.ApproveAsync(waiting, rig.Person("robert", "leads"))).Word);
        Assert.False(waiting.Outcome.IsCompleted);
        Assert.Equal(DecisionWords.Approved, (await rig.ApproveAsync(waiting, rig.Person("carol", "leads"))).Word);
        Assert.True((await waiting.EndAsync()).Approved);
    }

    [Fact]
    public async Task Every_rule_has_its_own_quorum_and_one_person_counts_for_several()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("a/one", 1, ["dba"], []), new("b/two", 2, ["approvers"], [])]);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Assert.Equal(DecisionWords.Counted, (await rig.ApproveAsync(waiting, rig.Person("bob", "dba", "approvers"))).Word);
        Assert.Equal(DecisionWords.AlreadyMet, (await rig.ApproveAsync(waiting, rig.Person("dora", "dba"))).Word);
        Assert.Equal(DecisionWords.Approved, (await rig.ApproveAsync(waiting, rig.Person("carol", "approvers"))).Word);
        Assert.True((await waiting.EndAsync()).Approved);
    }

    [Theory]
    [InlineData("left the group")]
    [InlineData("disabled")]
    [InlineData("revoked")]
    public async Task Who_is_no_approver_any_more_when_the_last_word_falls_does_not_count(string how)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 2, ["approvers"], [])]);
        await rig.AddAsync(rig.User("bob"), ApprovalRig.Member("bob", "approvers"));
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Assert.Equal(DecisionWords.Counted, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers") with { Issuer = ApprovalRig.Broker })).Word);
        rig.Time.Now += TimeSpan.FromSeconds(1);
        await rig.Store.WriteAsync(
            async (db, stop) =>
            {
                if (how == "left the group")
                    await db.Memberships.ExecuteDeleteAsync(stop);
                else if (how == "disabled")
                    await db.Users.ExecuteUpdateAsync(set => set.SetProperty(u => u.Disabled, true), stop);
                else
                    db.Revocations.Add(new RevocationRow { Id = Guid.NewGuid(), Kind = "subject", Value = "bob", At = rig.Time.Now, ExpiresAt = rig.Time.Now + TimeSpan.FromDays(1), Reason = "left" });
                return 0;
            },
            default);
        Assert.Equal(DecisionWords.Counted, (await rig.ApproveAsync(waiting, rig.Person("carol", "approvers"))).Word);
        Assert.False(waiting.Outcome.IsCompleted);
        Assert.Equal(DecisionWords.Approved, (await rig.ApproveAsync(waiting, rig.Person("dora", "approvers"))).Word);
        await waiting.EndAsync();
    }

    [Fact]
    public async Task A_reason_is_given_where_one_is_wanted()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.ReasonRequired = true);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Contract.Identity bob = rig.Person("bob", "approvers");
        Assert.Equal(DecisionWords.ReasonRequired, (await rig.ApproveAsync(waiting, bob)).Word);
        Assert.Equal(DecisionWords.ReasonRequired, (await rig.ApproveAsync(waiting, bob, reason: " \t")).Word);
        Assert.Equal(DecisionWords.ReasonTooLong, (await rig.ApproveAsync(waiting, bob, reason: new string('x', 1001))).Word);
        Assert.True((await rig.ApproveAsync(waiting, bob, reason: "CHG-1")).Taken);
        await waiting.EndAsync();
    }

    [Fact]
    public async Task Approvals_are_given_in_their_hours_and_denials_at_any_time()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.Terms.Closed = "Not now.";
        Assert.Equal(DecisionWords.Closed, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word);
        Assert.Equal(DecisionWords.Denied, (await rig.DenyAsync(waiting, rig.Person("bob", "approvers"))).Word);
        await waiting.EndAsync();
    }

    [Fact]
    public async Task Nothing_is_granted_that_the_rules_do_not_let_be_granted()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Scopes = [GrantScope.Digest]);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Contract.Identity bob = rig.Person("bob", "approvers");
        (GrantScope Scope, TimeSpan? Time)[] refused =
        [
            (GrantScope.Rule, TimeSpan.FromMinutes(1)), (GrantScope.Target, TimeSpan.FromMinutes(1)), (GrantScope.Digest, null), (GrantScope.Digest, TimeSpan.Zero),
            (GrantScope.Digest, TimeSpan.FromMinutes(-1)), (GrantScope.Digest, TimeSpan.FromMinutes(31)), (GrantScope.Once, TimeSpan.FromMinutes(1)),
        ];
        foreach ((GrantScope scope, TimeSpan? time) in refused)
            Assert.Equal(DecisionWords.ScopeNotAllowed, (await rig.ApproveAsync(waiting, bob, scope: scope, time: time)).Word);
        Assert.True((await rig.ApproveAsync(waiting, bob, scope: GrantScope.Digest, time: TimeSpan.FromMinutes(30))).Taken);
        await waiting.EndAsync();
    }

    [Fact]
    public async Task What_is_granted_is_the_least_that_all_meant()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r =>
        {
            r.Terms.Requirements = [new("prod/writes", 3, ["approvers"], [])];
            r.Terms.Scopes = [GrantScope.Digest, GrantScope.Rule, GrantScope.Target];
        });
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), scope: GrantScope.Target, time: TimeSpan.FromMinutes(10));
        await rig.ApproveAsync(waiting, rig.Person("carol", "approvers"), scope: GrantScope.Rule, time: TimeSpan.FromMinutes(30));
        await rig.ApproveAsync(waiting, rig.Person("dora", "approvers"), scope: GrantScope.Target, time: TimeSpan.FromMinutes(20));
        HoldOutcome outcome = await waiting.EndAsync();
        Assert.Equal(rig.Time.Now + TimeSpan.FromMinutes(10), outcome.EndsAt);
        GrantRow grant = Assert.Single(await rig.B.Grants.ListAsync("alice", null, default));
        Assert.Equal("rule", grant.Scope);
        Assert.Equal(outcome.EndsAt, grant.EndsAt);
    }

    [Fact]
    public async Task One_who_means_a_single_run_makes_it_a_single_run()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r =>
        {
            r.Terms.Requirements = [new("prod/writes", 2, ["approvers"], [])];
            r.Terms.Scopes = [GrantScope.Rule];
        });
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), scope: GrantScope.Rule, time: TimeSpan.FromMinutes(10));
        await rig.ApproveAsync(waiting, rig.Person("carol", "approvers"));
        Assert.Null((await waiting.EndAsync()).EndsAt);
        Assert.Empty(await rig.B.Grants.ListAsync(null, null, default));
    }

    [Fact]
    public async Task Two_who_approve_at_once_are_both_counted()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 2, ["approvers"], [])]);
        for (int i = 0; i < 10; i++)
        {
            ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person($"alice{i}")));
            DecisionOutcome[] both = await Task.WhenAll(
                rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), rig.A), rig.ApproveAsync(waiting, rig.Person("carol", "approvers"), rig.B));
            Assert.Equal([DecisionWords.Approved, DecisionWords.Counted], both.Select(o => o.Word).Order(StringComparer.Ordinal));
            Assert.True((await waiting.EndAsync()).Approved);
        }
    }

    [Fact]
    public async Task Of_approving_denying_withdrawing_and_expiring_at_once_exactly_one_happens()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        for (int i = 0; i < 20; i++)
        {
            ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person($"alice{i}")));
            Task<DecisionOutcome> approve = rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), rig.B);
            Task<DecisionOutcome> deny = rig.DenyAsync(waiting, rig.Person("carol", "approvers"));
            Task<DecisionOutcome> own = rig.A.Own.WithdrawAsync(rig.Person($"alice{i}"), null, waiting.Id, default);
            Task gone = i % 2 == 0 ? waiting.WithdrawAsync() : Task.CompletedTask;
            await gone;
            DecisionOutcome[] all = [await approve, await deny, await own];
            await ((Task)waiting.Outcome).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            bool ran = waiting.Outcome.IsCompletedSuccessfully && (await waiting.Outcome).Approved;
            string status = (await rig.RowAsync(waiting.Id)).Status;
            int taken = all.Count(o => o.Taken);
            Assert.True(taken <= 1, $"{taken} happened");
            Assert.Equal(ran, status == ApprovalStatus.Used);
            Assert.True(!ran || all[0].Taken);
            if (all[1].Taken)
                Assert.Equal(ApprovalStatus.Denied, status);
        }
    }

    [Fact]
    public async Task Who_does_not_exist_is_not_decided_about()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        DecisionOutcome outcome = await rig.B.Decisions.DecideAsync(rig.Person("bob", "approvers"), null, new Decision(Guid.NewGuid(), true), default);
        Assert.Equal(DecisionWords.Unknown, outcome.Word);
    }
}
