using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>What waits, and how that ends.</summary>
public sealed class HoldTests
{
    [Fact]
    public async Task What_somebody_approves_on_another_node_runs_once()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        HoldNotice notice = await waiting.Told.Task;
        Assert.Equal("prod/writes", notice.RuleId);
        Assert.Equal("Ask in #prod.", notice.Hint);
        Assert.Equal($"https://sallyport.example/v1/approvals/{notice.Id}", notice.Url);
        Assert.Equal(rig.Time.Now + TimeSpan.FromMinutes(15), notice.ExpiresAt);

        DecisionOutcome decided = await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"));
        Assert.Equal(DecisionWords.Approved, decided.Word);
        HoldOutcome outcome = await waiting.EndAsync();
        Assert.True(outcome.Approved);
        Assert.Equal("approved", outcome.Reason);
        Assert.Null(outcome.EndsAt);
        Assert.Equal(ApprovalStatus.Used, (await rig.RowAsync(waiting.Id)).Status);
        Assert.Equal(["approval.requested", "approval.decided", "approval.used"], rig.Audit.Kept.Select(e => e.Type).Order(StringComparer.Ordinal).OrderBy(t => t == "approval.requested" ? 0 : t == "approval.decided" ? 1 : 2));
    }

    [Fact]
    public async Task A_consumed_approval_is_good_for_nothing_more()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        SessionFacts session = rig.Session(rig.Person("alice"));
        ApprovalRig.Waiting waiting = await rig.HoldAsync(session);
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"));
        await waiting.EndAsync();

        Assert.True(await rig.IsAskedAsync(session));
        Assert.Equal(DecisionWords.NotPending, (await rig.ApproveAsync(waiting, rig.Person("carol", "approvers"))).Word);
    }

    [Fact]
    public async Task A_denial_ends_it_and_says_who_and_why()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 2, ["approvers"], [])]);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"));
        Assert.Equal(DecisionWords.Denied, (await rig.DenyAsync(waiting, rig.Person("carol", "approvers"), "not on a Friday")).Word);
        HoldOutcome outcome = await waiting.EndAsync();
        Assert.False(outcome.Approved);
        Assert.Equal("denied", outcome.Reason);
        Assert.Equal("Denied by carol: not on a Friday", outcome.Message);
    }

    [Fact]
    public async Task What_the_client_takes_back_cannot_be_approved()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        await waiting.WithdrawAsync();
        Assert.True(waiting.Outcome.IsCanceled);
        Assert.Equal(ApprovalStatus.Withdrawn, (await rig.RowAsync(waiting.Id)).Status);
        Assert.Equal(DecisionWords.NotPending, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word);
    }

    [Fact]
    public async Task Nobody_decides_in_time()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.Time.Now += TimeSpan.FromMinutes(15);
        Assert.Equal(DecisionWords.NotPending, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word);
        await rig.A.TickAsync(default);
        Assert.Equal("expired", (await waiting.EndAsync()).Reason);
        Assert.Equal(ApprovalStatus.Expired, (await rig.RowAsync(waiting.Id)).Status);
        Assert.Contains(rig.Audit.Noted, e => e.Type == AuditTypes.ApprovalExpired);
    }

    [Fact]
    public async Task It_waits_no_longer_than_the_identity_lasts()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity alice = rig.Person("alice") with { ExpiresAt = rig.Time.Now + TimeSpan.FromMinutes(1) };
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(alice));
        rig.Time.Now += TimeSpan.FromMinutes(1);
        await rig.A.TickAsync(default);
        Assert.Equal("expired", (await waiting.EndAsync()).Reason);
    }

    [Fact]
    public async Task A_node_that_hears_nothing_finds_out_by_looking()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.NodeA.Deaf = true;
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"));
        Assert.False(waiting.Outcome.IsCompleted);
        rig.Time.Now += TimeSpan.FromSeconds(10);
        await rig.A.TickAsync(default);
        Assert.True((await waiting.EndAsync()).Approved);
    }

    [Fact]
    public async Task A_node_that_was_away_catches_up()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.NodeA.Deaf = true;
        await rig.DenyAsync(waiting, rig.Person("bob", "approvers"));
        await rig.NodeA.CatchUpAsync();
        Assert.Equal("denied", (await waiting.EndAsync()).Reason);
    }

    [Fact]
    public async Task What_was_approved_under_another_policy_is_not_run()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.NodeA.Deaf = true;
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"));
        rig.Terms.Digest = "policy-2";
        await rig.NodeA.CatchUpAsync();
        HoldOutcome outcome = await waiting.EndAsync();
        Assert.False(outcome.Approved);
        Assert.Equal("withdrawn", outcome.Reason);
        Assert.Equal(ApprovalStatus.Withdrawn, (await rig.RowAsync(waiting.Id)).Status);
    }

    [Fact]
    public async Task A_policy_that_changes_ends_what_waits()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        await rig.A.TickAsync(default);
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.Terms.Digest = "policy-2";

        // It may have noticed by itself already.
        Assert.Contains((await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word, new[] { DecisionWords.PolicyChanged, DecisionWords.NotPending });
        await rig.A.TickAsync(default);
        Assert.Equal("withdrawn", (await waiting.EndAsync()).Reason);
    }

    [Fact]
    public async Task What_a_node_left_behind_is_lost()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        await rig.B.NodeLostAsync("a", default);
        Assert.Equal(ApprovalStatus.Lost, (await rig.RowAsync(waiting.Id)).Status);
        Assert.Equal(DecisionWords.NotPending, (await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"))).Word);

        // Should it live after all, it runs nothing.
        Assert.Equal("unavailable", (await waiting.EndAsync()).Reason);
    }

    [Fact]
    public async Task A_node_that_starts_again_has_lost_what_waited_there()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        await rig.ServiceAsync(rig.Bus.Join("a"));
        Assert.Equal(ApprovalStatus.Lost, (await rig.RowAsync(waiting.Id)).Status);
        await waiting.WithdrawAsync();
    }

    [Fact]
    public async Task A_pre_approved_change_asks_nobody_and_ends_with_its_window()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        rig.Terms.PreApproved = new PreApproval("CHG-1", rig.Time.Now + TimeSpan.FromHours(1));
        HoldOutcome outcome = await rig.RunAsync(rig.Session(rig.Person("alice")));
        Assert.True(outcome.Approved);
        Assert.Equal("pre-approved", outcome.Reason);
        Assert.Equal(rig.Time.Now + TimeSpan.FromHours(1), outcome.EndsAt);
        Assert.Equal("CHG-1", Assert.Single(rig.Audit.Kept, e => e.Type == AuditTypes.ApprovalPreApproved).Details!["reference"]);
    }

    [Fact]
    public async Task Outside_the_hours_it_is_refused_at_once()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Closed = "Approvals are given on weekdays.");
        HoldOutcome outcome = await rig.RunAsync(rig.Session(rig.Person("alice")));
        Assert.False(outcome.Approved);
        Assert.Equal("denied", outcome.Reason);
        Assert.Equal("Approvals are given on weekdays.", outcome.Message);
    }

    [Fact]
    public async Task What_cannot_be_audited_is_not_run()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        rig.Audit.Broken = true;
        HoldOutcome outcome = await rig.RunAsync(rig.Session(rig.Person("alice")));
        Assert.Equal("unavailable", outcome.Reason);
        Assert.Equal(0, await rig.Store.ReadAsync((db, stop) => db.Approvals.CountAsync(a => a.Status == ApprovalStatus.Pending, stop), default));

        rig.Audit.Broken = false;
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        rig.Audit.Broken = true;
        await Assert.ThrowsAsync<IOException>(() => rig.ApproveAsync(waiting, rig.Person("bob", "approvers")));
        HoldOutcome burnt = await waiting.EndAsync();
        Assert.False(burnt.Approved);
        Assert.Equal("unavailable", burnt.Reason);
    }

    [Fact]
    public async Task What_nobody_could_read_is_refused()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        SessionFacts session = rig.Session(rig.Person("alice"));
        HeldAction[] unreadable =
        [
            ApprovalRig.Action(new string('x', ApprovalLimits.Text + 1)),
            ApprovalRig.Action("INSERT", [.. Enumerable.Repeat(new HeldParameter("int4", "1"), ApprovalLimits.Parameters + 1)]),
            ApprovalRig.Action("INSERT", new HeldParameter("text", new string('x', ApprovalLimits.ParameterBytes))),
            ApprovalRig.Action("DELETE") with { Digest = new byte[31] },
        ];
        foreach (HeldAction action in unreadable)
            Assert.Equal("unavailable", (await rig.RunAsync(session, action)).Reason);
        Assert.True(await rig.IsAskedAsync(session, ApprovalRig.Action(new string('x', ApprovalLimits.Text))));
    }

    [Fact]
    public async Task Only_so_many_wait()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Config = ApprovalsConfig.Default with { MaxPending = 5, MaxPendingPerSubject = 3 });
        SessionFacts one = rig.Session(rig.Person("alice"));
        await rig.HoldAsync(one);
        Assert.Equal("too-many", (await rig.RunAsync(one)).Reason);
        for (int i = 0; i < 2; i++)
            await rig.HoldAsync(rig.Session(rig.Person("alice")), node: rig.B);
        Assert.Equal("too-many", (await rig.RunAsync(rig.Session(rig.Person("alice")))).Reason);
        for (int i = 0; i < 2; i++)
            await rig.HoldAsync(rig.Session(rig.Person("dave")));
        Assert.Equal("too-many", (await rig.RunAsync(rig.Session(rig.Person("erin")))).Reason);
    }

    [Fact]
    public async Task The_requester_and_whom_an_agent_acts_for_may_take_it_back_and_nobody_else()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity agent = rig.Person("robot") with { Kind = IdentityKind.Agent, ActingFor = ["alice"] };
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(agent));
        Assert.Equal(DecisionWords.Unknown, (await rig.B.Own.WithdrawAsync(rig.Person("mallory"), null, waiting.Id, default)).Word);
        Assert.True((await rig.B.Own.WithdrawAsync(rig.Person("alice"), null, waiting.Id, default)).Taken);
        Assert.Equal("withdrawn", (await waiting.EndAsync()).Reason);
    }

    [Fact]
    public async Task The_view_shows_all_that_an_approver_needs()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync(r => r.Terms.Requirements = [new("prod/writes", 2, ["approvers"], []), new("prod/pii", 1, ["dpo"], [])]);
        Contract.Identity agent = rig.Person("robot") with { Kind = IdentityKind.Agent, ActingFor = ["alice"] };
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(agent), ApprovalRig.Action("DELETE FROM orders WHERE id = $1", new HeldParameter("int4", "7"), new HeldParameter("text", null)));
        await rig.ApproveAsync(waiting, rig.Person("bob", "approvers"), reason: "looks right");
        ApprovalView view = (await rig.B.Views.FindAsync(waiting.Id, default))!;
        Assert.Equal("robot", view.Subject);
        Assert.Equal(["alice"], view.ActingFor);
        Assert.Equal("agent", view.IdentityKind);
        Assert.Equal("DELETE FROM orders WHERE id = $1", view.Text);
        Assert.Equal([new KeptParameter("int4", "7"), new KeptParameter("text", null)], view.Parameters);
        Assert.Equal([new KeptEffect("delete", "orders")], view.Effects);
        Assert.Equal("statement delete", view.Action);
        Assert.Equal("psql", view.ClientApplication);
        Assert.Equal("10.1.2.3", view.Source);
        Assert.Equal(["bob"], view.Requirements[0].Approved);
        Assert.Empty(view.Requirements[1].Approved);
        Assert.Equal("looks right", Assert.Single(view.Decisions).Reason);
        await waiting.WithdrawAsync();
        ApprovalRig.Waiting again = await rig.HoldAsync(rig.Session(agent), ApprovalRig.Action("DELETE FROM orders WHERE id = $1", new HeldParameter("int4", "7"), new HeldParameter("text", null)));
        view = (await rig.B.Views.FindAsync(again.Id, default))!;
        Assert.Equal(waiting.Id, Assert.Single(view.SameAction).Id);
        Assert.Equal(waiting.Id, Assert.Single(view.SameSubject).Id);
        Assert.Equal([again.Id], (await rig.B.Views.ListAsync(new ApprovalFilter { Status = ApprovalStatus.Pending }, default)).Select(s => s.Id));
        await again.WithdrawAsync();
    }
}
