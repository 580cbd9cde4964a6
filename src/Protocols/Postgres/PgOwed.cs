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

    /// <summary>True when a COPY FROM STDIN may begin in it.</summary>
    public bool MayCopyIn { get; init; }

    /// <summary>The refusal that takes the place of the target's ErrorResponse; null for a request that was let through.</summary>
    public PgRefusal? Refusal { get; init; }

    /// <summary>True for a request that somebody approved of: the approval is used up with its reply.</summary>
    public bool Approved { get; init; }

    /// <summary>The statement whose parameter types this reply tells, when they are of use; null: they are not.</summary>
    public PgStatement? Described { get; init; }

    /// <summary>The statement whose text this is about, when there is one.</summary>
    public PgStatement? Statement { get; init; }

    /// <summary>The portal this is about, when there is one.</summary>
    public PgPortal? Portal { get; init; }

    /// <summary>The target failed the request, or skipped it: what it was to make is not there.</summary>
    public void Fail()
    {
        if (Kind == PgReplyState.Parse && Statement is { } statement)
            statement.State = PgObjectState.Failed;
    }
}

/// <summary>Whether the target would read the next message from the client as a part of a COPY FROM STDIN.</summary>
public enum PgCopyTurn : byte
{
    /// <summary>It would not.</summary>
    No,

    /// <summary>It would.</summary>
    Yes,

    /// <summary>That depends on a reply that has not come yet.</summary>
    Unknown,
}

/// <summary>
/// The replies in flight: one producer (the request loop), one consumer (the reply loop), bounded. Each has a ticket, counted from 1: it has
/// left once as many replies have left.
/// </summary>
public sealed class PgOwedQueue(int limit)
{
    private readonly Lock _lock = new();
    private PgOwed[] _ring = new PgOwed[16];
    private int _head;
    private int _count;
    private long _entered;
    private long _left;
    private bool _skipping;
    private bool _endsInReady = true;
    private long _copyTicket;
    private int _copiesBegun;
    private bool _copyFailed;
    private long _wakeAt;
    private int _wakeAtCopies;
    private TaskCompletionSource? _waiter;
    private bool _closed;

    /// <summary>Replies owed.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Replies that have left.</summary>
    public long Left => Volatile.Read(ref _left);

    /// <summary>True when <see cref="WaitBelowAsync"/> must be awaited before the next <see cref="Enqueue"/>.</summary>
    public bool IsFull => Count >= limit;

    /// <summary>
    /// True when the last request was one that ReadyForQuery answers, and it has: the target has then reported every setting that changed.
    /// Request loop only.
    /// </summary>
    public bool IsQuiet => _endsInReady && Count == 0;

    /// <summary>True when the target skips whatever comes before the next Sync. Request loop only, and only when nothing is owed.</summary>
    public bool IsSkipping
    {
        get
        {
            lock (_lock)
                return _skipping;
        }
    }

    /// <summary>True when the reply of this ticket has left, or was never owed (0).</summary>
    public bool HasLeft(long ticket) => Left >= ticket;

    /// <summary>
    /// Enters a reply. A few above the limit are taken: one request may enter two, and it looks at <see cref="IsFull"/> before it begins.
    /// </summary>
    /// <returns>Its ticket; 0 when the target will skip the request, so that no reply is owed.</returns>
    public long Enqueue(in PgOwed owed)
    {
        _endsInReady = owed.Kind is PgReplyState.Sync or PgReplyState.Query or PgReplyState.FunctionCall;
        lock (_lock)
        {
            if (_skipping && owed.Kind != PgReplyState.Sync)
            {
                owed.Fail();
                return 0;
            }

            if (owed.MayCopyIn)
                (_copyTicket, _copiesBegun, _copyFailed) = (_entered + 1, 0, false);
            _skipping = false;
            if (_count == _ring.Length)
                Grow();
            _ring[(_head + _count) & (_ring.Length - 1)] = owed;
            Volatile.Write(ref _count, _count + 1);
            return ++_entered;
        }
    }

    /// <summary>The reply that is owed next.</summary>
    public bool TryPeek(out PgOwed owed)
    {
        lock (_lock)
        {
            owed = _count > 0 ? _ring[_head] : default;
            return _count > 0;
        }
    }

    /// <summary>Takes away the reply that was owed next.</summary>
    public void Dequeue()
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            Remove();
            wake = Woken();
        }

        wake?.SetResult();
    }

    /// <summary>An extended request failed: the target skips everything up to the next Sync (55.2.3), also what has not been sent yet.</summary>
    public void SkipToSync()
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            while (_count > 0 && _ring[_head].Kind != PgReplyState.Sync)
            {
                _ring[_head].Fail();
                Remove();
            }

            _skipping = _count == 0;
            wake = Woken();
        }

        wake?.SetResult();
    }

    /// <summary>The reply that is owed next has asked for COPY data.</summary>
    public void BeginCopy() => OnCopy(failed: false);

    /// <summary>The reply that is owed next is an error: if there was a COPY in it, the target takes no more data.</summary>
    public void FailCopy() => OnCopy(failed: true);

    /// <summary>Where the last request that may begin a COPY stands, given how many ends of COPY data were sent behind it. Request loop only.</summary>
    /// <param name="ended">How many were sent.</param>
    /// <param name="mayRepeat">Whether it may begin more than one.</param>
    public PgCopyTurn CopyTurn(int ended, bool mayRepeat)
    {
        lock (_lock)
        {
            if (_left >= _copyTicket || _copyFailed)
                return PgCopyTurn.No;
            if (_copiesBegun > ended)
                return PgCopyTurn.Yes;
            return _copiesBegun > 0 && !mayRepeat ? PgCopyTurn.No : PgCopyTurn.Unknown;
        }
    }

    /// <summary>Waits (the request loop) until <see cref="CopyTurn"/> is no longer unknown.</summary>
    public Task WaitCopyAsync(int ended) => WaitAsync(_copyTicket, ended);

    /// <summary>Waits (the request loop) until fewer than <paramref name="count"/> replies are owed, or the reply loop has ended.</summary>
    public Task WaitBelowAsync(int count) => WaitAsync(_entered - count + 1);

    /// <summary>Waits (the request loop) until the reply of this ticket has left, or the reply loop has ended.</summary>
    public Task WaitAsync(long ticket) => WaitAsync(ticket, int.MaxValue);

    /// <summary>No reply will come any more: nobody waits for one.</summary>
    public void Close()
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            _closed = true;
            wake = Woken();
        }

        wake?.SetResult();
    }

    private Task WaitAsync(long ticket, int copies)
    {
        lock (_lock)
        {
            (_wakeAt, _wakeAtCopies) = (ticket, copies);
            if (IsAwaited)
                return Task.CompletedTask;
            _waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _waiter.Task;
        }
    }

    private void OnCopy(bool failed)
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            // An older request's, whose end was sent long ago, says nothing of the last one.
            if (_left + 1 != _copyTicket)
                return;
            _copyFailed |= failed;
            _copiesBegun += failed ? 0 : 1;
            wake = Woken();
        }

        wake?.SetResult();
    }

    private void Remove()
    {
        _ring[_head] = default;
        _head = (_head + 1) & (_ring.Length - 1);
        Volatile.Write(ref _left, _left + 1);
        Volatile.Write(ref _count, _count - 1);
    }

    private bool IsAwaited => _left >= _wakeAt || _closed || (_wakeAtCopies < int.MaxValue && (_copyFailed || _copiesBegun > _wakeAtCopies));

    /// <summary>Who waits for what is now so; to be woken outside the lock.</summary>
    private TaskCompletionSource? Woken()
    {
        if (_waiter is null || !IsAwaited)
            return null;
        TaskCompletionSource waiter = _waiter;
        _waiter = null;
        return waiter;
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
