using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>Stands before the recorder, so that a live session can be followed: what is recorded is what a follower gets, after it was recorded.</summary>
internal sealed class SessionTaps(IRecorder inner, TimeProvider time) : IRecorder
{
    private readonly ConcurrentDictionary<Guid, SessionTap> _taps = new();

    /// <inheritdoc/>
    public ISessionRecorder Open(SessionFacts facts)
    {
        var tap = new SessionTap(inner.Open(facts), time, () => _taps.TryRemove(facts.SessionId, out _));
        _taps[facts.SessionId] = tap;
        return tap;
    }

    /// <summary>The tap of a session of this node.</summary>
    public bool TryFind(Guid session, [NotNullWhen(true)] out SessionTap? tap) => _taps.TryGetValue(session, out tap);
}

/// <summary>One session's tap. While nobody follows it costs one look at a field per record.</summary>
internal sealed class SessionTap(ISessionRecorder inner, TimeProvider time, Action closed) : ISessionRecorder
{
    /// <summary>Of an action's text: what a screen shows of it.</summary>
    private const int MostText = 16 << 10;

    private readonly Lock _lock = new();
    private volatile Follower[]? _followers;
    private SessionEnd? _end;

    /// <summary>Begins to follow. End it by <see cref="Unfollow"/>.</summary>
    public Follower Follow()
    {
        var follower = new Follower();
        lock (_lock)
        {
            if (_end is not null)
                follower.End(_end);
            else
                _followers = [.. _followers ?? [], follower];
        }

        return follower;
    }

    public void Unfollow(Follower follower)
    {
        lock (_lock)
        {
            Follower[] left = [.. (_followers ?? []).Where(other => !ReferenceEquals(other, follower))];
            _followers = left.Length == 0 ? null : left;
        }
    }

    /// <inheritdoc/>
    public bool Data(Direction direction, ReadOnlySpan<byte> bytes)
    {
        bool ready = inner.Data(direction, bytes);
        if (_followers is { } followers)
            Tell(followers, new FollowedItem(time.GetUtcNow()) { Data = (direction, bytes.ToArray()) });
        return ready;
    }

    /// <inheritdoc/>
    public bool Decision(in ActionView action, in Verdict verdict)
    {
        bool ready = inner.Decision(action, verdict);
        if (_followers is { } followers)
        {
            string text = Encoding.UTF8.GetString(action.Text[..Math.Min(action.Text.Length, MostText)]);
            Tell(followers, new FollowedItem(time.GetUtcNow())
            {
                Decision = new FollowedDecision(action.Kind, action.Verb, text, verdict.Kind, verdict.RuleId, verdict.Hint),
            });
        }

        return ready;
    }

    /// <inheritdoc/>
    public bool Event(string name, string detail)
    {
        bool ready = inner.Event(name, detail);
        if (_followers is { } followers)
            Tell(followers, new FollowedItem(time.GetUtcNow()) { Event = (name, detail) });
        return ready;
    }

    /// <inheritdoc/>
    public ValueTask ReadyAsync(CancellationToken cancel) => inner.ReadyAsync(cancel);

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(SessionEnd end)
    {
        try
        {
            await inner.CompleteAsync(end).ConfigureAwait(false);
        }
        finally
        {
            Close(end);
        }
    }

    private void Close(SessionEnd end)
    {
        Follower[] followers;
        lock (_lock)
        {
            _end = end;
            followers = _followers ?? [];
            _followers = null;
        }

        foreach (Follower follower in followers)
            follower.End(end);
        closed();
    }

    private static void Tell(Follower[] followers, FollowedItem item)
    {
        foreach (Follower follower in followers)
            follower.Offer(item);
    }
}
