using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin.SignIn;

/// <summary>A sign-in that has begun: what must fit when the browser comes back.</summary>
/// <param name="Browser">SHA-256 of the secret in the browser's cookie, in hexadecimal: the one that began must be the one that ends (RFC 9700 4.7).</param>
internal sealed record SignInAttempt(string Verifier, string Nonce, string Browser, string Return);

/// <summary>
/// Sessions of browsers, and sign-ins on their way, in the store: sealed, under a hash of what the browser holds. The browser's cookie is worth
/// nothing without the store, and the store's row nothing without the cookie or the seal's key.
/// </summary>
internal sealed class BrowserSessions(OneTimeStore kept, TimeProvider time) : IAdminSessions
{
    private const string SessionKey = "admin-session:";

    private const string AttemptKey = "admin-signin:";

    /// <summary>From leaving for the provider to coming back.</summary>
    private static readonly TimeSpan AttemptTime = TimeSpan.FromMinutes(10);

    /// <summary>Sign-ins on their way at a time: strangers can begin them.</summary>
    private const int MostAttempts = 1000;

    /// <summary>Makes a session; the result is the cookie's value.</summary>
    public async Task<string> OpenAsync(string token, DateTimeOffset until, CancellationToken cancel)
    {
        string cookie = OneTimeStore.Secret();
        await kept.KeepAsync(OneTimeStore.Key(SessionKey, cookie), new AdminSession(token, OneTimeStore.Secret()), until, cancel, PruneAsync).ConfigureAwait(false);
        return cookie;
    }

    /// <inheritdoc/>
    public async ValueTask<AdminSession?> FindAsync(string cookie, CancellationToken cancel) =>
        await kept.FindAsync<AdminSession>(OneTimeStore.Key(SessionKey, cookie), cancel).ConfigureAwait(false);

    /// <summary>Ends a session.</summary>
    public Task EndAsync(string cookie, CancellationToken cancel) => kept.DropAsync(OneTimeStore.Key(SessionKey, cookie), cancel);

    /// <summary>Remembers a sign-in under its state.</summary>
    public Task BeginAsync(string state, SignInAttempt attempt, CancellationToken cancel) => kept.KeepAsync(
        OneTimeStore.Key(AttemptKey, state), attempt, time.GetUtcNow() + AttemptTime, cancel,
        async (db, token) =>
        {
            await PruneAsync(db, token).ConfigureAwait(false);
            if (await db.OneTimes.CountAsync(one => one.Key.StartsWith(AttemptKey), token).ConfigureAwait(false) >= MostAttempts)
                throw AdminProblem.Unavailable("too-many-signins", "Too many sign-ins are on their way.");
        });

    /// <summary>Takes a sign-in out: no state is good twice.</summary>
    public Task<SignInAttempt?> TakeAsync(string state, CancellationToken cancel) => kept.TakeAsync<SignInAttempt>(OneTimeStore.Key(AttemptKey, state), cancel);

    private Task PruneAsync(StateContext db, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        return db.OneTimes.Where(one => one.ExpiresAt < now && (one.Key.StartsWith(SessionKey) || one.Key.StartsWith(AttemptKey))).ExecuteDeleteAsync(cancel);
    }
}
