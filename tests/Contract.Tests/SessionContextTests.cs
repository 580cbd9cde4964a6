namespace Sallyport.Contract.Tests;

public sealed class SessionContextTests
{
    private readonly ManualTime _time = new(Facts.Start);
    private readonly ListRecorder _recorder = new();

    private SessionContext Open(SwapPolicy policy, TimeSpan? life = null) =>
        new(Facts.Until(Facts.Start + (life ?? TimeSpan.FromHours(8))), policy, _recorder, _time);

    private static ActionView Drop => new() { Kind = ActionKind.Statement, Verb = Verb.Drop };

    [Theory]
    [InlineData(VerdictKind.Allow)]
    [InlineData(VerdictKind.Deny)]
    [InlineData(VerdictKind.Hold)]
    public void Judging_is_recording_whatever_the_answer(VerdictKind kind)
    {
        SessionContext context = Open(new SwapPolicy(new FixedGate(1, kind)));
        Verdict verdict = context.Judge(Drop, out bool mustWait);
        Assert.Equal(kind, verdict.Kind);
        Assert.False(mustWait);
        Assert.Equal([(Verb.Drop, verdict)], _recorder.Decisions);
    }

    [Fact]
    public void A_recorder_that_is_behind_makes_the_verdict_wait()
    {
        SessionContext context = Open(new SwapPolicy(new FixedGate(1, VerdictKind.Allow)));
        _recorder.KeepsUp = false;
        context.Judge(Drop, out bool mustWait);
        Assert.True(mustWait);
        Assert.False(context.Record(Direction.ToClient, "row"u8));
        Assert.False(context.Event("cancel-request", ""));
    }

    [Fact]
    public void Nothing_changes_while_nothing_has_changed()
    {
        var policy = new SwapPolicy(new FixedGate(1, VerdictKind.Allow));
        SessionContext context = Open(policy);
        for (int i = 0; i < 10; i++)
        {
            _time.Now += TimeSpan.FromMinutes(1);
            context.Judge(Drop, out _);
        }

        Assert.Equal(0, context.Refresh());
        Assert.Equal(1, policy.Opened);
    }

    [Fact]
    public void A_new_policy_version_is_taken_up_by_the_next_judgement_and_begins_an_epoch()
    {
        var policy = new SwapPolicy(new FixedGate(1, VerdictKind.Allow));
        SessionContext context = Open(policy);
        Assert.Equal(VerdictKind.Allow, context.Judge(Drop, out _).Kind);
        policy.Gate = new FixedGate(2, VerdictKind.Deny) { Limits = new SessionLimits { ConcurrentSessions = 3 } };
        Verdict verdict = context.Judge(Drop, out _);
        Assert.Equal(VerdictKind.Deny, verdict.Kind);
        Assert.Equal(2, verdict.PolicyVersion);
        Assert.Equal(1, context.Epoch);
        Assert.Equal(3, context.Limits.ConcurrentSessions);
    }

    [Fact]
    public void The_turn_of_a_time_window_begins_an_epoch()
    {
        DateTimeOffset turn = Facts.Start + TimeSpan.FromMinutes(30);
        var policy = new SwapPolicy(new FixedGate(1, VerdictKind.Allow) { ValidUntil = turn });
        SessionContext context = Open(policy);
        _time.Now = turn - TimeSpan.FromTicks(1);
        Assert.Equal(0, context.Refresh());
        policy.Gate = new FixedGate(1, VerdictKind.Deny);
        _time.Now = turn;
        Assert.Equal(1, context.Refresh());
        Assert.Equal(VerdictKind.Deny, context.Judge(Drop, out _).Kind);
        Assert.Equal(1, context.Epoch);
    }

    [Fact]
    public void An_expired_identity_is_denied_everything_and_the_denial_is_recorded()
    {
        SessionContext context = Open(new SwapPolicy(new FixedGate(1, VerdictKind.Allow)), life: TimeSpan.FromMinutes(5));
        _time.Now += TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1);
        Assert.Equal(VerdictKind.Allow, context.Judge(Drop, out _).Kind);
        Assert.Equal(0, context.Epoch);
        _time.Now += TimeSpan.FromTicks(1);
        Verdict verdict = context.Judge(Drop, out _);
        Assert.Equal((VerdictKind.Deny, "identity-expired"), (verdict.Kind, verdict.RuleId));
        Assert.Equal(verdict, _recorder.Decisions[^1].Verdict);
        Assert.Equal(1, context.Epoch);
        // Once: the expiry does not begin an epoch with every look.
        Assert.Equal(1, context.Refresh());
    }

    [Fact]
    public void An_identity_that_has_expired_before_the_session_opened_is_denied()
    {
        SessionContext context = Open(new SwapPolicy(new FixedGate(1, VerdictKind.Allow)), life: TimeSpan.Zero);
        Assert.Equal("identity-expired", context.Judge(Drop, out _).RuleId);
    }

    [Fact]
    public void One_action_more_than_the_limit_is_denied_until_the_next_minute()
    {
        var gate = new FixedGate(1, VerdictKind.Allow) { Limits = new SessionLimits { ActionsPerMinute = 3 } };
        SessionContext context = Open(new SwapPolicy(gate));
        for (int i = 0; i < 3; i++)
            Assert.Equal(VerdictKind.Allow, context.Judge(Drop, out _).Kind);
        for (int i = 0; i < 2; i++)
            Assert.Equal("limits/actions-per-minute", context.Judge(Drop, out _).RuleId);
        _time.Now += TimeSpan.FromSeconds(59);
        Assert.Equal(VerdictKind.Deny, context.Judge(Drop, out _).Kind);
        _time.Now += TimeSpan.FromSeconds(1);
        for (int i = 0; i < 3; i++)
            Assert.Equal(VerdictKind.Allow, context.Judge(Drop, out _).Kind);
        Assert.Equal(VerdictKind.Deny, context.Judge(Drop, out _).Kind);
        Assert.Equal(10, _recorder.Decisions.Count);
    }

    [Fact]
    public void A_judgement_allocates_nothing()
    {
        var gate = new FixedGate(1, VerdictKind.Allow) { Limits = new SessionLimits { ActionsPerMinute = int.MaxValue } };
        SessionContext context = Open(new SwapPolicy(gate));
        Assert.Equal(0, Allocation.Least(5_000, () => context.Judge(Drop, out _)));
    }
}
