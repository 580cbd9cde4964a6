using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>A store that can be lost and found at will.</summary>
internal sealed class LosableStore(IStateStore inner) : IStateStore
{
    private int _reads;

    public DateTimeOffset? LostAt { get; set; }

    public bool IsReachable => LostAt is null;

    /// <summary>Reads so far.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public Task<T> ReadAsync<T>(Func<StateContext, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        Interlocked.Increment(ref _reads);
        return IsReachable ? inner.ReadAsync(read, cancel) : throw new StoreUnavailableException("away");
    }

    public Task<T> WriteAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel) =>
        IsReachable ? inner.WriteAsync(write, cancel) : throw new StoreUnavailableException("away");
}
