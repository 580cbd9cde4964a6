using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>The catalogs of all targets, one per database, shared by the sessions that need them.</summary>
public sealed class PgCatalogs(IUpstream upstream, PgLimits limits)
{
    private readonly ConcurrentDictionary<(string Target, string Database), PgCatalog> _catalogs = new();

    internal PgCatalog For(TargetInfo target, string database) =>
        _catalogs.GetOrAdd((target.Name, database), static (key, x) => new PgCatalog(x.Login, x.Target, key.Database, x.Limits),
            (Login: new PgTargetLogin(upstream, limits), Target: target, Limits: limits));
}

/// <summary>One database's catalog: read on a side connection with the target's own credential, shared, renewed when it may be out of date.</summary>
internal sealed class PgCatalog(PgTargetLogin login, TargetInfo target, string database, PgLimits limits)
{
    /// <summary>Older than this, it is renewed behind the sessions' backs.</summary>
    private const long FreshFor = 30_000;

    /// <summary>Older than this, sessions wait for a new one.</summary>
    private const long UsableFor = 300_000;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly ConditionalWeakTable<MaskPlan, PgMaskIndex> _indexes = [];
    private volatile PgCatalogSnapshot? _snapshot;
    private Task<PgCatalogSnapshot>? _loading;
    private int _generation;
    private int _loadingGeneration;

    /// <summary>The index for a plan, from a catalog that is recent enough.</summary>
    /// <exception cref="IOException">The catalog cannot be read: nothing can be masked, so nothing may be shown.</exception>
    public async ValueTask<PgMaskIndex> IndexAsync(MaskPlan plan, CancellationToken cancel)
    {
        PgCatalogSnapshot? snapshot = _snapshot;
        if (snapshot is null || Environment.TickCount64 - snapshot.LoadedAt > UsableFor)
            snapshot = await LoadAsync().WaitAsync(cancel).ConfigureAwait(false);
        return IndexOf(snapshot, plan);
    }

    /// <summary>The index for a plan from a catalog read after this call began.</summary>
    /// <exception cref="IOException">The catalog cannot be read.</exception>
    public async Task<PgMaskIndex> RenewAsync(MaskPlan plan, CancellationToken cancel)
    {
        // A load under way may have passed the change already: one that begins now has not.
        Task? before = _loading;
        if (before is not null)
            await before.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return IndexOf(await LoadAsync().WaitAsync(cancel).ConfigureAwait(false), plan);
    }

    /// <summary>The index at hand, without waiting; renews the catalog in the background when it is no longer fresh. Null: it must be waited for.</summary>
    public PgMaskIndex? Peek(MaskPlan plan)
    {
        PgCatalogSnapshot? snapshot = _snapshot;
        long age = snapshot is null ? long.MaxValue : Environment.TickCount64 - snapshot.LoadedAt;
        if (age > UsableFor)
            return null;
        if (age > FreshFor)
            ObserveFailure(LoadAsync());
        return IndexOf(snapshot!, plan);
    }

    /// <summary>What is at hand is out of date: the next who needs the catalog waits for a new one.</summary>
    public void Invalidate()
    {
        lock (_lock)
        {
            _generation++;
            _snapshot = null;
        }
    }

    private static void ObserveFailure(Task loading) =>
        // A failed renewal leaves the old catalog in place until it is too old to use; then whoever needs it gets the error.
        loading.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private PgMaskIndex IndexOf(PgCatalogSnapshot snapshot, MaskPlan plan)
    {
        if (_indexes.TryGetValue(plan, out PgMaskIndex? index) && ReferenceEquals(index.Catalog, snapshot))
            return index;
        index = new PgMaskIndex(snapshot, plan);
        _indexes.AddOrUpdate(plan, index);
        return index;
    }

    private Task<PgCatalogSnapshot> LoadAsync()
    {
        lock (_lock)
        {
            if (_loading is null or { IsCompleted: true } || _loadingGeneration != _generation)
            {
                // One that began before the last change may have passed it already.
                int generation = _loadingGeneration = _generation;
                _loading = Task.Run(() => LoadOnceAsync(generation));
            }

            return _loading;
        }
    }

    private async Task<PgCatalogSnapshot> LoadOnceAsync(int generation)
    {
        using var timeout = new CancellationTokenSource(Deadline);
        PgTargetConnection connection = await login.ConnectAsync(target, database,
            [new("application_name", "sallyport catalog"), new("client_encoding", "UTF8"), new("search_path", "pg_catalog")],
            StartupCode.Version30, timeout.Token).ConfigureAwait(false);
        await using var side = new PgSideConnection(connection, limits);
        using CancellationTokenRegistration cut = timeout.Token.Register(static d => ((IDuplex)d!).Abort(), connection.Duplex);
        PgCatalogSnapshot snapshot = await PgCatalogSnapshot.LoadAsync(side, timeout.Token).ConfigureAwait(false);
        lock (_lock)
        {
            if (generation == _generation)
                _snapshot = snapshot;
        }

        return snapshot;
    }

    /// <summary>Makes <paramref name="snapshot"/> the one in use.</summary>
    internal void Adopt(PgCatalogSnapshot snapshot) => _snapshot = snapshot;
}
