namespace Sallyport.Contract;

/// <summary>All that an engine sees of policy and recording. Judging is recording the decision, so none is forgotten. <see cref="Refresh"/> is for the request loop only; the rest is for any.</summary>
public sealed class SessionContext
{
    private readonly IPolicy _policy;
    private readonly ISessionRecorder _recorder;
    private readonly IApprovals? _approvals;
    private readonly TimeProvider _time;
    private volatile SessionFacts _facts;
    private volatile IGate _gate;
    private volatile Suspension? _suspended;
    private volatile HoldOutcome? _granted;
    private volatile bool _changed;
    private long _gateExpires;
    private long _minute;
    private int _actionsThisMinute;
    private readonly Lock _judging = new();

    /// <param name="approvals">Who is asked about held actions; null: nobody, they are refused.</param>
    public SessionContext(SessionFacts facts, IPolicy policy, ISessionRecorder recorder, TimeProvider time, IApprovals? approvals = null)
    {
        _facts = facts;
        _policy = policy;
        _recorder = recorder;
        _time = time;
        _approvals = approvals;
        _gate = Open();
    }

    private sealed record Suspension(string RuleId, string Hint, bool Passes)
    {
        public TaskCompletionSource Lifted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>True while every action is refused; what goes on without being judged must stand still.</summary>
    public bool IsSuspended => _suspended is not null;

    /// <summary>Why everything is refused, where it is worth waiting for the end of that (a watcher comes); null: it is not, or nothing is.</summary>
    public string? Awaited => _suspended is { Passes: true } suspended ? suspended.Hint : null;

    /// <param name="whileAwaited">True: only while there is something <see cref="Awaited"/>.</param>
    public async ValueTask WhileSuspendedAsync(CancellationToken cancel, bool whileAwaited = false)
    {
        while (_suspended is { } suspended && (suspended.Passes || !whileAwaited))
            await suspended.Lifted.Task.WaitAsync(cancel).ConfigureAwait(false);
    }

    public SessionFacts Facts => _facts;

    /// <summary>What an approved action that the whole session runs is under, while it runs.</summary>
    public HoldOutcome? Granted => _granted;

    public MaskPlan? Masks => _gate.Masks;

    public SessionLimits Limits => _gate.Limits;

    /// <summary>Changes whenever an earlier verdict may no longer hold: policy was replaced, a time window turned, the identity changed or expired, the session was suspended.</summary>
    public int Epoch { get; private set; }

    /// <summary>Looks whether the rules still hold, and takes up the new ones if not. Cheap: call it before using a cached verdict.</summary>
    /// <returns><see cref="Epoch"/> after the look.</returns>
    public int Refresh()
    {
        if (_policy.Version != _gate.Version || _changed || _time.GetUtcNow().UtcTicks >= _gateExpires)
        {
            _changed = false;
            _gate = Open();
            Epoch++;
        }

        return Epoch;
    }

    /// <summary>Judges an action by the rules in force now, and records the decision.</summary>
    /// <param name="action">The action; its spans are not kept.</param>
    /// <param name="mustWait">True: await <see cref="ReadyAsync"/> before acting on the verdict.</param>
    public Verdict Judge(in ActionView action, out bool mustWait)
    {
        Verdict verdict;
        lock (_judging)
        {
            Refresh();
            verdict = Limited(action) ?? _gate.Judge(action);
        }

        mustWait = !_recorder.Decision(action, verdict);
        return verdict;
    }

    /// <summary>Judges what was only seen, and runs already: a denial counts, and is recorded, when a rule says so, not when none allows it. Both loops.</summary>
    /// <returns>True when a rule denies it.</returns>
    public bool IsDeniedByRule(in ActionView seen, out Verdict verdict)
    {
        verdict = _gate.Judge(seen);
        bool denied = verdict.Kind == VerdictKind.Deny && verdict.RuleId.Contains('/', StringComparison.Ordinal) && !verdict.RuleId.StartsWith("step-up/", StringComparison.Ordinal);
        if (denied)
            _recorder.Decision(seen, verdict);
        return denied;
    }

    /// <summary>Every rule that holds an action that was judged just now, for <see cref="HeldAction.Rules"/>.</summary>
    public IReadOnlyList<string> HoldingRules(in ActionView action) => _gate.HoldingRules(action);

    /// <summary>Holds an action until a person has said yes or no. Request loop only, and nothing else of the session is judged meanwhile, but for parts.</summary>
    /// <param name="isPart">A part of the session runs it: the engine keeps its approval (<see cref="ISessionControl.Approvals"/>), and waits for what is <see cref="Awaited"/> itself.</param>
    /// <exception cref="OperationCanceledException">It was withdrawn.</exception>
    public async ValueTask<HoldOutcome> HoldAsync(
        Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn, bool isPart = false)
    {
        if (_approvals is null)
            return new HoldOutcome(false, "", "unavailable", "this server holds such actions and has no approval service configured");
        HoldOutcome outcome;
        try
        {
            outcome = await _approvals.RequestAsync(_facts, verdict, action, Told, withdrawn).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Event("hold-withdrawn", verdict.RuleId);
            throw;
        }

        Event($"hold-{outcome.Reason}", $"{outcome.Id} {verdict.RuleId}");
        await ReadyAsync(withdrawn).ConfigureAwait(false);
        // What stands still begins nothing, whoever says yes to it.
        if (outcome.Approved && _suspended is { } suspended && !(isPart && suspended.Passes))
            return new HoldOutcome(false, outcome.Id, "suspended", suspended.Hint);
        // Of several approvals that one action needed, the first to end counts.
        if (outcome.Approved && !isPart)
            _granted = _granted is { EndsAt: { } ends } && ends < (outcome.EndsAt ?? DateTimeOffset.MaxValue) ? outcome with { EndsAt = ends } : outcome;
        return outcome;

        ValueTask Told(HoldNotice notice, CancellationToken cancel)
        {
            Event("hold", $"{notice.Id} {notice.RuleId}");
            return tell(notice, cancel);
        }
    }

    /// <summary>An approved action has run to its end.</summary>
    public void Done() => _granted = null;

    /// <summary>Takes up what is known of the identity now: groups may have been taken away. Safe from any thread.</summary>
    public void Update(Identity identity)
    {
        _facts = _facts with { Identity = identity };
        _changed = true;
    }

    /// <summary>Refuses every action from now on, by this rule id and with this hint, until <see cref="Resume"/>. Safe from any thread.</summary>
    /// <param name="passes">What is refused may be <see cref="Awaited"/> instead.</param>
    public void Suspend(string ruleId, string hint, bool passes = false)
    {
        Interlocked.Exchange(ref _suspended, new Suspension(ruleId, hint, passes))?.Lifted.TrySetResult();
        _changed = true;
    }

    public void Resume()
    {
        Interlocked.Exchange(ref _suspended, null)?.Lifted.TrySetResult();
        _changed = true;
    }

    /// <summary>Records bytes of the protocol.</summary>
    /// <returns>False: await <see cref="ReadyAsync"/> before sending them.</returns>
    public bool Record(Direction direction, ReadOnlySpan<byte> bytes) => _recorder.Data(direction, bytes);

    public bool Event(string name, string detail) => _recorder.Event(name, detail);

    /// <summary>Waits until the recording has caught up.</summary>
    /// <exception cref="RecordingException">It cannot be written: the session must end.</exception>
    public ValueTask ReadyAsync(CancellationToken cancel) => _recorder.ReadyAsync(cancel);

    private Verdict? Limited(in ActionView action)
    {
        if (_suspended is { } suspended)
            return new Verdict(VerdictKind.Deny, suspended.RuleId, _gate.Version, suspended.Hint);
        DateTimeOffset now = _time.GetUtcNow();
        if (now >= Facts.Identity.ExpiresAt)
            return new Verdict(VerdictKind.Deny, "identity-expired", _gate.Version, "The token has expired: log in again with a new one.");

        int limit = _gate.Limits.ActionsPerMinute;
        if (limit == 0)
            return null;
        long minute = now.UtcTicks / TimeSpan.TicksPerMinute;
        if (minute != _minute)
            (_minute, _actionsThisMinute) = (minute, 0);
        return ++_actionsThisMinute <= limit
            ? null
            : new Verdict(VerdictKind.Deny, "limits/actions-per-minute", _gate.Version, $"At most {limit} actions a minute are allowed: wait for the next minute.");
    }

    private IGate Open()
    {
        IGate gate = _policy.Open(_facts);
        long expiry = Facts.Identity.ExpiresAt.UtcTicks;
        _gateExpires = _time.GetUtcNow().UtcTicks >= expiry ? gate.ValidUntil.UtcTicks : Math.Min(gate.ValidUntil.UtcTicks, expiry);
        return gate;
    }
}
