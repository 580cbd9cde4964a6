namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Both memories within the process: for a daemon that is alone. Bounded: when it is full of what has not expired, nothing new gets in,
/// so that a flood costs logins and not memory or replay protection.
/// </summary>
internal sealed class SamlLocalMemory(TimeProvider time, int capacity = SamlLocalMemory.DefaultCapacity) : ISamlRequests, ISamlReplays
{
    /// <summary>Entries of each kind: a login a second for a day and more.</summary>
    public const int DefaultCapacity = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SamlPendingRequest> _requests = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Issuer, string Id), DateTimeOffset> _seen = [];
    private readonly PriorityQueue<string, DateTimeOffset> _requestEnds = new();
    private readonly PriorityQueue<(string Issuer, string Id), DateTimeOffset> _seenEnds = new();

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It is full.</exception>
    public ValueTask AddAsync(SamlPendingRequest request, CancellationToken cancel)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            while (_requestEnds.TryPeek(out string? id, out DateTimeOffset end) && end <= now)
            {
                _requestEnds.Dequeue();
                _requests.Remove(id);
            }

            // The queue, which still holds what was taken, is what is bounded.
            if (_requestEnds.Count >= capacity)
                throw new InvalidOperationException("Too many SAML requests wait for their answers.");
            _requests.Add(request.Id, request);
            _requestEnds.Enqueue(request.Id, request.ExpiresAt);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<SamlPendingRequest?> TakeAsync(string id, CancellationToken cancel)
    {
        lock (_lock)
        {
            bool known = _requests.Remove(id, out SamlPendingRequest? request);
            return ValueTask.FromResult(known && time.GetUtcNow() < request!.ExpiresAt ? request : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryAddAsync(string issuer, string id, DateTimeOffset until, CancellationToken cancel)
    {
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            while (_seenEnds.TryPeek(out (string, string) key, out DateTimeOffset end) && end <= now)
            {
                _seenEnds.Dequeue();
                _seen.Remove(key);
            }

            if (_seenEnds.Count >= capacity || !_seen.TryAdd((issuer, id), until))
                return ValueTask.FromResult(false);
            _seenEnds.Enqueue((issuer, id), until);
            return ValueTask.FromResult(true);
        }
    }
}
