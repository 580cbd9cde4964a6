using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// What is done to one exchange besides passing it on: its bodies looked into, masked, or told apart in a tunnel. Made when the request was let through, by
/// <see cref="ExchangePlans"/>; most have none. Its calls come under the exchange's lock.
/// </summary>
internal interface IExchangePlan
{
    /// <summary>The request's head as the target will get it; may be changed.</summary>
    void OnRequest(HttpHead head);

    /// <summary>What the request's body passes through; null: nothing.</summary>
    IBodyFilter? RequestBody { get; }

    /// <summary>The response's head as the client will get it; may be changed. Not for informational ones but 101.</summary>
    /// <returns>What the response's body passes through; null: nothing. With one, the head's length and validators of the body are taken away.</returns>
    IBodyFilter? OnResponse(HttpHead head);

    /// <summary>The exchange is over.</summary>
    void OnEnd();
}

/// <summary>What the bytes of one direction pass through. Not thread-safe: one call at a time.</summary>
internal interface IBodyFilter
{
    /// <summary>Whether what goes on may be other bytes, or another number of them, than came.</summary>
    bool Changes { get; }

    /// <summary>Takes up bytes, and gives what goes on in their place: a view that is valid until the next call.</summary>
    /// <param name="end">Nothing follows: what was held back goes now.</param>
    /// <param name="refusal">Set: the exchange is given up, since what came cannot be let through.</param>
    ReadOnlySpan<byte> Take(ReadOnlySpan<byte> data, bool end, out HttpRefusal? refusal);
}
