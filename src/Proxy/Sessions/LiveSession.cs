using Sallyport.Contract;

namespace Sallyport.Proxy.Sessions;

/// <summary>Why a session is refused everything for now. Several may hold at once; the first of them is what the client is told.</summary>
internal enum SuspensionCause : byte
{
    /// <summary>What it logged in with was revoked, and its policy refuses rather than ends.</summary>
    Revoked,

    /// <summary>Somebody froze it.</summary>
    Frozen,

    /// <summary>The store has been away too long to know what was revoked.</summary>
    Store,

    /// <summary>Somebody of certain groups must be watching, and nobody is.</summary>
    Moderation,
}

/// <summary>One live session, and what can be done to it. Safe from any thread.</summary>
internal sealed class LiveSession
{
    private const int Causes = 4;

    /// <summary>The rule id that everything is refused by while nobody watches who must.</summary>
    public const string ModerationRule = "session/moderation";

    /// <summary>What a client is told whose proof was taken back.</summary>
    public const string NoLongerGood = "What you logged in with is no longer good: log in again.";

    private readonly Lock _lock = new();
    private readonly (string RuleId, string Hint)?[] _suspensions = new (string, string)?[Causes];
    private readonly List<Contract.Identity> _watchers = [];
    private long _recheckAt;

    public LiveSession(SessionContext context, ISessionControl control)
    {
        Context = context;
        Control = control;
        _recheckAt = context.Facts.StartedAt.UtcTicks;
        Moderate();
    }

    public SessionContext Context { get; }

    public ISessionControl Control { get; }

    public Guid Id => Context.Facts.SessionId;

    public SessionFacts Facts => Context.Facts;

    /// <summary>When its identity must be looked at again. At first: at once, for what changed between the login and the entry.</summary>
    public DateTimeOffset RecheckAt
    {
        get => new(Volatile.Read(ref _recheckAt), TimeSpan.Zero);
        set => Volatile.Write(ref _recheckAt, value.UtcTicks);
    }

    /// <summary>What its policy makes of a revocation: true: refuse everything; false: end it.</summary>
    public bool RefusesWhenRevoked => Context.Limits.RefuseWhenRevoked;

    /// <summary><c>live</c>, <c>frozen</c>, <c>revoked</c>, <c>suspended</c> or <c>unwatched</c>.</summary>
    public string State
    {
        get
        {
            lock (_lock)
                return IsSuspended(SuspensionCause.Revoked) ? "revoked" : IsSuspended(SuspensionCause.Frozen) ? "frozen" : IsSuspended(SuspensionCause.Store) ? "suspended"
                    : IsSuspended(SuspensionCause.Moderation) ? "unwatched" : "live";
        }
    }

    /// <summary>Refuses every action until <see cref="Lift"/>.</summary>
    /// <returns>False when it does already, for this cause.</returns>
    public bool Suspend(SuspensionCause cause, string ruleId, string hint)
    {
        lock (_lock)
        {
            bool first = _suspensions[(int)cause] is null;
            _suspensions[(int)cause] = (ruleId, hint);
            Apply();
            return first;
        }
    }

    /// <summary>This cause is over. Another may still hold.</summary>
    /// <returns>False when it was not.</returns>
    public bool Lift(SuspensionCause cause)
    {
        lock (_lock)
        {
            if (_suspensions[(int)cause] is null)
                return false;
            _suspensions[(int)cause] = null;
            Apply();
            return true;
        }
    }

    /// <summary>What it logged in with is no longer good: it ends, or, where its policy says so, is refused everything.</summary>
    /// <returns>False when that was so already.</returns>
    public bool Revoke(string ruleId, string detail)
    {
        if (!Suspend(SuspensionCause.Revoked, ruleId, NoLongerGood))
            return false;
        Context.Event("revoked", $"{ruleId} {detail}");
        if (!RefusesWhenRevoked)
            Control.End("revoked", NoLongerGood);
        return true;
    }

    /// <summary>Somebody watches, until what is returned is disposed of.</summary>
    public IDisposable Watch(Contract.Identity watcher)
    {
        lock (_lock)
            _watchers.Add(watcher);
        Moderate();
        return new Watching(this, watcher);
    }

    /// <summary>Holds what policy demands now against who watches now: called when either may have changed.</summary>
    public void Moderate()
    {
        IReadOnlyList<string> groups = Context.Limits.ModeratedBy;
        bool changed;
        bool watched;
        lock (_lock)
        {
            watched = groups.Count == 0 || _watchers.Any(watcher => Counts(watcher, groups));
            changed = watched == IsSuspended(SuspensionCause.Moderation);
            if (!changed)
                return;
            _suspensions[(int)SuspensionCause.Moderation] = watched
                ? null
                : (ModerationRule, $"Somebody of {string.Join(", ", groups)} must be watching this session, and nobody is: it stands still until somebody does.");
            Apply();
        }

        Context.Event(watched ? "watched" : "unwatched", string.Join(' ', groups));
    }

    /// <summary>Another person, of one of the groups. Programs do not watch, and whoever a session is for does not watch themselves.</summary>
    private bool Counts(Contract.Identity watcher, IReadOnlyList<string> groups)
    {
        Contract.Identity own = Facts.Identity;
        return watcher.Kind == IdentityKind.Human && watcher.ActingFor.IsEmpty && watcher.Subject != own.Subject && !own.ActingFor.Contains(watcher.Subject)
            && watcher.Groups.Any(groups.Contains);
    }

    private void Leave(Contract.Identity watcher)
    {
        lock (_lock)
            _watchers.Remove(watcher);
        Moderate();
    }

    private bool IsSuspended(SuspensionCause cause) => _suspensions[(int)cause] is not null;

    private void Apply()
    {
        for (int cause = 0; cause < Causes; cause++)
        {
            if (_suspensions[cause] is { } holds)
            {
                // A watcher may come any moment; the others are for administrators to end.
                Context.Suspend(holds.RuleId, holds.Hint, passes: cause == (int)SuspensionCause.Moderation);
                Control.SuspensionChanged();
                return;
            }
        }

        Context.Resume();
        Control.SuspensionChanged();
    }

    private sealed class Watching(LiveSession session, Contract.Identity watcher) : IDisposable
    {
        private int _over;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0)
                session.Leave(watcher);
        }
    }
}
