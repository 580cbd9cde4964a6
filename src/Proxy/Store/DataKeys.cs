using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>The data keys in the store, and how they are opened and made.</summary>
internal static class DataKeys
{
    /// <summary>
    /// A new key seals only after this, so that every node that hears of it within seconds can open what it sealed. The first key of a store seals at once.
    /// </summary>
    public static readonly TimeSpan Ripening = TimeSpan.FromSeconds(5);

    /// <summary>Opens every key.</summary>
    /// <exception cref="StateRefusedException">The operator's key is not the one that sealed them.</exception>
    public static IReadOnlyList<DataKey> Open(IReadOnlyList<DataKeyRow> rows, OperatorKey operatorKey)
    {
        var keys = new List<DataKey>(rows.Count);
        foreach (DataKeyRow row in rows)
        {
            byte[] key = Unwrap(row, operatorKey);
            keys.Add(new DataKey(row.Id, key, row.CreatedAt));
            CryptographicOperations.ZeroMemory(key);
        }

        return keys;
    }

    /// <summary>Opens one; while the operator's key is being changed either of the two opens it.</summary>
    /// <inheritdoc cref="Open"/>
    public static byte[] Unwrap(DataKeyRow row, OperatorKey operatorKey)
    {
        byte[] wrapped = row.WrappedBy == operatorKey.Fingerprint ? row.Wrapped
            : row.NextWrapped is { } next && row.NextWrappedBy == operatorKey.Fingerprint ? next
            : throw new StateRefusedException($"store.key is the wrong key: the state is sealed by the key {row.WrappedBy}, and this is {operatorKey.Fingerprint}. Give the right key; without it the secrets in the state are lost.");
        try
        {
            return operatorKey.Unwrap(row.Id, wrapped);
        }
        catch (CryptographicException damaged)
        {
            throw new StateRefusedException($"data key {row.Id} is damaged: it says that store.key sealed it, but store.key does not open it", damaged);
        }
    }

    public static Task<List<DataKeyRow>> ReadAsync(StateContext db, CancellationToken cancel) => db.DataKeys.OrderBy(k => k.Id).ToListAsync(cancel);

    /// <summary>Adds a key, within a writing transaction.</summary>
    /// <exception cref="StateRefusedException">The operator's key is being changed: a key made now could be opened by one of the two only.</exception>
    public static async Task<DataKeyRow> AddAsync(StateContext db, OperatorKey operatorKey, DateTimeOffset now, CancellationToken cancel)
    {
        List<DataKeyRow> rows = await db.DataKeys.AsNoTracking().OrderBy(k => k.Id).ToListAsync(cancel).ConfigureAwait(false);
        if (rows.Any(r => r.NextWrapped is not null))
            throw new StateRefusedException("the operator's key is being changed: finish that first (sallyport keys rewrap --finish)");
        if (rows.Any(r => r.WrappedBy != operatorKey.Fingerprint))
            throw new StateRefusedException("the state is sealed by another operator's key");
        int id = rows.Count == 0 ? 1 : rows[^1].Id + 1;
        byte[] key = RandomNumberGenerator.GetBytes(OperatorKey.Length);
        var row = new DataKeyRow { Id = id, Wrapped = operatorKey.Wrap(id, key), WrappedBy = operatorKey.Fingerprint, CreatedAt = now };
        CryptographicOperations.ZeroMemory(key);
        db.DataKeys.Add(row);
        return row;
    }
}

/// <summary>An opened data key.</summary>
internal sealed class DataKey(int id, ReadOnlySpan<byte> key, DateTimeOffset createdAt)
{
    public int Id => id;

    public DateTimeOffset CreatedAt => createdAt;

    /// <summary>Not disposed while anybody may be sealing; there are a handful in a process's life.</summary>
    public AesGcm Cipher { get; } = new(key, SealedBytes.TagLength);
}
