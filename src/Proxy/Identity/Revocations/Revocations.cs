using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Revocations;

/// <summary>
/// What is no longer good before its time is over: written once, known to every node within a second, looked up in memory at each login, and
/// applied to live sessions by whoever listens to <see cref="Revoked"/>.
/// </summary>
internal sealed class Revocations : IDisposable
{
    /// <summary>Kept for so long when it is not known how long what it concerns is good: longer than any credential may live.</summary>
    private static readonly TimeSpan Keep = TimeSpan.FromDays(400);

    private readonly IStateStore _store;
    private readonly ICluster _cluster;
    private readonly IAudit _audit;
    private readonly string _broker;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly RevocationSet _set;
    private IDisposable? _subscription;
    private volatile bool _loaded;

    /// <param name="broker">The broker's address: what an empty issuer means.</param>
    public Revocations(IStateStore store, ICluster cluster, IAudit audit, string broker, TimeProvider time, Log log)
    {
        _store = store;
        _cluster = cluster;
        _audit = audit;
        _broker = broker;
        _time = time;
        _log = log;
        _set = new RevocationSet(broker);
    }

    /// <summary>There is something new: sessions must be looked at again. On the thread pool, perhaps without need; must not throw.</summary>
    public event Action? Revoked;

    /// <summary>False until the store's list was read for the first time: nobody can be let in before.</summary>
    public bool IsLoaded => _loaded;

    /// <summary>Revocations in force.</summary>
    public int Count => _set.Count;

    /// <summary>Reads the store's list, and listens.</summary>
    /// <exception cref="StoreUnavailableException">The list cannot be read.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        // Listen first: what is revoked while the list is read is not missed.
        _subscription = _cluster.Subscribe(ClusterEvents.Revoked, HeardAsync);
        await ReloadAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>What revokes this identity; null: nothing. In memory.</summary>
    public Revocation? Find(Contract.Identity identity) => _set.Find(identity);

    /// <summary>Revokes, on every node. Returns when it is in force here and written for all.</summary>
    /// <param name="kind">A word of <see cref="RevocationKinds"/>.</param>
    /// <param name="issuer">Of what issuer; empty: the broker.</param>
    /// <param name="value">What: a <c>jti</c>, a <c>sid</c>, a subject, a group, an id.</param>
    /// <param name="reason">Why, for the audit and for the recordings of the sessions it ends.</param>
    /// <param name="actor">Who does it; null: the daemon.</param>
    /// <param name="until">When what it concerns ends by itself; null: not known.</param>
    /// <param name="keep">Keeps the audit event before it is done; null: it is kept afterwards, as what revokes by itself must not wait for a disk.</param>
    /// <exception cref="ArgumentException">No such kind, or a value that is none.</exception>
    /// <exception cref="IOException">It could not be written, or not be audited (then it is in force nevertheless).</exception>
    public async Task<Revocation> RevokeAsync(
        string kind, string issuer, string value, string reason, AuditActor? actor, CancellationToken cancel, DateTimeOffset? until = null, Func<AuditEvent, ValueTask>? keep = null)
    {
        if (!RevocationKinds.All.Contains(kind))
            throw new ArgumentException($"\"{kind}\" cannot be revoked: one of {string.Join(", ", RevocationKinds.All)}.", nameof(kind));
        if (value.Length is 0 or > TokenParts.LongestName || issuer.Length > TokenParts.LongestName || Claims.Printable(value) is null)
            throw new ArgumentException("What is revoked has a name of 1 to 512 printable characters.", nameof(value));

        DateTimeOffset now = _time.GetUtcNow();
        var row = new RevocationRow
        {
            Id = Guid.CreateVersion7(now),
            Kind = kind,
            Issuer = issuer == _broker ? "" : issuer,
            Value = value,
            At = now,
            ExpiresAt = until ?? now + Keep,
            Reason = OneLine.Of(reason),
        };
        Revocation revocation = Revocation.Of(row, _broker);
        var audit = new AuditEvent(AuditTypes.RevocationCreated, actor)
        {
            Object = $"{kind}:{value}",
            Reason = row.Reason,
            Details = new Dictionary<string, string> { ["id"] = row.Id.ToString(), ["issuer"] = revocation.Issuer },
        };
        if (keep is not null)
            await keep(audit).ConfigureAwait(false);
        await _store.WriteAsync(async (state, stop) =>
        {
            state.Revocations.Add(row);
            return await state.SaveChangesAsync(stop).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);

        Apply(revocation);
        await _cluster.PublishAsync(ClusterEvents.Revoked, JsonSerializer.Serialize(new { id = row.Id }), cancel).ConfigureAwait(false);
        if (keep is null)
            await _audit.KeepAsync(audit, cancel).ConfigureAwait(false);
        return revocation;
    }

    /// <summary>The revocations in force, the latest first.</summary>
    public Task<List<Revocation>> ListAsync(int most, CancellationToken cancel) =>
        _store.ReadAsync(async (state, stop) =>
        {
            DateTimeOffset now = _time.GetUtcNow();
            List<RevocationRow> rows = await state.Revocations.Where(r => r.ExpiresAt > now).OrderByDescending(r => r.At).Take(most).ToListAsync(stop).ConfigureAwait(false);
            return rows.ConvertAll(row => Revocation.Of(row, _broker));
        }, cancel);

    /// <summary>Reads the store's list again, and applies it: some of it may have been missed.</summary>
    public async Task ReloadAsync(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        List<RevocationRow> rows = await _store.ReadAsync(
            (state, stop) => state.Revocations.Where(r => r.ExpiresAt > now && r.Kind != "grant").ToListAsync(stop), cancel).ConfigureAwait(false);
        List<Revocation> all = rows.ConvertAll(row => Revocation.Of(row, _broker));
        _set.Prune(now);
        all.ForEach(_set.Add);
        _loaded = true;
        Revoked?.Invoke();
    }

    /// <summary>Forgets what can no longer matter, here and in the store.</summary>
    public async Task PruneAsync(CancellationToken cancel)
    {
        DateTimeOffset now = _time.GetUtcNow();
        _set.Prune(now);
        await _store.WriteAsync((state, stop) => state.Revocations.Where(r => r.ExpiresAt <= now).ExecuteDeleteAsync(stop), cancel).ConfigureAwait(false);
    }

    public void Dispose() => _subscription?.Dispose();

    private void Apply(Revocation revocation)
    {
        _set.Add(revocation);
        Revoked?.Invoke();
    }

    private async Task HeardAsync(ClusterEvent? heard, CancellationToken cancel)
    {
        Guid? id = heard is null ? null : EventJson.Id(heard.Payload, "id");
        if (id is null)
        {
            await ReloadAsync(cancel).ConfigureAwait(false);
            return;
        }

        RevocationRow? row = await _store.ReadAsync(
            (state, stop) => state.Revocations.FirstOrDefaultAsync(r => r.Id == id.Value, stop), cancel).ConfigureAwait(false);
        if (row is null)
            _log.Warning("revocation-missing", new LogField("id", id.ToString()));
        else
            Apply(Revocation.Of(row, _broker));
    }
}
