using System.Collections.Concurrent;

namespace Sallyport.Proxy.Approvals;

/// <summary>What waits on this node. Nothing here is touched by sessions that hold nothing.</summary>
internal sealed class Waiters
{
    private readonly ConcurrentDictionary<Waiter, Guid> _waiters = new();
    private readonly Lock _owning = new();

    public int Count => _waiters.Count;

    /// <param name="owns">It wrote the request down: who goes without an answer, and leaves nobody who waits with it, withdraws it.</param>
    public Waiter Enter(Guid approval, DateTimeOffset expiresAt, bool owns, CancellationToken withdrawn)
    {
        var waiter = new Waiter(this, expiresAt, withdrawn) { Owns = owns };
        lock (_owning)
            _waiters[waiter] = approval;
        return waiter;
    }

    /// <summary>Its client has gone without an answer. What it owns is another's who waits with the same.</summary>
    /// <returns>True: it was the last, and the request is to be withdrawn.</returns>
    public bool Leave(Waiter waiter)
    {
        lock (_owning)
        {
            if (!_waiters.TryRemove(waiter, out Guid approval) || !waiter.Owns)
                return false;
            waiter.Owns = false;
            Waiter? heir = _waiters.FirstOrDefault(other => other.Value == approval).Key;
            if (heir is null)
                return true;
            heir.Owns = true;
            return false;
        }
    }

    /// <summary>Somebody was told to come again for it: it is not withdrawn when others go.</summary>
    public void Promise(Waiter waiter)
    {
        lock (_owning)
        {
            if (!_waiters.TryGetValue(waiter, out Guid approval))
                return;
            foreach ((Waiter other, Guid id) in _waiters)
                other.Owns &= id != approval;
        }
    }

    /// <summary>Something may have been decided about it; about all of them, if null.</summary>
    public void Wake(Guid? approval)
    {
        // The same request, sent twice, waits twice; a decision is rare enough to look at all.
        foreach ((Waiter waiter, Guid id) in _waiters)
        {
            if (approval is null || id == approval)
                waiter.Wake();
        }
    }

    /// <summary>Those who could not look when they were told look again.</summary>
    public void WakeMissed()
    {
        foreach (Waiter waiter in _waiters.Keys)
        {
            if (waiter.Missed)
                waiter.Wake();
        }
    }

    /// <summary>Ends the waiting of those whose time is over.</summary>
    public void Expire(DateTimeOffset now)
    {
        foreach (Waiter waiter in _waiters.Keys)
        {
            if (now >= waiter.ExpiresAt)
                waiter.Expire();
        }
    }

    /// <summary>One unit that waits. Used by its own request only, except where it says otherwise.</summary>
    internal sealed class Waiter : IDisposable
    {
        private readonly Waiters _all;
        private readonly SemaphoreSlim _news = new(0, 1);
        private readonly CancellationTokenSource _over;
        private readonly Lock _lock = new();
        private bool _gone;
        private volatile bool _missed;

        public Waiter(Waiters all, DateTimeOffset expiresAt, CancellationToken withdrawn)
        {
            _all = all;
            ExpiresAt = expiresAt;
            _over = CancellationTokenSource.CreateLinkedTokenSource(withdrawn);
            Over = _over.Token;
        }

        public DateTimeOffset ExpiresAt { get; }

        /// <summary>Nobody else withdraws what it waits with. Under the lock of all.</summary>
        public bool Owns { get; set; }

        /// <summary>Cancelled when it was withdrawn or has expired.</summary>
        public CancellationToken Over { get; }

        /// <summary>There was news, and the store was away.</summary>
        public bool Missed
        {
            get => _missed;
            set => _missed = value;
        }

        /// <summary>Waits for news.</summary>
        /// <exception cref="OperationCanceledException"><see cref="Over"/>.</exception>
        public Task NewsAsync() => _news.WaitAsync(Over);

        /// <summary>The same, for so long.</summary>
        /// <returns>False: there was none.</returns>
        /// <exception cref="OperationCanceledException"><see cref="Over"/>.</exception>
        public async Task<bool> NewsAsync(CancellationToken late)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(Over, late);
            try
            {
                await _news.WaitAsync(either.Token).ConfigureAwait(false);
                return true;
            }
            catch (OperationCanceledException) when (!Over.IsCancellationRequested)
            {
                return false;
            }
        }

        /// <summary>From any thread: there may be news. What is told twice is heard once.</summary>
        public void Wake()
        {
            lock (_lock)
            {
                if (!_gone && _news.CurrentCount == 0)
                    _news.Release();
            }
        }

        /// <summary>From any thread: its time is over.</summary>
        public void Expire()
        {
            lock (_lock)
            {
                if (!_gone)
                    _over.Cancel();
            }
        }

        public void Dispose()
        {
            lock (_lock)
                _gone = true;
            _all._waiters.TryRemove(this, out _);
            _over.Dispose();
            _news.Dispose();
        }
    }
}
