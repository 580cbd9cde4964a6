using System.Threading.Channels;
using Sallyport.Contract;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>One thing that was recorded: exactly one of the last three is there.</summary>
internal sealed record FollowedItem(DateTimeOffset At)
{
    public (Direction Direction, byte[] Bytes)? Data { get; init; }

    public FollowedDecision? Decision { get; init; }

    public (string Name, string Detail)? Event { get; init; }
}

/// <summary>A copy of a judgement.</summary>
internal sealed record FollowedDecision(ActionKind Kind, Verb Verb, string Text, VerdictKind Verdict, string RuleId, string? Hint);

/// <summary>
/// Somebody who looks at a live session. It takes copies into a bounded queue; when it is full, the follower is dropped and nobody waits.
/// </summary>
internal sealed class Follower
{
    /// <summary>Bytes that may wait: a few large results.</summary>
    private const long MostBytes = 4 << 20;

    private const int MostItems = 4096;

    private readonly Channel<FollowedItem> _items = Channel.CreateBounded<FollowedItem>(new BoundedChannelOptions(MostItems) { SingleReader = true });
    private long _waiting;

    /// <summary>True once it was too slow.</summary>
    public bool IsDropped { get; private set; }

    /// <summary>How the session ended; null while it runs.</summary>
    public SessionEnd? SessionEnd { get; private set; }

    /// <summary>Takes an item, or drops the follower. Any thread.</summary>
    public void Offer(FollowedItem item)
    {
        int length = item.Data?.Bytes.Length ?? 0;
        if (Interlocked.Add(ref _waiting, length) <= MostBytes && _items.Writer.TryWrite(item))
            return;
        IsDropped = true;
        _items.Writer.TryComplete();
    }

    /// <summary>The session is over.</summary>
    public void End(SessionEnd end)
    {
        SessionEnd = end;
        _items.Writer.TryComplete();
    }

    /// <summary>What was recorded, as it comes, until the session ends or the follower is dropped.</summary>
    public async IAsyncEnumerable<FollowedItem> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        while (!IsDropped && await _items.Reader.WaitToReadAsync(cancel).ConfigureAwait(false))
        {
            // What a dropped follower has not read yet is let go: it would only be later still.
            while (!IsDropped && _items.Reader.TryRead(out FollowedItem? item))
            {
                Interlocked.Add(ref _waiting, -(item.Data?.Bytes.Length ?? 0));
                yield return item;
            }
        }
    }
}
