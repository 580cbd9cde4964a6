using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>Every column that holds sealed secrets: what a change of data keys must seal again.</summary>
internal static class SealedColumns
{
    public static IReadOnlyList<SealedColumn> All { get; } =
    [
        new SealedColumn<UserRow, Guid>("users.TotpSecret", u => u.Id, u => u.TotpSecret, (u, value) => u.TotpSecret = value, SealPurposes.UserTotp),
        new SealedColumn<UserRow, Guid>("users.ProviderRefreshToken", u => u.Id, u => u.ProviderRefreshToken, (u, value) => u.ProviderRefreshToken = value, SealPurposes.UserProviderRefreshToken),
        new SealedColumn<SigningKeyRow, string>("signing_keys.Key", k => k.Id, k => k.Key, (k, value) => k.Key = value, SealPurposes.SigningKey),
        new SealedColumn<TargetRow, string>("targets.Password", t => t.Name, t => t.Password, (t, value) => t.Password = value, SealPurposes.TargetPassword),
        new SealedColumn<OneTimeRow, string>("one_times.Payload", o => o.Key, o => o.Payload, (o, value) => o.Payload = value, SealPurposes.OneTime),
    ];
}

/// <summary>A column of sealed secrets.</summary>
internal abstract class SealedColumn(string name)
{
    /// <summary>Table and column.</summary>
    public string Name => name;

    /// <summary>Seals again, within a writing transaction, what a key other than <paramref name="key"/> sealed.</summary>
    /// <returns>How many were.</returns>
    /// <exception cref="System.Security.Cryptography.CryptographicException">One does not open; nothing is changed.</exception>
    public abstract Task<int> ResealAsync(StateContext db, ISealer sealer, int key, CancellationToken cancel);
}

/// <inheritdoc/>
internal sealed class SealedColumn<TRow, TKey>(
    string name, Expression<Func<TRow, TKey>> id, Expression<Func<TRow, byte[]?>> get, Action<TRow, byte[]> set, Func<TKey, string> purpose)
    : SealedColumn(name)
    where TRow : class
    where TKey : notnull
{
    private readonly Func<TRow, TKey> _id = id.Compile();
    private readonly Func<TRow, byte[]?> _get = get.Compile();

    public override async Task<int> ResealAsync(StateContext db, ISealer sealer, int key, CancellationToken cancel)
    {
        int count = 0;
        List<TRow> rows = await db.Set<TRow>().OrderBy(id).ToListAsync(cancel).ConfigureAwait(false);
        foreach (TRow row in rows)
        {
            // A payload need not be sealed; and what the new key sealed already stays.
            if (_get(row) is not { } secret || !SealedBytes.Is(secret) || SealedBytes.KeyId(secret) == key)
                continue;
            string what = purpose(_id(row));
            byte[] opened = sealer.Open(what, secret);
            set(row, sealer.Seal(what, opened));
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(opened);
            count++;
        }

        return count;
    }
}
