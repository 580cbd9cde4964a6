namespace Sallyport.Proxy.Identity;

/// <summary>Where an issuer's keys come from.</summary>
internal interface IKeySource
{
    /// <summary>The keys as last known; null when there are none, or none recent enough.</summary>
    ValueTask<KeySet?> GetAsync(CancellationToken cancel);

    /// <summary>Looks again, because a token names a key that is not in the set. Answers with the old set when it has looked a moment ago.</summary>
    ValueTask<KeySet?> LookAgainAsync(CancellationToken cancel);
}

/// <summary>Keys that change only by a reload.</summary>
internal sealed class FixedKeys(KeySet keys) : IKeySource
{
    public ValueTask<KeySet?> GetAsync(CancellationToken cancel) => new(keys);

    public ValueTask<KeySet?> LookAgainAsync(CancellationToken cancel) => new(keys);
}
