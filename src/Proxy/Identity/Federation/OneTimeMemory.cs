using System.Collections.Immutable;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>What was sent to providers, and what has been seen from them, remembered by all nodes together.</summary>
internal sealed class OneTimeMemory(OneTimeStore kept, TimeProvider time) : ISamlRequests, ISamlReplays
{
    private const string Requests = "saml-request:";
    private const string States = "saml-state:";
    private const string Seen = "seen:";

    /// <inheritdoc/>
    public async ValueTask AddAsync(SamlPendingRequest request, CancellationToken cancel) =>
        await kept.KeepAsync(OneTimeStore.Key(Requests, request.Id), Kept.Of(request), request.ExpiresAt, cancel).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<SamlPendingRequest?> TakeAsync(string id, CancellationToken cancel) =>
        (await kept.TakeAsync<Kept>(OneTimeStore.Key(Requests, id), cancel).ConfigureAwait(false))?.ToRequest();

    /// <summary>Remembers which request a state was begun with.</summary>
    public Task LinkAsync(string state, string request, CancellationToken cancel) =>
        kept.KeepAsync(OneTimeStore.Key(States, state), request, time.GetUtcNow() + SamlLimits.RequestLifetime, cancel);

    /// <summary>The request that a state was begun with; null: there is none.</summary>
    public async ValueTask<string?> RequestOfAsync(string state, CancellationToken cancel) =>
        await kept.FindAsync<string>(OneTimeStore.Key(States, state), cancel).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<bool> TryAddAsync(string issuer, string id, DateTimeOffset until, CancellationToken cancel) =>
        await kept.MarkAsync(OneTimeStore.Key(Seen, issuer, id), until, cancel).ConfigureAwait(false);

    /// <summary>A request, as it is written down.</summary>
    private sealed record Kept(string Id, string Provider, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, bool ForceAuthn, string[] AuthnContexts)
    {
        public static Kept Of(SamlPendingRequest request) =>
            new(request.Id, request.Provider, request.IssuedAt, request.ExpiresAt, request.ForceAuthn, [.. request.AuthnContexts]);

        public SamlPendingRequest ToRequest() => new()
        {
            Id = Id,
            Provider = Provider,
            IssuedAt = IssuedAt,
            ExpiresAt = ExpiresAt,
            ForceAuthn = ForceAuthn,
            AuthnContexts = [.. AuthnContexts.ToImmutableArray()],
        };
    }
}
