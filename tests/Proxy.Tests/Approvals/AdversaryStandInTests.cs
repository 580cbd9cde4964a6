using Sallyport.Proxy.Approvals;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>An administrator makes API tokens in anybody's name: with them they would be two persons, or twenty.</summary>
public sealed class AdversaryStandInTests
{
    [Theory]
    [InlineData("pat:0190d4a6-0000-7000-8000-000000000000")]
    [InlineData("issued:0190d4a6-0000-7000-8000-000000000000")]
    public async Task What_stands_for_a_person_decides_nothing(string tokenId)
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        ApprovalRig.Waiting waiting = await rig.HoldAsync(rig.Session(rig.Person("alice")));
        Contract.Identity bob = rig.Person("bob", "approvers") with { TokenId = tokenId, LoginSession = null, AuthenticatedAt = null };

        Assert.Equal(DecisionWords.NotAPerson, (await rig.ApproveAsync(waiting, bob)).Word);
        Assert.Equal(DecisionWords.NotAPerson, (await rig.DenyAsync(waiting, bob)).Word);
        Assert.Equal(DecisionWords.NotAPerson, (await rig.B.Reviews.ReviewAsync(bob, ApprovalRig.Anywhere, waiting.Id, "fine", default)).Word);
        Assert.Equal(DecisionWords.NotAPerson, (await rig.B.BreakGlass.OpenAsync(bob, ApprovalRig.Anywhere, "shop", TimeSpan.FromMinutes(5), "fire", default)).Outcome.Word);
        await waiting.WithdrawAsync();
    }

    [Fact]
    public async Task The_loop_goes_on_whatever_one_round_met()
    {
        await using ApprovalRig rig = await ApprovalRig.StartAsync();
        var terms = new OddTerms();
        await rig.ServiceAsync(rig.Bus.Join("c"), parts => parts with { Terms = terms, Time = TimeProvider.System });
        await terms.Again.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private sealed class OddTerms : IHoldTerms
    {
        private int _asked;

        public TaskCompletionSource Again { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Digest
        {
            get
            {
                if (Interlocked.Increment(ref _asked) == 1)
                    throw new InvalidOperationException("nobody thought of this");
                Again.TrySetResult();
                return "d";
            }
        }

        public IReadOnlyCollection<string> BreakGlassGroups => [];

        public HeldTerms? Of(Contract.SessionFacts facts, Contract.Verdict verdict, Contract.HeldAction action, DateTimeOffset now) => null;

        public string? ClosedAt(IReadOnlyList<string> rules, DateTimeOffset now) => null;
    }
}
