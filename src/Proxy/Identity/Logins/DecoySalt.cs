using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Logins;

/// <summary>
/// What a SCRAM exchange shows for a user name that does not exist (RFC 5802 9): a salt made of the name and a secret, always the same, on
/// every node and after every start, as the salt of a real one is.
/// </summary>
internal sealed class DecoySalt(byte[] secret)
{
    private const string Key = "logins:decoy-secret";

    /// <summary>Reads the secret that all nodes share; the first node makes it.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be reached.</exception>
    public static async Task<DecoySalt> LoadAsync(IStateStore store, ISealer sealer, TimeProvider time, CancellationToken cancel)
    {
        byte[] fresh = sealer.Seal(SealPurposes.OneTime(Key), RandomNumberGenerator.GetBytes(32));
        byte[] kept = await store.WriteAsync(async (state, stop) =>
        {
            OneTimeRow? row = await state.OneTimes.FirstOrDefaultAsync(o => o.Key == Key, stop).ConfigureAwait(false);
            if (row?.Payload is { } payload)
                return payload;
            state.OneTimes.Add(new OneTimeRow { Key = Key, Payload = fresh, CreatedAt = time.GetUtcNow(), ExpiresAt = DateTimeOffset.MaxValue });
            await state.SaveChangesAsync(stop).ConfigureAwait(false);
            return fresh;
        }, cancel).ConfigureAwait(false);
        return new DecoySalt(sealer.Open(SealPurposes.OneTime(Key), kept));
    }

    /// <summary>The salt of a name.</summary>
    public byte[] For(string user) => HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(user))[..IssuedPasswords.SaltLength];
}
