namespace Sallyport.Contract;

/// <summary>
/// All that an engine sees of policy and recording. Judging is recording the decision, so none is forgotten.
/// <see cref="Judge"/> is for the request loop only; the rest is for both loops.
/// </summary>
public sealed class SessionContext
{
    private readonly IPolicy _policy;
    private readonly ISessionRecorder _recorder;
    private readonly TimeProvider _time;
    private volatile IGate _gate;
    private long _gateExpires;
    private long _minute;
    private int _actionsThisMinute;

    /// <summary>Opens the gate for <paramref name="facts"/>.</summary>
    public SessionContext(SessionFacts facts, IPolicy policy, ISessionRecorder recorder, TimeProvider time)
    {
        Facts = facts;
        _policy = policy;
        _recorder = recorder;
        _time = time;
        _gate = Open();
    }

    /// <summary>Who, from where, to what and when.</summary>
    public SessionFacts Facts { get; }

    /// <summary>The masks in force; null when there are none.</summary>
    public MaskPlan? Masks => _gate.Masks;

    /// <summary>The limits in force.</summary>
    public SessionLimits Limits => _gate.Limits;

    /// <summary>Changes whenever an earlier verdict may no longer hold: policy was replaced, a time window turned, the identity expired.</summary>
    public int Epoch { get; private set; }

    /// <summary>Looks whether the rules still hold, and takes up the new ones if not. Cheap: call it before using a cached verdict.</summary>
    /// <returns><see cref="Epoch"/> after the look.</returns>
    public int Refresh()
    {
        if (_policy.Version != _gate.Version || _time.GetUtcNow().UtcTicks >= _gateExpires)
        {
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
        Refresh();
        Verdict verdict = Limited(action) ?? _gate.Judge(action);
        mustWait = !_recorder.Decision(action, verdict);
        return verdict;
    }

    /// <summary>Records bytes of the protocol.</summary>
    /// <returns>False: await <see cref="ReadyAsync"/> before sending them.</returns>
    public bool Record(Direction direction, ReadOnlySpan<byte> bytes) => _recorder.Data(direction, bytes);

    /// <summary>Records an event of the session.</summary>
    /// <returns>False: await <see cref="ReadyAsync"/>.</returns>
    public bool Event(string name, string detail) => _recorder.Event(name, detail);

    /// <summary>Waits until the recording has caught up.</summary>
    /// <exception cref="RecordingException">It cannot be written: the session must end.</exception>
    public ValueTask ReadyAsync(CancellationToken cancel) => _recorder.ReadyAsync(cancel);

    private Verdict? Limited(in ActionView action)
    {
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
        IGate gate = _policy.Open(Facts);
        long expiry = Facts.Identity.ExpiresAt.UtcTicks;
        bool expired = _time.GetUtcNow().UtcTicks >= expiry;
        _gateExpires = expired ? gate.ValidUntil.UtcTicks : Math.Min(gate.ValidUntil.UtcTicks, expiry);
        return gate;
    }
}
