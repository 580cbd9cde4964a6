using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>A login that was sent to a provider and has not come back.</summary>
/// <param name="Provider">The only provider that may answer: another's answer is a mix-up.</param>
/// <param name="ReturnTo">Where the person goes afterwards: a path of ours.</param>
/// <param name="Nonce">OpenID Connect: what the ID token must carry.</param>
/// <param name="Verifier">OpenID Connect: the PKCE secret (RFC 7636).</param>
internal sealed record PendingLogin(string Provider, string ReturnTo, string? Nonce, string? Verifier);

/// <summary>
/// Logins under way at providers. Each is good once, for ten minutes, and for the browser it began in: the state travels in the address, the binding in
/// a cookie, and neither is of use without the other (login CSRF, RFC 6749 10.12). Any node can finish what another began.
/// </summary>
internal sealed class PendingLogins(OneTimeStore kept, TimeProvider time)
{
    private const string Use = "federation:";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Remembers a login; <paramref name="state"/> finds it again.</summary>
    public Task OpenAsync(string state, string binding, PendingLogin login, CancellationToken cancel) =>
        kept.KeepAsync(OneTimeStore.Key(Use, state, binding), login, time.GetUtcNow() + Lifetime, cancel);

    /// <summary>Takes a login that was opened in this browser: null when there is none, or it has been taken.</summary>
    public Task<PendingLogin?> TakeAsync(string state, string binding, CancellationToken cancel) =>
        kept.TakeAsync<PendingLogin>(OneTimeStore.Key(Use, state, binding), cancel);
}
