using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Sallyport.Contract;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>A session of this node that is in.</summary>
internal sealed record LiveSession(SessionContext Context, ISessionControl Control)
{
    public SessionFacts Facts => Context.Facts;
}

/// <summary>Stands before the live sessions and knows each by its id, for whoever asks from outside; every other node reads it in the store.</summary>
internal sealed class SessionBoard(ILiveSessions inner, SessionRows rows) : ILiveSessions
{
    private readonly ConcurrentDictionary<Guid, LiveSession> _live = new();

    /// <summary>The sessions of this node.</summary>
    public ICollection<LiveSession> All => _live.Values;

    /// <summary>The session of that id, when it is on this node.</summary>
    public bool TryFind(Guid id, [NotNullWhen(true)] out LiveSession? session) => _live.TryGetValue(id, out session);

    /// <inheritdoc/>
    public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
    {
        if (!inner.TryEnter(session, control, out refusal))
            return false;
        if (_live.TryAdd(session.Facts.SessionId, new LiveSession(session, control)))
            rows.Entered(session.Facts);
        return true;
    }

    /// <inheritdoc/>
    public void Leave(SessionContext session)
    {
        // A session that was refused entry leaves as well, and must not take another's entry along.
        Guid id = session.Facts.SessionId;
        if (_live.TryGetValue(id, out LiveSession? entry) && ReferenceEquals(entry.Context, session) && _live.TryRemove(id, out _))
            rows.Left(id);
        inner.Leave(session);
    }
}
