using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

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
internal sealed class PendingLogins(IStateStore store, ISealer sealer, TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>A secret that cannot be guessed, as text for an address.</summary>
    public static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Remembers a login; <paramref name="state"/> finds it again.</summary>
    public Task OpenAsync(string state, string binding, PendingLogin login, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        string key = Key(state, binding);
        var row = new OneTimeRow
        {
            Key = key,
            Payload = sealer.Seal(SealPurposes.OneTime(key), JsonSerializer.SerializeToUtf8Bytes(login)),
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };
        return store.WriteAsync(
            (db, _) =>
            {
                db.OneTimes.Add(row);
                return Task.FromResult(true);
            },
            cancel);
    }

    /// <summary>Takes a login that was opened in this browser: null when there is none, or it has been taken.</summary>
    public async Task<PendingLogin?> TakeAsync(string state, string binding, CancellationToken cancel)
    {
        string key = Key(state, binding);
        DateTimeOffset now = time.GetUtcNow();
        byte[]? payload = await store.WriteAsync(
            async (db, stop) =>
            {
                OneTimeRow? row = await db.OneTimes.AsTracking().SingleOrDefaultAsync(o => o.Key == key, stop).ConfigureAwait(false);
                if (row is null)
                    return null;
                db.OneTimes.Remove(row);
                return row.ExpiresAt > now ? row.Payload : null;
            },
            cancel).ConfigureAwait(false);
        return payload is null ? null : JsonSerializer.Deserialize<PendingLogin>(sealer.Open(SealPurposes.OneTime(key), payload));
    }

    private static string Key(string state, string binding) =>
        "federation:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{state}\n{binding}")));
}
