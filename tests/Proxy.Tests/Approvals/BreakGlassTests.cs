using Sallyport.Contract;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Emergencies: who may, what they cover, and that nobody overlooks them.</summary>
public sealed class BreakGlassTests
{
    private static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task An_opened_target_needs_nobody_until_it_closes_and_everything_is_reviewed_by_another()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity alice = rig.Person("alice", "oncall");
        (DecisionOutcome opened, Guid id) = await rig.B.BreakGlass.OpenAsync(alice, ApprovalRig.Anywhere, "shop", Quarter, "the shop is down", default);
        Assert.Equal(DecisionWords.BreakGlass, opened.Word);
        Assert.Equal("critical", Assert.Single(rig.Audit.Kept, e => e.Type == AuditTypes.ApprovalBreakGlass).Details!["severity"]);

        SessionFacts session = rig.Session(alice);
        rig.Terms.Closed = "Not now.";
        HoldOutcome first = await rig.RunAsync(session);
        HoldOutcome second = await rig.RunAsync(rig.Session(alice, resource: "customers"), ApprovalRig.Action("TRUNCATE orders"), rig.B);
        Assert.All([first, second], o => Assert.Equal("break-glass", o.Reason));
        Assert.All([first, second], o => Assert.Equal(rig.Time.Now + Quarter, o.EndsAt));
        Assert.All([first, second], o => Assert.Equal(id.ToString(), o.Id));
        Assert.Equal(2, rig.Audit.Kept.Count(e => e.Type == AuditTypes.ApprovalBreakGlassUsed));
        Assert.Equal(3, (await rig.B.Views.ListAsync(new ApprovalFilter { ToReview = true }, default)).Count);

        Assert.Equal(DecisionWords.NotAllowed, (await rig.A.Reviews.ReviewAsync(rig.Person("bob"), null, id, "looked", default)).Word);
        rig.Time.Now += Quarter;
        rig.Terms.Closed = null;
        Assert.True(await rig.IsAskedAsync(session));
        Assert.Equal(DecisionWords.OwnRequest, (await rig.A.Reviews.ReviewAsync(alice, null, id, "fine", default)).Word);
        Assert.Equal(DecisionWords.ReasonRequired, (await rig.A.Reviews.ReviewAsync(rig.Person("bob"), null, id, " ", default)).Word);
        Assert.Equal(DecisionWords.Reviewed, (await rig.A.Reviews.ReviewAsync(rig.Person("bob"), null, id, "as it had to be", default)).Word);
        Assert.Empty(await rig.B.Views.ListAsync(new ApprovalFilter { ToReview = true }, default));
        Assert.Equal(DecisionWords.AlreadyDecided, (await rig.A.Reviews.ReviewAsync(rig.Person("bob"), null, id, "again", default)).Word);
        ApprovalRow row = await rig.RowAsync(id);
        Assert.Equal(("bob", "as it had to be"), (row.ReviewedBy, row.ReviewNote));
    }

    [Theory]
    [InlineData("no group", DecisionWords.NotAnApprover)]
    [InlineData("an agent", DecisionWords.NotAPerson)]
    [InlineData("a chain", DecisionWords.NotAPerson)]
    [InlineData("no reason", DecisionWords.ReasonRequired)]
    [InlineData("too long", DecisionWords.ScopeNotAllowed)]
    [InlineData("no time", DecisionWords.ScopeNotAllowed)]
    [InlineData("no credential", DecisionWords.NotAllowed)]
    [InlineData("twice", OutcomeWords.TooMany)]
    public async Task It_is_not_opened_by_or_with(string what, string word)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity alice = rig.Person("alice", "oncall");
        if (what == "twice")
            await rig.B.BreakGlass.OpenAsync(alice, ApprovalRig.Anywhere, "shop", Quarter, "down", default);
        Contract.Identity who = what switch
        {
            "no group" => rig.Person("alice", "approvers"),
            "an agent" => alice with { Kind = IdentityKind.Agent },
            "a chain" => alice with { ActingFor = ["bob"] },
            "no credential" => alice with { TokenId = null, LoginSession = null },
            _ => alice,
        };
        TimeSpan time = what switch { "too long" => TimeSpan.FromMinutes(61), "no time" => TimeSpan.Zero, _ => Quarter };
        (DecisionOutcome outcome, _) = await rig.A.BreakGlass.OpenAsync(who, ApprovalRig.Anywhere, "shop", time, what == "no reason" ? "" : "down", default);
        Assert.Equal(word, outcome.Word);
        Assert.False(outcome.Taken);
    }

    [Theory]
    [InlineData("another person")]
    [InlineData("another login")]
    [InlineData("another target")]
    [InlineData("what acts for them")]
    [InlineData("a rule that does not trust them")]
    [InlineData("no longer of the group")]
    public async Task An_opened_target_is_not_open_for(string what)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity alice = rig.Person("alice", "oncall");
        await rig.B.BreakGlass.OpenAsync(alice, ApprovalRig.Anywhere, "shop", Quarter, "down", default);
        SessionFacts session = rig.Session(alice);
        switch (what)
        {
            case "another person":
                session = rig.Session(rig.Person("carol", "oncall"));
                break;
            case "another login":
                session = session with { Identity = alice with { LoginSession = "x" } };
                break;
            case "another target":
                session = session with { Target = "hr" };
                break;
            case "what acts for them":
                session = session with { Identity = alice with { Kind = IdentityKind.Agent, ActingFor = ["alice"] } };
                break;
            case "a rule that does not trust them":
                rig.Terms.Requirements = [.. rig.Terms.Requirements, new("prod/pii", 1, ["dpo"], [])];
                break;
            default:
                session = session with { Identity = alice with { Groups = [] } };
                break;
        }

        Assert.True(await rig.IsAskedAsync(session));
    }

    [Fact]
    public async Task What_waits_is_let_through_by_the_one_who_waits()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity alice = rig.Person("alice", "oncall");
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(alice));
        Assert.Equal(DecisionWords.NotOwnRequest, (await rig.B.BreakGlass.AnswerAsync(rig.Person("carol", "oncall"), ApprovalRig.Anywhere, waiting.Id, "down", default)).Word);
        Assert.Equal(DecisionWords.NotAnApprover, (await rig.B.BreakGlass.AnswerAsync(rig.Person("alice"), ApprovalRig.Anywhere, waiting.Id, "down", default)).Word);
        Assert.Equal(DecisionWords.ReasonRequired, (await rig.B.BreakGlass.AnswerAsync(alice, ApprovalRig.Anywhere, waiting.Id, null, default)).Word);
        Assert.True((await rig.B.BreakGlass.AnswerAsync(alice, ApprovalRig.Anywhere, waiting.Id, "down", default)).Taken);
        HoldOutcome outcome = await waiting.EndAsync();
        Assert.True(outcome.Approved);
        Assert.Equal("break-glass", outcome.Reason);
        Assert.Equal(waiting.Id, Assert.Single(await rig.B.Views.ListAsync(new ApprovalFilter { ToReview = true }, default)).Id);
        Assert.Equal(DecisionWords.Reviewed, (await rig.A.Reviews.ReviewAsync(rig.Person("bob"), null, waiting.Id, "fine", default)).Word);
    }

    [Fact]
    public async Task An_alarm_that_cannot_be_kept_opens_nothing()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        Contract.Identity alice = rig.Person("alice", "oncall");
        rig.Audit.Broken = true;
        await Assert.ThrowsAsync<IOException>(() => rig.B.BreakGlass.OpenAsync(alice, ApprovalRig.Anywhere, "shop", Quarter, "down", default));
        rig.Audit.Broken = false;
        Assert.True(await rig.IsAskedAsync(rig.Session(alice)));
    }
}
