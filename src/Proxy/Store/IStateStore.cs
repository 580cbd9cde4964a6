namespace Sallyport.Proxy.Store;

/// <summary>The state cannot be had now: what needs it is refused.</summary>
internal sealed class StoreUnavailableException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>
/// The state. Every call runs on the thread pool, never on a thread that polls sockets, and so does what awaits it; reads go in parallel, writes one
/// after the other where the database has one writer. A call that fails because the database is gone or busy ends with <see cref="StoreUnavailableException"/>.
/// </summary>
internal interface IStateStore
{
    /// <summary>False while the database cannot be reached.</summary>
    bool IsReachable { get; }

    /// <summary>Since when it cannot; null while it can.</summary>
    DateTimeOffset? LostAt { get; }

    /// <summary>Reads, untracked.</summary>
    Task<T> ReadAsync<T>(Func<StateContext, CancellationToken, Task<T>> read, CancellationToken cancel);

    /// <summary>Reads and changes in one transaction, which commits when <paramref name="write"/> returns. It may be run again after a conflict, so it must have no other effect.</summary>
    Task<T> WriteAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel);
}

/// <summary>Seals secrets that are kept in the store (AES-256-GCM under a data key, which the operator's key seals in turn).</summary>
internal interface ISealer
{
    /// <summary>Seals; what it is for is part of the seal, so that one secret cannot be put in another's place.</summary>
    byte[] Seal(string purpose, ReadOnlySpan<byte> secret);

    /// <exception cref="System.Security.Cryptography.CryptographicException">It was not sealed for this, or not by a key at hand.</exception>
    byte[] Open(string purpose, ReadOnlySpan<byte> sealedSecret);
}
