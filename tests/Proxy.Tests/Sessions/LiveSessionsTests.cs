using System.Net;
using Sallyport.Contract;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Sessions;

public sealed class LiveSessionsTests
{
    private readonly FakeTime _time = new();
    private readonly LiveSessions _sessions = new();

    [Fact]
    public void Sessions_of_one_subject_on_one_target_are_limited_together()
    {
        var limits = new SessionLimits { ConcurrentSessions = 2 };
        SessionContext first = Session(limits);
        Assert.True(_sessions.TryEnter(first, new Control(), out _));
        Assert.True(_sessions.TryEnter(Session(limits), new Control(), out _));
        Assert.False(_sessions.TryEnter(Session(limits), new Control(), out string? refusal));
        Assert.Contains("At most 2", refusal, StringComparison.Ordinal);

        Assert.True(_sessions.TryEnter(Session(limits, subject: "bob"), new Control(), out _));
        Assert.True(_sessions.TryEnter(Session(limits, target: "other"), new Control(), out _));
        Assert.True(_sessions.TryEnter(Session(limits, issuer: "https://other"), new Control(), out _));

        _sessions.Leave(first);
        Assert.True(_sessions.TryEnter(Session(limits), new Control(), out _));
    }

    [Fact]
    public void A_session_that_was_refused_may_leave_without_giving_back_anothers_place()
    {
        var limits = new SessionLimits { ConcurrentSessions = 1 };
        Assert.True(_sessions.TryEnter(Session(limits), new Control(), out _));
        SessionContext refused = Session(limits);
        Assert.False(_sessions.TryEnter(refused, new Control(), out _));
        _sessions.Leave(refused);
        Assert.False(_sessions.TryEnter(Session(limits), new Control(), out _));
        Assert.Equal(1, _sessions.Count);
    }

    [Fact]
    public void Concurrent_entries_never_exceed_the_limit()
    {
        var limits = new SessionLimits { ConcurrentSessions = 5 };
        int entered = 0;
        Parallel.For(0, 200, _ =>
        {
            if (_sessions.TryEnter(Session(limits), new Control(), out string? refusal))
                Interlocked.Increment(ref entered);
        });
        Assert.Equal(5, entered);
        Assert.Equal(5, _sessions.Count);
    }

    [Fact]
    public void A_session_ends_at_its_longest_life_and_not_before()
    {
        Control control = Enter(new SessionLimits { Session = TimeSpan.FromMinutes(10) });
        Sweep(after: TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Null(control.Reason);
        Sweep(after: TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Equal("session-limit", control.Reason);
    }

    [Fact]
    public void A_silent_session_ends_at_the_idle_limit_and_not_before()
    {
        Control control = Enter(new SessionLimits { Idle = TimeSpan.FromMinutes(5) });
        Sweep(after: TimeSpan.FromHours(1), silent: TimeSpan.FromMinutes(5) - TimeSpan.FromMilliseconds(1));
        Assert.Null(control.Reason);
        Sweep(after: TimeSpan.Zero, silent: TimeSpan.FromMinutes(5));
        Assert.Equal("idle-limit", control.Reason);
    }

    [Fact]
    public void After_expiry_a_silent_session_ends_soon_and_a_busy_one_a_little_later()
    {
        Control control = Enter(SessionLimits.None, lifetime: TimeSpan.FromHours(1));
        Sweep(after: TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1), silent: TimeSpan.FromMinutes(30));
        Assert.Null(control.Reason);
        Sweep(after: TimeSpan.FromSeconds(1), silent: LiveSessions.ExpiredSilence - TimeSpan.FromSeconds(1));
        Assert.Null(control.Reason);
        Sweep(after: TimeSpan.Zero, silent: LiveSessions.ExpiredSilence);
        Assert.Equal("identity-expired", control.Reason);

        Control busy = Enter(SessionLimits.None, lifetime: TimeSpan.FromHours(1));
        Sweep(after: TimeSpan.FromHours(1) + LiveSessions.ExpiredAtMost - TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Null(busy.Reason);
        Sweep(after: TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Equal("identity-expired", busy.Reason);
    }

    [Fact]
    public void What_goes_on_without_being_judged_ends_at_expiry_itself()
    {
        var terminal = new Control { EndsWithIdentity = true };
        Assert.True(_sessions.TryEnter(Session(SessionLimits.None, lifetime: TimeSpan.FromHours(1)), terminal, out _));
        Sweep(after: TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Null(terminal.Reason);
        Sweep(after: TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Equal("identity-expired", terminal.Reason);
    }

    [Fact]
    public async Task What_runs_under_an_approval_for_a_time_ends_with_it()
    {
        var control = new Control();
        SessionContext session = Session(SessionLimits.None, approvals: new Granting(_time.Now.AddMinutes(5)));
        Assert.True(_sessions.TryEnter(session, control, out _));
        await session.HoldAsync(default, new HeldAction { Kind = ActionKind.Statement, Verb = default, Text = "", Digest = default }, (_, _) => default, default);
        Sweep(after: TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Null(control.Reason);
        Sweep(after: TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Equal("grant-ended", control.Reason);
    }

    [Fact]
    public void A_session_without_limits_is_left_alone()
    {
        Control control = Enter(SessionLimits.None, lifetime: TimeSpan.FromDays(400));
        Sweep(after: TimeSpan.FromDays(300), silent: TimeSpan.FromDays(300));
        Assert.Null(control.Reason);
    }

    /// <summary>Parts of a session have approvals of their own: the end of one is not the session's.</summary>
    [Fact]
    public void The_end_of_a_parts_approval_ends_the_part()
    {
        Control control = Enter(SessionLimits.None);
        control.Approvals = [new(true, "soon", "granted", "", _time.Now.AddMinutes(1)), new(true, "later", "granted", "", _time.Now.AddHours(1)), new(true, "open", "approved", "")];
        Sweep(after: TimeSpan.FromSeconds(59), silent: TimeSpan.Zero);
        Assert.Empty(control.Ended);
        Sweep(after: TimeSpan.FromSeconds(1), silent: TimeSpan.Zero);
        Assert.Equal(["soon"], control.Ended);
        _sessions.GrantEnded = id => id == "open";
        control.Ended.Clear();
        control.Approvals = [.. control.Approvals.Skip(1)];
        Sweep(after: TimeSpan.Zero, silent: TimeSpan.Zero);
        Assert.Equal(["open"], control.Ended);
        Assert.Null(control.Reason);
    }

    [Fact]
    public async Task A_drain_lets_nobody_in_and_ends_when_the_last_has_left()
    {
        SessionContext session = Session(SessionLimits.None);
        var control = new Control();
        _sessions.TryEnter(session, control, out _);
        Task drained = _sessions.Drain();
        Assert.False(drained.IsCompleted);
        Assert.False(_sessions.TryEnter(Session(SessionLimits.None), new Control(), out string? refusal));
        Assert.Contains("shutting down", refusal, StringComparison.Ordinal);

        _sessions.EndAll("drain", "bye");
        Assert.Equal("drain", control.Reason);
        _sessions.Leave(session);
        await drained;
        await new LiveSessions().Drain();
    }

    [Fact]
    public void A_session_may_leave_while_it_is_told_to_end()
    {
        SessionContext session = Session(new SessionLimits { Idle = TimeSpan.FromSeconds(1) });
        _sessions.TryEnter(session, new Control { OnEnd = () => _sessions.Leave(session) }, out _);
        Sweep(after: TimeSpan.Zero, silent: TimeSpan.FromSeconds(1));
        Assert.Equal(0, _sessions.Count);
    }

    private Control Enter(SessionLimits limits, TimeSpan? lifetime = null)
    {
        var control = new Control();
        Assert.True(_sessions.TryEnter(Session(limits, lifetime: lifetime), control, out _));
        return control;
    }

    private void Sweep(TimeSpan after, TimeSpan silent)
    {
        _time.Now += after;
        _sessions.Sweep(_time.Now, Control.Start + (long)silent.TotalMilliseconds);
    }

    private SessionContext Session(
        SessionLimits limits, string subject = "alice", string target = "orders", string issuer = "https://issuer", TimeSpan? lifetime = null, IApprovals? approvals = null)
    {
        var facts = new SessionFacts
        {
            SessionId = Guid.NewGuid(),
            Node = "n",
            Listener = "l",
            Protocol = "postgres",
            Identity = new Contract.Identity { Subject = subject, Issuer = issuer, ExpiresAt = _time.Now + (lifetime ?? TimeSpan.FromDays(365)) },
            Target = target,
            Source = new IPEndPoint(IPAddress.Loopback, 1),
            StartedAt = _time.Now,
        };
        return new SessionContext(facts, new FixedPolicy(limits), new NoRecorder(), _time, approvals);
    }

    private sealed class Granting(DateTimeOffset until) : IApprovals
    {
        public ValueTask<HoldOutcome> RequestAsync(
            SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn) =>
            new(new HoldOutcome(true, "a", "granted", "", until));
    }

    private sealed class Control : ISessionControl
    {
        public const long Start = 1_000_000;

        public long LastActivity => Start;

        public bool EndsWithIdentity { get; init; }

        public string? Reason { get; private set; }

        public Action? OnEnd { get; init; }

        public IReadOnlyList<HoldOutcome> Approvals { get; set; } = [];

        public List<string> Ended { get; } = [];

        public void EndApproved(HoldOutcome approval, string message) => Ended.Add(approval.Id);

        public void End(string reason, string message)
        {
            Reason ??= reason;
            OnEnd?.Invoke();
        }
    }

    private sealed class FixedPolicy(SessionLimits limits) : IPolicy, IGate
    {
        public int Version => 1;

        public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

        public MaskPlan? Masks => null;

        public SessionLimits Limits => limits;

        public IGate Open(SessionFacts facts) => this;

        public Verdict Judge(in ActionView action) => default;
    }

    private sealed class NoRecorder : ISessionRecorder
    {
        public bool Data(Direction direction, ReadOnlySpan<byte> bytes) => true;

        public bool Decision(in ActionView action, in Verdict verdict) => true;

        public bool Event(string name, string detail) => true;

        public ValueTask ReadyAsync(CancellationToken cancel) => default;

        public ValueTask CompleteAsync(SessionEnd end) => default;
    }
}
