using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>Changes of keys, while daemons may be running.</summary>
internal static class KeyChange
{
    /// <summary>Beyond the ripening of a key: what a daemon sealed by the old one at the last moment is in the store by then.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Makes a new data key, waits until every daemon seals by it, seals every secret again, and takes the old keys out of the store: all in one transaction,
    /// so that a crash at any moment leaves a store that opens.
    /// </summary>
    /// <returns>How many secrets were sealed again, by column.</returns>
    public static async Task<IReadOnlyDictionary<string, int>> RotateAsync(StateStore store, Sealer sealer, OperatorKey operatorKey, string node, TimeProvider time, CancellationToken cancel)
    {
        DataKeyRow made = await store.WriteAsync(
            async (db, token) =>
            {
                DataKeyRow row = await DataKeys.AddAsync(db, operatorKey, time.GetUtcNow(), token).ConfigureAwait(false);
                await EventLog.AppendAsync(db, new ClusterEvent(ClusterEvents.Keys, "{}", node), time.GetUtcNow(), token).ConfigureAwait(false);
                return row;
            },
            cancel).ConfigureAwait(false);
        await Task.Delay(DataKeys.Ripening + Settling, time, cancel).ConfigureAwait(false);
        await sealer.ReloadAsync(cancel).ConfigureAwait(false);
        if (sealer.CurrentKey != made.Id)
            throw new StateRefusedException("another change of keys is going on: start again when it is over");
        IReadOnlyDictionary<string, int> done = await store.WriteAsync((db, token) => ResealAsync(db, sealer, made.Id, node, time, token), cancel).ConfigureAwait(false);
        await store.Database.ForgetDeletedAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return done;
    }

    /// <summary>
    /// First step of a new operator's key: every data key is sealed by the new one too. From here on either of them opens the store, and daemons are started again
    /// with the new one, one after the other.
    /// </summary>
    public static Task<int> BeginRewrapAsync(IStateStore store, OperatorKey old, OperatorKey next, CancellationToken cancel) => store.WriteAsync(
        async (db, token) =>
        {
            if (old.Fingerprint == next.Fingerprint)
                throw new StateRefusedException("the new key is the key in use");
            List<DataKeyRow> rows = await DataKeys.ReadAsync(db, token).ConfigureAwait(false);
            foreach (DataKeyRow row in rows)
            {
                if (row.WrappedBy != old.Fingerprint)
                    throw new StateRefusedException($"store.key is not the key that sealed the state ({row.WrappedBy})");
                row.NextWrapped = next.Wrap(row.Id, DataKeys.Unwrap(row, old));
                row.NextWrappedBy = next.Fingerprint;
            }

            return rows.Count;
        },
        cancel);

    /// <summary>Second step, with the new key configured: the old one no longer opens the store.</summary>
    public static async Task<int> FinishRewrapAsync(StateStore store, OperatorKey now, CancellationToken cancel)
    {
        int count = await store.WriteAsync(
            async (db, token) =>
            {
                List<DataKeyRow> rows = await DataKeys.ReadAsync(db, token).ConfigureAwait(false);
                foreach (DataKeyRow row in rows)
                {
                    if (row.NextWrapped is null || row.NextWrappedBy != now.Fingerprint)
                        throw new StateRefusedException("store.key is not the new key of a change that was begun (sallyport keys rewrap --new-key FILE)");

                    // Not before it is known to open.
                    DataKeys.Unwrap(row, now);
                    (row.Wrapped, row.WrappedBy, row.NextWrapped, row.NextWrappedBy) = (row.NextWrapped, row.NextWrappedBy, null, null);
                }

                return rows.Count;
            },
            cancel).ConfigureAwait(false);
        await store.Database.ForgetDeletedAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return count;
    }

    private static async Task<IReadOnlyDictionary<string, int>> ResealAsync(StateContext db, Sealer sealer, int key, string node, TimeProvider time, CancellationToken cancel)
    {
        var done = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (SealedColumn column in SealedColumns.All)
            done[column.Name] = await column.ResealAsync(db, sealer, key, cancel).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        await db.DataKeys.Where(k => k.Id < key).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await EventLog.AppendAsync(db, new ClusterEvent(ClusterEvents.Keys, "{}", node), time.GetUtcNow(), cancel).ConfigureAwait(false);
        return done;
    }
}
