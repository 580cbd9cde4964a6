using Sallyport.Contract;

namespace Sallyport.Proxy.Sessions;

/// <summary>
/// The live sessions of this node. One lock: sessions come and go thousands of times less often than messages, and nothing here is called
/// per message. Once a second <see cref="Sweep"/> looks for sessions whose time is over.
/// </summary>
/// <param name="refuse">Why what a session logged in with is no longer good, in the client's words; null: it is. Asked at entry, as the login may be a while ago.</param>
internal sealed class LiveSessions(Func<SessionFacts, string?>? refuse = null) : ILiveSessions
{
    /// <summary>A session whose identity has expired is ended once it has been silent for this long: a result that is still streaming may finish …</summary>
    public static readonly TimeSpan ExpiredSilence = TimeSpan.FromSeconds(30);

    /// <summary>… but only for this long after the expiry: an endless stream must not outlive the token that opened it.</summary>
    public static readonly TimeSpan ExpiredAtMost = TimeSpan.FromMinutes(5);

    private const string GrantOver = "What this was approved by has ended.";

    private readonly Lock _lock = new();
    private readonly Dictionary<SessionContext, LiveSession> _sessions = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Guid, LiveSession> _byId = [];
    private readonly Dictionary<Holder, int> _held = [];
    private bool _draining;
    private TaskCompletionSource? _empty;

    /// <summary>Sessions that are in.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _sessions.Count;
        }
    }

    /// <summary>Told of each session that has entered (true) or left (false), in order, under the lock: it must only take note.</summary>
    public Action<LiveSession, bool>? Noted { get; set; }

    /// <summary>Whether what an action runs under has been taken back.</summary>
    public Func<string, bool>? GrantEnded { get; set; }

    /// <summary>The session of that id; null: not here.</summary>
    public LiveSession? Find(Guid id)
    {
        lock (_lock)
            return _byId.GetValueOrDefault(id);
    }

    /// <summary>All sessions, as they are now.</summary>
    public IReadOnlyList<LiveSession> All()
    {
        lock (_lock)
            return [.. _sessions.Values];
    }

    /// <inheritdoc/>
    public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
    {
        int limit = session.Limits.ConcurrentSessions;
        Holder holder = Holder.Of(session);
        var entry = new LiveSession(session, control);
        lock (_lock)
        {
            int held = _held.GetValueOrDefault(holder);
            refusal = _draining ? "The proxy is shutting down: connect again in a moment."
                : limit > 0 && held >= limit ? $"At most {limit} sessions at a time are allowed here: close one and try again."
                : null;
            if (refusal is not null || !_sessions.TryAdd(session, entry))
                return refusal is null;
            _byId[entry.Id] = entry;
            _held[holder] = held + 1;
            Noted?.Invoke(entry, true);
        }

        // After it is in: what is revoked from now on finds it, what was revoked before is found here.
        refusal = CredentialScope.Refuse(session.Facts) ?? refuse?.Invoke(session.Facts);
        if (refusal is not null)
            Leave(session);
        return refusal is null;
    }

    /// <inheritdoc/>
    public void Leave(SessionContext session)
    {
        lock (_lock)
        {
            // A session that was refused entry leaves as well.
            if (!_sessions.Remove(session, out LiveSession? entry))
                return;
            _byId.Remove(entry.Id);
            Noted?.Invoke(entry, false);
            Holder holder = Holder.Of(session);
            int held = _held[holder] - 1;
            if (held == 0)
                _held.Remove(holder);
            else
                _held[holder] = held;
            if (_sessions.Count == 0)
                _empty?.TrySetResult();
        }
    }

    /// <summary>From now on nobody enters. The task completes when the last session has left.</summary>
    public Task Drain()
    {
        lock (_lock)
        {
            _draining = true;
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_sessions.Count == 0)
                _empty.TrySetResult();
            return _empty.Task;
        }
    }

    /// <summary>Ends every session.</summary>
    public void EndAll(string reason, string message)
    {
        foreach (LiveSession session in All())
            session.Control.End(reason, message);
    }

    /// <summary>Ends the sessions whose time is over.</summary>
    /// <param name="now">Wall clock: limits and expiries are in it.</param>
    /// <param name="tick"><see cref="Environment.TickCount64"/>: activity is in it.</param>
    public void Sweep(DateTimeOffset now, long tick)
    {
        List<(ISessionControl Control, string Reason, string Message)>? over = null;
        List<(ISessionControl Control, HoldOutcome Approval)>? ended = null;
        lock (_lock)
        {
            foreach (LiveSession entry in _sessions.Values)
            {
                if (Over(entry, TimeSpan.FromMilliseconds(tick - entry.Control.LastActivity), now) is { } end)
                    (over ??= []).Add((entry.Control, end.Reason, end.Message));
                foreach (HoldOutcome approval in entry.Control.Approvals)
                {
                    if (HasEnded(approval, now))
                        (ended ??= []).Add((entry.Control, approval));
                }
            }
        }

        // Policy may have changed who must watch.
        foreach (LiveSession entry in All())
            entry.Moderate();

        // Outside the lock: an engine may take its own locks, or leave, when it is told to end.
        foreach ((ISessionControl control, string reason, string message) in over ?? [])
            control.End(reason, message);
        foreach ((ISessionControl control, HoldOutcome approval) in ended ?? [])
            control.EndApproved(approval, GrantOver);
    }

    private bool HasEnded(HoldOutcome approval, DateTimeOffset now) => now >= approval.EndsAt || GrantEnded?.Invoke(approval.Id) == true;

    private (string Reason, string Message)? Over(LiveSession entry, TimeSpan silent, DateTimeOffset now)
    {
        SessionContext session = entry.Context;
        SessionLimits limits = session.Limits;
        if (limits.Session is { } longest && now - session.Facts.StartedAt >= longest)
            return ("session-limit", $"The session has reached its longest life of {longest}.");
        if (limits.Idle is { } idle && silent >= idle)
            return ("idle-limit", $"The session was idle for {idle}.");
        if (session.Granted is { } granted && HasEnded(granted, now))
            return ("grant-ended", GrantOver);

        TimeSpan expired = now - session.Facts.Identity.ExpiresAt;
        bool atOnce = entry.Control.EndsWithIdentity && expired >= TimeSpan.Zero;
        return atOnce || expired >= ExpiredAtMost || (expired >= TimeSpan.Zero && silent >= ExpiredSilence)
            ? ("identity-expired", "The token has expired: log in again with a new one.")
            : null;
    }

    /// <summary>Whose sessions are counted together. Subjects of two issuers are two persons, whatever their names.</summary>
    private readonly record struct Holder(string Issuer, string Subject, string Target)
    {
        public static Holder Of(SessionContext session) =>
            new(session.Facts.Identity.Issuer, session.Facts.Identity.Subject, session.Facts.Target);
    }
}
