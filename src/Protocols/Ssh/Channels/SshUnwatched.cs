using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>
/// What a client asks for while its session stands still because nobody watches who must: it is kept, in its order, and judged once somebody does, or has not
/// for <see cref="SshLimits.Watcher"/>. Everything else of the connection goes on. The client's loop alone.
/// </summary>
internal sealed class SshUnwatched(SshShared shared, CancellationToken session)
{
    /// <summary>Bytes that may be kept, each thing counted with what it takes to keep it.</summary>
    private const int MostBytes = 4 << 20;
    private const int Overhead = 256;

    private readonly LinkedList<Kept> _kept = new();
    private readonly Dictionary<object, (int Count, DateTimeOffset Until)> _behind = new(ReferenceEqualityComparer.Instance);
    private Task? _ready;
    private int _bytes;
    private bool _isGoing;

    private sealed record Kept(object Order, DateTimeOffset Until, int Bytes, Func<CancellationToken, ValueTask> Go);

    public bool IsEmpty => _kept.Count == 0;

    /// <summary>Keeps something for later. False: it can go now.</summary>
    /// <param name="order">What is kept of one order stays in it: a channel, or whatever else has replies that go by order alone.</param>
    /// <param name="isJudged">False: it only stays behind what is kept already.</param>
    /// <param name="bytes">Of what <paramref name="go"/> keeps.</param>
    /// <param name="go">Does it, later.</param>
    /// <exception cref="SshEndException">The client asks for more than is kept.</exception>
    public bool TryKeep(object order, bool isJudged, int bytes, Func<CancellationToken, ValueTask> go)
    {
        if (_isGoing)
            return false;
        if (!_behind.TryGetValue(order, out (int Count, DateTimeOffset Until) behind))
        {
            if (!isJudged || shared.Context.Awaited is null)
                return false;
            behind.Until = shared.Time.GetUtcNow() + shared.Limits.Watcher;
        }

        if (_bytes + bytes + Overhead > MostBytes)
            throw SshShared.Violation(SshSide.Client, "more requests than may wait for a watcher");
        if (IsEmpty)
            shared.BeginWait();
        _behind[order] = (behind.Count + 1, behind.Until);
        _bytes += bytes + Overhead;
        _kept.AddLast(new Kept(order, behind.Until, bytes + Overhead, go));
        return true;
    }

    /// <summary>When what is kept of that order is refused if nobody has come; null: nothing is kept.</summary>
    public DateTimeOffset? Until(object order) => _behind.TryGetValue(order, out (int Count, DateTimeOffset Until) behind) ? behind.Until : null;

    /// <summary>The client has taken back what was kept of that order.</summary>
    public void Withdraw(object order)
    {
        if (!_behind.ContainsKey(order))
            return;
        for (LinkedListNode<Kept>? node = _kept.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (ReferenceEquals(node.Value.Order, order))
                Remove(node);
        }
    }

    /// <summary>Completes when it is worth to <see cref="GoOnAsync"/>. Never fails.</summary>
    public Task ReadyAsync() => _ready ??= WaitAsync(_kept.First!.Value.Until - shared.Time.GetUtcNow());

    /// <summary>Does what was kept, as long as somebody watches; what has waited too long is done too, and so refused by whoever judges it.</summary>
    public async ValueTask GoOnAsync(CancellationToken cancel)
    {
        if (_ready?.IsCompleted == true)
            _ready = null;
        _isGoing = true;
        try
        {
            while (_kept.First is { } first && (shared.Context.Awaited is null || shared.Time.GetUtcNow() >= first.Value.Until))
            {
                Remove(first);
                await first.Value.Go(cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _isGoing = false;
        }
    }

    private void Remove(LinkedListNode<Kept> node)
    {
        Kept kept = node.Value;
        _kept.Remove(node);
        _bytes -= kept.Bytes;
        (int count, DateTimeOffset until) = _behind[kept.Order];
        if (count == 1)
            _behind.Remove(kept.Order);
        else
            _behind[kept.Order] = (count - 1, until);
        if (IsEmpty)
            shared.EndWait();
    }

    private async Task WaitAsync(TimeSpan most)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(session);
        Task watched = shared.Context.WhileSuspendedAsync(over.Token, whileAwaited: true).AsTask();
        await Task.WhenAny(watched, Task.Delay(most > TimeSpan.Zero ? most : TimeSpan.Zero, shared.Time, over.Token)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await watched.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Cancelled just now, unless somebody came.
    }
}
