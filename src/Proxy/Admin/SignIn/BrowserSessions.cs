using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.SignIn;

/// <summary>A sign-in that has begun: what must fit when the browser comes back.</summary>
/// <param name="Browser">SHA-256 of the secret in the browser's cookie, in hexadecimal: the one that began must be the one that ends (RFC 9700 4.7).</param>
internal sealed record SignInAttempt(string Verifier, string Nonce, string Browser, string Return);

/// <summary>
/// Sessions of browsers, and sign-ins on their way, in the store: sealed, under a hash of what the browser holds. The browser's cookie is worth
/// nothing without the store, and the store's row nothing without the cookie or the seal's key.
/// </summary>
internal sealed class BrowserSessions(IStateStore store, ISealer sealer, TimeProvider time) : IAdminSessions
{
    private const string SessionKey = "admin-session:";

    private const string AttemptKey = "admin-signin:";

    /// <summary>From leaving for the provider to coming back.</summary>
    private static readonly TimeSpan AttemptTime = TimeSpan.FromMinutes(10);

    /// <summary>Sign-ins on their way at a time: strangers can begin them.</summary>
    private const int MostAttempts = 1000;

    /// <summary>A secret that nobody guesses: 256 bits.</summary>
    public static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Makes a session; the result is the cookie's value.</summary>
    public async Task<string> OpenAsync(string token, DateTimeOffset until, CancellationToken cancel)
    {
        string cookie = Secret();
        await PutAsync(SessionKey + Hash(cookie), new AdminSession(token, Secret()), until, cancel).ConfigureAwait(false);
        return cookie;
    }

    /// <inheritdoc/>
    public async ValueTask<AdminSession?> FindAsync(string cookie, CancellationToken cancel)
    {
        string key = SessionKey + Hash(cookie);
        DateTimeOffset now = time.GetUtcNow();
        OneTimeRow? row = await store.ReadAsync((db, token) => db.OneTimes.SingleOrDefaultAsync(one => one.Key == key && one.ExpiresAt > now, token), cancel).ConfigureAwait(false);
        return Open<AdminSession>(row);
    }

    /// <summary>Ends a session.</summary>
    public Task EndAsync(string cookie, CancellationToken cancel)
    {
        string key = SessionKey + Hash(cookie);
        return store.WriteAsync((db, token) => db.OneTimes.Where(one => one.Key == key).ExecuteDeleteAsync(token), cancel);
    }

    /// <summary>Remembers a sign-in under its state.</summary>
    public Task BeginAsync(string state, SignInAttempt attempt, CancellationToken cancel) => PutAsync(AttemptKey + Hash(state), attempt, time.GetUtcNow() + AttemptTime, cancel);

    /// <summary>Takes a sign-in out: no state is good twice.</summary>
    public async Task<SignInAttempt?> TakeAsync(string state, CancellationToken cancel)
    {
        string key = AttemptKey + Hash(state);
        DateTimeOffset now = time.GetUtcNow();
        OneTimeRow? row = await store.WriteAsync(
            async (db, token) =>
            {
                OneTimeRow? found = await db.OneTimes.AsNoTracking().SingleOrDefaultAsync(one => one.Key == key, token).ConfigureAwait(false);
                return found is null || await db.OneTimes.Where(one => one.Key == key).ExecuteDeleteAsync(token).ConfigureAwait(false) == 0 ? null : found;
            },
            cancel).ConfigureAwait(false);
        return row?.ExpiresAt > now ? Open<SignInAttempt>(row) : null;
    }

    private Task<bool> PutAsync<T>(string key, T value, DateTimeOffset until, CancellationToken cancel)
    {
        byte[] payload = sealer.Seal(SealPurposes.OneTime(key), JsonSerializer.SerializeToUtf8Bytes(value));
        return store.WriteAsync(
            async (db, token) =>
            {
                DateTimeOffset now = time.GetUtcNow();
                await db.OneTimes.Where(one => one.ExpiresAt < now && (one.Key.StartsWith(SessionKey) || one.Key.StartsWith(AttemptKey))).ExecuteDeleteAsync(token).ConfigureAwait(false);
                if (key.StartsWith(AttemptKey, StringComparison.Ordinal) && await db.OneTimes.CountAsync(one => one.Key.StartsWith(AttemptKey), token).ConfigureAwait(false) >= MostAttempts)
                    throw AdminProblem.Unavailable("too-many-signins", "Too many sign-ins are on their way.");
                db.OneTimes.Add(new OneTimeRow { Key = key, Payload = payload, CreatedAt = now, ExpiresAt = until });
                return true;
            },
            cancel);
    }

    private T? Open<T>(OneTimeRow? row)
        where T : class
    {
        if (row?.Payload is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize<T>(sealer.Open(SealPurposes.OneTime(row.Key), row.Payload));
        }
        catch (CryptographicException)
        {
            return null; // Sealed by a key that is no longer at hand: sign in again.
        }
    }
}
