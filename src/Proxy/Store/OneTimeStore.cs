using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>
/// What is good for a short time, most of it once: logins under way, tickets, marks of what has been seen. It lies in the store, so that any node can finish
/// what another began; sealed, and under a hash of what finds it, so that the row alone is worth nothing.
/// </summary>
internal sealed class OneTimeStore(IStateStore store, ISealer sealer, TimeProvider time)
{
    /// <summary>A secret that nobody guesses, as text for an address or a cookie: 256 bits.</summary>
    public static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>SHA-256 in hexadecimal.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>The key of something that these texts find, all of them together.</summary>
    /// <param name="use">What it is for: a word and a colon.</param>
    public static string Key(string use, params ReadOnlySpan<string?> texts) => use + Hash(string.Join('\n', texts));

    /// <summary>Keeps something.</summary>
    /// <param name="before">What is done in the same transaction first, such as counting; it may throw.</param>
    public Task KeepAsync<T>(string key, T value, DateTimeOffset until, CancellationToken cancel, Func<StateContext, CancellationToken, Task>? before = null)
    {
        byte[] payload = sealer.Seal(SealPurposes.OneTime(key), JsonSerializer.SerializeToUtf8Bytes(value));
        DateTimeOffset now = time.GetUtcNow();
        return store.WriteAsync(
            async (db, token) =>
            {
                if (before is not null)
                    await before(db, token).ConfigureAwait(false);
                db.OneTimes.Add(new OneTimeRow { Key = key, Payload = payload, CreatedAt = now, ExpiresAt = until });
                return true;
            },
            cancel);
    }

    /// <summary>Looks at something and leaves it; null: it is not there any more.</summary>
    public async Task<T?> FindAsync<T>(string key, CancellationToken cancel)
        where T : class
    {
        DateTimeOffset now = time.GetUtcNow();
        byte[]? payload = await store.ReadAsync(
            (db, token) => db.OneTimes.Where(one => one.Key == key && one.ExpiresAt > now).Select(one => one.Payload).SingleOrDefaultAsync(token), cancel).ConfigureAwait(false);
        return Open<T>(key, payload);
    }

    /// <summary>Takes something out: of many who ask exactly one gets it; null: it is not there any more.</summary>
    public async Task<T?> TakeAsync<T>(string key, CancellationToken cancel)
        where T : class
    {
        DateTimeOffset now = time.GetUtcNow();
        byte[]? payload = await store.WriteAsync(
            async (db, token) =>
            {
                OneTimeRow? row = await db.OneTimes.AsNoTracking().SingleOrDefaultAsync(one => one.Key == key, token).ConfigureAwait(false);
                bool taken = row is not null && await db.OneTimes.Where(one => one.Key == key).ExecuteDeleteAsync(token).ConfigureAwait(false) > 0;
                return taken && row!.ExpiresAt > now ? row.Payload : null;
            },
            cancel).ConfigureAwait(false);
        return Open<T>(key, payload);
    }

    /// <summary>Forgets something before its time.</summary>
    public Task DropAsync(string key, CancellationToken cancel) =>
        store.WriteAsync((db, token) => db.OneTimes.Where(one => one.Key == key).ExecuteDeleteAsync(token), cancel);

    /// <summary>Marks something as seen. True for exactly one caller until then.</summary>
    public Task<bool> MarkAsync(string key, DateTimeOffset until, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        return store.WriteAsync(
            async (db, token) =>
            {
                if (await db.OneTimes.AnyAsync(one => one.Key == key, token).ConfigureAwait(false))
                    return false;
                db.OneTimes.Add(new OneTimeRow { Key = key, CreatedAt = now, ExpiresAt = until });
                return true;
            },
            cancel);
    }

    private T? Open<T>(string key, byte[]? payload)
        where T : class
    {
        if (payload is null)
            return null;
        try
        {
            return JsonSerializer.Deserialize<T>(sealer.Open(SealPurposes.OneTime(key), payload));
        }
        catch (CryptographicException)
        {
            return null; // Sealed by a key that is no longer at hand: whoever wanted it begins again.
        }
    }
}
