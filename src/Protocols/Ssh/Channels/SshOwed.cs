namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>What a reply to a request is to be.</summary>
internal enum SshReply : byte
{
    /// <summary>Whatever the other peer says.</summary>
    Theirs = 0,
    Success = 1,
    Failure = 2,

    /// <summary>Not known yet: a person is being asked.</summary>
    Waiting = 3,
}

/// <summary>One reply that is owed.</summary>
/// <param name="about">What the request was about, for whoever deals with the reply.</param>
internal sealed class SshDebt(SshReply reply, object? about)
{
    public SshReply Reply { get; set; } = reply;

    public object? About => about;

    /// <summary>What a SUCCESS of our own carries behind its number.</summary>
    public byte[] Body { get; init; } = [];
}

/// <summary>
/// Replies that a peer waits for, in the order of its requests (RFC 4254 4 and 5.4: replies carry no name, so order is all that tells them apart). What is
/// answered here while an earlier request is under way at the other peer is owed, and given in its place.
/// </summary>
/// <remarks>Used by both loops: a debt stays until its reply has been written, so that no later one overtakes it.</remarks>
internal sealed class SshOwed(int limit)
{
    private readonly Queue<SshDebt> _queue = new();
    private readonly Lock _lock = new();

    /// <summary>Held by whoever writes a channel's replies, from the look at the head to <see cref="Paid"/>; nobody waits for a peer meanwhile.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Enters a request; null: too many wait.</summary>
    public SshDebt? Add(SshReply reply, object? about = null, byte[]? body = null)
    {
        lock (_lock)
        {
            if (_queue.Count >= limit)
                return null;
            var debt = new SshDebt(reply, about) { Body = body ?? [] };
            _queue.Enqueue(debt);
            return debt;
        }
    }

    /// <summary>The other peer will not answer any more: what it owed is answered here, as if it had been done. Caller holds <see cref="Turn"/>.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            foreach (SshDebt debt in _queue)
            {
                if (debt.Reply is SshReply.Theirs or SshReply.Waiting)
                    debt.Reply = SshReply.Success;
            }
        }
    }

    /// <summary>What was waited for is known.</summary>
    public void Resolve(SshDebt debt, SshReply reply)
    {
        lock (_lock)
            debt.Reply = reply;
    }

    /// <summary>The request that a reply of the other peer answers; null: it answers none.</summary>
    public SshDebt? Theirs()
    {
        lock (_lock)
            return _queue.TryPeek(out SshDebt? head) && head.Reply == SshReply.Theirs ? head : null;
    }

    /// <summary>The reply to the head's request has been written.</summary>
    public void Paid()
    {
        lock (_lock)
            _queue.Dequeue();
    }

    /// <summary>The reply of our own that is next; null: none is. Write it, and say <see cref="Paid"/>. Caller holds <see cref="Turn"/>.</summary>
    public SshDebt? Own()
    {
        lock (_lock)
            return _queue.TryPeek(out SshDebt? head) && head.Reply is SshReply.Success or SshReply.Failure ? head : null;
    }
}
