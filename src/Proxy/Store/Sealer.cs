using System.Security.Cryptography;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Store;

/// <summary>
/// Seals under the newest data key that every node has. Random nonces are safe for 2^32 seals a key, over all nodes and restarts (NIST SP 800-38D 8.3), so a
/// daemon sets aside blocks of seals in the store before it uses them, and half-way to the bound a new key is made.
/// </summary>
internal sealed class Sealer : ISealer, IAsyncDisposable
{
    /// <summary>Seals set aside at once.</summary>
    private const long Block = 1 << 20;

    /// <summary>From here on a new key is wanted; there is as much again until none may be sealed.</summary>
    private const long Tired = 1L << 31;

    private static readonly TimeSpan Upkeep = TimeSpan.FromSeconds(10);

    private readonly IStateStore _store;
    private readonly OperatorKey _operatorKey;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly SemaphoreSlim _reserving = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private Task _upkeep = Task.CompletedTask;
    private volatile Ring _ring;

    private Sealer(IStateStore store, OperatorKey operatorKey, TimeProvider time, Log log, Ring ring)
    {
        _store = store;
        _operatorKey = operatorKey;
        _time = time;
        _log = log;
        _ring = ring;
    }

    /// <summary>Opens the keys; makes the first.</summary>
    /// <exception cref="StateRefusedException">The operator's key is not the one that sealed them.</exception>
    public static async Task<Sealer> OpenAsync(IStateStore store, OperatorKey operatorKey, TimeProvider time, Log log, CancellationToken cancel)
    {
        await store.WriteAsync(
            async (db, token) =>
            {
                if ((await DataKeys.ReadAsync(db, token).ConfigureAwait(false)).Count == 0)
                    await DataKeys.AddAsync(db, operatorKey, time.GetUtcNow() - DataKeys.Ripening, token).ConfigureAwait(false);
                return true;
            },
            cancel).ConfigureAwait(false);
        var sealer = new Sealer(store, operatorKey, time, log, new Ring([]));
        await sealer.ReloadAsync(cancel).ConfigureAwait(false);
        sealer._upkeep = Task.Run(sealer.KeepUpAsync, CancellationToken.None);
        return sealer;
    }

    /// <summary>Takes up keys that were made elsewhere, and makes one when the newest is tired. Called when keys have changed, and now and then.</summary>
    public async Task ReloadAsync(CancellationToken cancel)
    {
        await _reserving.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            List<DataKeyRow> rows = await _store.ReadAsync(DataKeys.ReadAsync, cancel).ConfigureAwait(false);
            if (rows.Count > 0 && rows[^1].Reserved >= Tired && rows.All(r => r.NextWrapped is null))
            {
                int tired = rows[^1].Id;
                await _store.WriteAsync(
                    async (db, token) =>
                    {
                        if ((await DataKeys.ReadAsync(db, token).ConfigureAwait(false))[^1].Id == tired)
                            await DataKeys.AddAsync(db, _operatorKey, _time.GetUtcNow(), token).ConfigureAwait(false);
                        return true;
                    },
                    cancel).ConfigureAwait(false);
                rows = await _store.ReadAsync(DataKeys.ReadAsync, cancel).ConfigureAwait(false);
                _log.Info("data-key-made", new LogField("key", rows[^1].Id));
            }

            Ring before = _ring;
            DataKey[] keys = [.. DataKeys.Open(rows, _operatorKey)];
            _ring = new Ring([.. keys.Select(key => before.Find(key.Id) ?? new Held(key))]);

            // The key that seals now, and the one that will in a moment.
            foreach (Held held in _ring.Keys.Where(h => h.Left < Block / 2 && h.Key.Id >= CurrentKey))
                await ReserveAsync(held, cancel).ConfigureAwait(false);
        }
        finally
        {
            _reserving.Release();
        }
    }

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">No seals are set aside, and the store cannot be had.</exception>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> secret)
    {
        // Never an older key instead: once a rotation is over, what it sealed could not be opened any more.
        if (Newest(_ring) is not { } held || !held.TryTake())
            throw new StoreUnavailableException("no seals are set aside");
        return SealedBytes.Seal(held.Key.Cipher, held.Key.Id, purpose, secret);
    }

    public byte[] Open(string purpose, ReadOnlySpan<byte> sealedSecret)
    {
        int id = SealedBytes.KeyId(sealedSecret);
        Held held = _ring.Find(id) ?? throw new CryptographicException($"It was sealed by data key {id}, which is not at hand.");
        return SealedBytes.Open(held.Key.Cipher, purpose, sealedSecret);
    }

    /// <summary>Which key seals now.</summary>
    public int CurrentKey => Newest(_ring)?.Key.Id ?? 0;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _upkeep.ConfigureAwait(false);
        _operatorKey.Dispose();
        _reserving.Dispose();
        _stop.Dispose();
    }

    /// <summary>Sets seals aside in time, and hears of new keys even when the word of them got lost.</summary>
    private async Task KeepUpAsync()
    {
        using var timer = new PeriodicTimer(Upkeep, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            {
                try
                {
                    await ReloadAsync(_stop.Token).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is StoreUnavailableException or StateRefusedException)
                {
                    // The keys at hand stay good; the store's own log line says why it is away.
                    if (failure is StateRefusedException)
                        _log.Error("data-keys-refused", new LogField("error", failure.Message));
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private bool IsRipe(Held held) => held.Key.CreatedAt + DataKeys.Ripening <= _time.GetUtcNow();

    private Held? Newest(Ring ring) => ring.Keys.LastOrDefault(IsRipe) ?? ring.Keys.FirstOrDefault();

    private async Task ReserveAsync(Held held, CancellationToken cancel)
    {
        const long Most = 1L << 32;
        bool had = await _store.WriteAsync(
            async (db, token) =>
            {
                if (await db.DataKeys.FindAsync([held.Key.Id], token).ConfigureAwait(false) is not { } row || row.Reserved + Block > Most)
                    return false;
                row.Reserved += Block;
                return true;
            },
            cancel).ConfigureAwait(false);
        if (had)
            held.Add(Block);
        else
            _log.Error("data-key-exhausted", new LogField("key", held.Key.Id));
    }

    private sealed class Ring(IReadOnlyList<Held> keys)
    {
        /// <summary>Oldest first.</summary>
        public IReadOnlyList<Held> Keys => keys;

        public Held? Find(int id) => keys.FirstOrDefault(k => k.Key.Id == id);
    }

    private sealed class Held(DataKey key)
    {
        private long _left;

        public DataKey Key => key;

        public long Left => Volatile.Read(ref _left);

        public void Add(long seals) => Interlocked.Add(ref _left, seals);

        public bool TryTake()
        {
            if (Interlocked.Decrement(ref _left) >= 0)
                return true;
            Interlocked.Increment(ref _left);
            return false;
        }
    }
}
