using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Sessions;

/// <summary>
/// What happens to sessions that are in when what they came in by changes: revocations end or refuse them, changed groups are judged anew,
/// orders from any node are carried out, and when the store has been away too long everything is refused until it is back. Every such change is
/// an event of the recording.
/// </summary>
internal sealed class SessionWarden : IAsyncDisposable
{
    /// <summary>The rule id that a frozen session's actions are refused by.</summary>
    public const string FrozenRule = "session/frozen";

    private const string StoreRule = "store/unavailable";

    private readonly LiveSessions _sessions;
    private readonly IPolicy _policy;
    private readonly Revocations _revocations;
    private readonly Identities _identities;
    private readonly IStateStore _store;
    private readonly ICluster _cluster;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _stop = new();
    private IDisposable? _orders;
    private Task _round = Task.CompletedTask;
    private volatile bool _away;

    /// <param name="policy">The same that engines judge by.</param>
    /// <param name="grace">So long after the store was lost sessions go on by what was last known.</param>
    public SessionWarden(
        LiveSessions sessions, IPolicy policy, Revocations revocations, Identities identities, IStateStore store, ICluster cluster, TimeSpan grace,
        TimeProvider time, Log log)
    {
        _sessions = sessions;
        _policy = policy;
        _revocations = revocations;
        _identities = identities;
        _store = store;
        _cluster = cluster;
        _grace = grace;
        _time = time;
        _log = log;
    }

    /// <summary>Listens.</summary>
    public void Start()
    {
        _revocations.Revoked += ApplyRevocations;
        _identities.Changed += ReidentifyAsync;
        _orders = _cluster.Subscribe(ClusterEvents.Session, HeardAsync);
    }

    /// <summary>Carries out an order, when the session is on this node.</summary>
    /// <returns>True when it is.</returns>
    public bool Obey(SessionOrder order)
    {
        if (_sessions.Find(order.Session) is not { } session)
            return false;
        string reason = OneLine.Of(order.Reason);
        string by = order.By is null ? reason : $"by {order.By}: {reason}";
        switch (order.Do)
        {
            case SessionOrder.Freeze:
                if (session.Suspend(SuspensionCause.Frozen, FrozenRule, $"This session is frozen: {reason}"))
                    session.Context.Event("frozen", by);
                break;
            case SessionOrder.Resume:
                if (session.Lift(SuspensionCause.Frozen))
                    session.Context.Event("resumed", by);
                break;
            case SessionOrder.End:
                session.Context.Event("terminated", by);
                session.Control.End("terminated", $"The session was ended by an administrator: {reason}");
                break;
            default:
                _log.Warning("session-order-unknown", new LogField("do", OneLine.Of(order.Do)));
                break;
        }

        return true;
    }

    /// <summary>Ends, or refuses everything to, the sessions that a revocation in force concerns.</summary>
    public void ApplyRevocations()
    {
        foreach (LiveSession session in _sessions.All())
        {
            if (_revocations.Find(session.Facts.Identity) is { } found)
                Revoke(session, found.RuleId, $"{found.Kind} {found.Value}: {found.Reason}");
        }
    }

    /// <summary>Looks again at the sessions of a subject and of those that act for it; of everybody when null.</summary>
    public async Task ReidentifyAsync(string? subject, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            foreach (LiveSession session in _sessions.All())
            {
                Contract.Identity identity = session.Facts.Identity;
                if (subject is null || identity.Subject == subject || identity.ActingFor.Contains(subject))
                    await ReidentifyAsync(session, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Called once a second. Never waits: a round that takes longer is left to finish.</summary>
    public void Tick()
    {
        if (!_round.IsCompleted)
            return;
        if (_round.Exception is { } failed)
            _log.Error("session-round-failed", new LogField("exception", failed.GetBaseException().ToString()));
        _round = Task.Run(() => RoundAsync(_stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        _revocations.Revoked -= ApplyRevocations;
        _identities.Changed -= ReidentifyAsync;
        _orders?.Dispose();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _round.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // It was cancelled, or it failed and nobody is left to be judged by it.
        _stop.Dispose();
        _turn.Dispose();
    }

    /// <summary>One look at everything that changes with time.</summary>
    internal async Task RoundAsync(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (_store.LostAt is { } lost && now - lost >= _grace)
        {
            _away = true;
            foreach (LiveSession session in _sessions.All())
            {
                if (session.Suspend(SuspensionCause.Store, StoreRule, "This server cannot reach its store, so nothing is allowed for now: try again in a moment."))
                    session.Context.Event("suspended", StoreRule);
            }

            return;
        }

        if (_away && _store.IsReachable && !await CatchUpAsync(cancel).ConfigureAwait(false))
            return;
        foreach (LiveSession session in _sessions.All())
        {
            if (session.RecheckAt > now)
                continue;
            await _turn.WaitAsync(cancel).ConfigureAwait(false);
            try
            {
                await ReidentifyAsync(session, cancel).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException && !cancel.IsCancellationRequested)
            {
                // The others are looked at all the same, and this one again in a second.
                _log.Error("session-not-rechecked", new("session", session.Id.ToString()), new("error", failure.GetType().FullName));
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>The store is back: what was missed is taken up before anybody goes on.</summary>
    private async Task<bool> CatchUpAsync(CancellationToken cancel)
    {
        try
        {
            await _revocations.ReloadAsync(cancel).ConfigureAwait(false);
        }
        catch (StoreUnavailableException gone)
        {
            _log.Warning("revocations-not-read", new LogField("error", gone.Message));
            return false;
        }

        await ReidentifyAsync(subject: null, cancel).ConfigureAwait(false);
        _away = false;
        foreach (LiveSession session in _sessions.All())
        {
            if (session.Lift(SuspensionCause.Store))
                session.Context.Event("resumed", StoreRule);
        }

        return true;
    }

    private async Task ReidentifyAsync(LiveSession session, CancellationToken cancel)
    {
        Contract.Identity before = session.Facts.Identity;
        if (_revocations.Find(before) is { } found)
        {
            Revoke(session, found.RuleId, $"{found.Kind} {found.Value}: {found.Reason}");
            session.RecheckAt = DateTimeOffset.MaxValue;
            return;
        }

        CurrentIdentity current = await _identities.CurrentAsync(before, cancel).ConfigureAwait(false);
        session.RecheckAt = current.NextChange;
        if (current.Identity is not { } after)
        {
            Revoke(session, $"revoked/{current.Refusal}", before.Subject);
            return;
        }

        if (ReferenceEquals(before, after))
            return;
        string lost = string.Join(' ', before.Groups.Except(after.Groups).Select(g => "-" + g));
        string gained = string.Join(' ', after.Groups.Except(before.Groups).Select(g => "+" + g));
        session.Context.Event("identity-changed", $"{lost} {gained}".Trim());
        session.Context.Update(after);
        if (_policy.Open(session.Facts).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login }).Kind != VerdictKind.Allow)
            Revoke(session, "revoked/groups", lost);
    }

    private void Revoke(LiveSession session, string ruleId, string detail)
    {
        if (session.Revoke(ruleId, detail))
            _log.Info("session-revoked", new("session", session.Id.ToString()), new("rule", ruleId), new("subject", session.Facts.Identity.Subject));
    }

    private Task HeardAsync(ClusterEvent? heard, CancellationToken cancel)
    {
        // What this node missed stands in the sessions' rows (MissedOrders).
        if (heard is not null && JsonSerializer.Deserialize<SessionOrder>(heard.Payload, JsonSerializerOptions.Web) is { } order)
            Obey(order);
        return Task.CompletedTask;
    }
}
