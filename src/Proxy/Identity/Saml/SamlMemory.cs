using System.Collections.Immutable;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>A request that waits for its answer.</summary>
internal sealed record SamlPendingRequest
{
    /// <summary>Its ID: what the answer's InResponseTo names.</summary>
    public required string Id { get; init; }

    /// <summary><see cref="SamlProvider.Name"/> of the provider it was sent to. An answer by any other is refused.</summary>
    public required string Provider { get; init; }

    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>From here on it may be forgotten, and is not answered any more.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The login must be later than the request.</summary>
    public required bool ForceAuthn { get; init; }

    /// <summary>One of these must be in the answer; empty: any.</summary>
    public required ImmutableArray<string> AuthnContexts { get; init; }
}

/// <summary>Remembers the requests that were sent. Shared by all nodes that a browser may come back to.</summary>
internal interface ISamlRequests
{
    /// <summary>Remembers a request until it is taken or has expired.</summary>
    ValueTask AddAsync(SamlPendingRequest request, CancellationToken cancel);

    /// <summary>Takes a request out: of many who ask for the same ID exactly one gets it, the others null.</summary>
    ValueTask<SamlPendingRequest?> TakeAsync(string id, CancellationToken cancel);
}

/// <summary>Remembers which assertions and logout requests were seen. Shared by all nodes.</summary>
internal interface ISamlReplays
{
    /// <summary>Remembers (issuer, id) until <paramref name="until"/>. True for exactly one caller; false for everybody after it, and when it cannot be remembered.</summary>
    ValueTask<bool> TryAddAsync(string issuer, string id, DateTimeOffset until, CancellationToken cancel);
}
