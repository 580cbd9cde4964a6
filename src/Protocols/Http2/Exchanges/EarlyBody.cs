using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// What has come of a request's body before the request was let through. Unless it is collected the client is not credited for it, so that its window bounds it; collected,
/// it is bounded by what whoever collects it allows. Under the exchange's lock.
/// </summary>
internal struct EarlyBody
{
    private PendingBytes _bytes;
    private TaskCompletionSource? _collected;
    private BodyBudget? _budget;
    private int _most;
    private int _taken;

    public readonly ReadOnlySpan<byte> Bytes => _bytes.Bytes;

    public HttpHead? Trailers { get; private set; }

    /// <summary>The client was credited for so many of them.</summary>
    public int Credited { get; private set; }

    /// <summary>There is no room to look into it.</summary>
    public bool IsBeyondBudget { get; private set; }

    public readonly bool IsEmpty => _bytes.IsEmpty && Trailers is null;

    /// <returns>What the client is credited for.</returns>
    public int Take(ReadOnlySpan<byte> data, bool end)
    {
        _bytes.Write(data);
        return Grow(data.Length, end);
    }

    public void End(HttpHead trailers)
    {
        Trailers = trailers;
        Grow(0, end: true);
    }

    /// <summary>From now on it is collected.</summary>
    /// <returns>What completes when it is whole or too large, and what the client is credited for.</returns>
    public (Task Collected, int Credit) Collect(int most, BodyBudget budget, bool hasEnded)
    {
        _budget = budget;
        _collected ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _most = most;
        return (_collected.Task, Grow(_bytes.Length - Credited, hasEnded));
    }

    /// <summary>The whole body; null: it is too large.</summary>
    public readonly byte[]? Body(int most) => _bytes.Length > most ? null : _bytes.Bytes.ToArray();

    public void Clear()
    {
        _bytes.Clear();
        Trailers = null;
    }

    /// <summary>Nobody will have it any more, or all of it has gone on.</summary>
    public void Abandon()
    {
        Clear();
        _budget?.Return(_taken);
        (_budget, _taken) = (null, 0);
        _collected?.TrySetCanceled();
    }

    private int Grow(int more, bool end)
    {
        if (_collected is null)
            return 0;
        int uncounted = _bytes.Length - _taken;
        IsBeyondBudget |= uncounted > 0 && _budget is not null && !_budget.TryTake(uncounted);
        if (!IsBeyondBudget && uncounted > 0 && _budget is not null)
            _taken += uncounted;
        if (end || IsBeyondBudget || _bytes.Length > _most)
        {
            _collected.TrySetResult();
            return 0;
        }

        Credited += more;
        return more;
    }
}
