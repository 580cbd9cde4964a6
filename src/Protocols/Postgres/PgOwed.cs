using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// A reply the target owes for one request, in the order of the requests. The request loop enters it before the request is sent;
/// the reply loop takes it away when the reply is complete.
/// </summary>
public readonly record struct PgOwed
{
    /// <summary>What kind of reply: the state it starts in.</summary>
    public required PgReplyState Kind { get; init; }

    /// <summary>True for a request of our own: the client must not see the reply.</summary>
    public bool Hidden { get; init; }

    /// <summary>True when masks were in force: a row of this reply needs a plan, or it is not shown.</summary>
    public bool Masked { get; init; }

    /// <summary>The refusal that takes the place of the target's ErrorResponse; null for a request that was let through.</summary>
    public PgRefusal? Refusal { get; init; }

    /// <summary>The statement whose text this is about, when there is one.</summary>
    public PgStatement? Statement { get; init; }

    /// <summary>The portal this is about, when there is one.</summary>
    public PgPortal? Portal { get; init; }
}

/// <summary>The replies in flight: one producer (the request loop), one consumer (the reply loop), bounded.</summary>
public sealed class PgOwedQueue(int limit)
{
    private readonly Lock _lock = new();
    private PgOwed[] _ring = new PgOwed[16];
    private int _head;
    private int _count;
    private int _wakeAt;
    private TaskCompletionSource? _waiter;
    private bool _closed;
    private volatile bool _readyLast = true;

    /// <summary>
    /// True when nothing is owed and ReadyForQuery was the last that was. Without it a target may have done what was asked and not have told yet:
    /// it reports changed settings just before ReadyForQuery (55.2.7).
    /// </summary>
    public bool IsSettled => Count == 0 && _readyLast;

    /// <summary>Replies owed.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>True when <see cref="WaitBelowAsync"/> must be awaited before the next <see cref="Enqueue"/>.</summary>
    public bool IsFull => Count >= limit;

    /// <summary>Enters a reply. A few above the limit are taken: one request may enter two, and it looks at <see cref="IsFull"/> before it begins.</summary>
    public void Enqueue(in PgOwed owed)
    {
        lock (_lock)
        {
            if (_count == _ring.Length)
                Grow();
            _ring[(_head + _count) & (_ring.Length - 1)] = owed;
            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <summary>The reply that is owed next.</summary>
    public bool TryPeek(out PgOwed owed) => TryPeekAt(0, out owed);

    /// <summary>The reply that is owed <paramref name="index"/> places after the next.</summary>
    public bool TryPeekAt(int index, out PgOwed owed)
    {
        lock (_lock)
        {
            owed = index < _count ? _ring[(_head + index) & (_ring.Length - 1)] : default;
            return index < _count;
        }
    }

    /// <summary>Takes away the reply that was owed next.</summary>
    /// <param name="ready">Whether it ended with ReadyForQuery.</param>
    public void Dequeue(bool ready = false)
    {
        TaskCompletionSource? wake = null;
        lock (_lock)
        {
            _readyLast = ready;
            _ring[_head] = default;
            _head = (_head + 1) & (_ring.Length - 1);
            Volatile.Write(ref _count, _count - 1);
            if (_waiter is not null && _count < _wakeAt)
                (wake, _waiter) = (_waiter, null);
        }

        wake?.SetResult();
    }

    /// <summary>Waits (the request loop) until fewer than <paramref name="count"/> replies are owed, or the reply loop has ended.</summary>
    public Task WaitBelowAsync(int count)
    {
        lock (_lock)
        {
            if (_count < count || _closed)
                return Task.CompletedTask;

            _wakeAt = count;
            _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiter.Task;
        }
    }

    /// <summary>No reply will come any more: nobody waits for one.</summary>
    public void Close()
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            _closed = true;
            (wake, _waiter) = (_waiter, null);
        }

        wake?.SetResult();
    }

    [SuppressMessage("Style", "IDE0305", Justification = "A ring is copied by hand.")]
    private void Grow()
    {
        var larger = new PgOwed[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
