using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Cluster;

/// <summary>
/// Says every few seconds that this node is alive, and clears up after nodes that have stopped saying so: their sessions are gone, and what was held for them
/// can no longer be let through. Times are the database's, so that nodes need not agree on theirs.
/// </summary>
internal sealed class NodeRegistry : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>A node silent for so long is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly IStateStore _store;
    private readonly ICluster _cluster;
    private readonly Guid _incarnation;
    private readonly string _version;
    private readonly TimeProvider _time;
    private readonly Log _log;
    private readonly CancellationTokenSource _stop = new();
    private Task _beating = Task.CompletedTask;

    public NodeRegistry(IStateStore store, ICluster cluster, Guid incarnation, string version, TimeProvider time, Log log)
    {
        _store = store;
        _cluster = cluster;
        _incarnation = incarnation;
        _version = version;
        _time = time;
        _log = log;
    }

    /// <summary>Asked with each beat for the digest of the policy in force.</summary>
    public Func<string> Policy { get; set; } = () => "";

    /// <summary>A node's rows were cleared away, and these approvals are now lost. Also for an earlier life of this node.</summary>
    public event Action<string, IReadOnlyList<Guid>>? Gone;

    /// <summary>This node's row was cleared away by the others, who took it for dead: what it has there is to be written again.</summary>
    public event Action? Returned;

    /// <summary>Enters this node, in place of an earlier life of it.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await ClearAsync(_cluster.Node, earlierLife: true, cancel).ConfigureAwait(false);
        await BeatAsync(cancel).ConfigureAwait(false);
        _beating = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Leaves: the others need not wait to know.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _beating.ConfigureAwait(false);
        try
        {
            using var time = new CancellationTokenSource(Interval);
            await ClearAsync(_cluster.Node, earlierLife: false, time.Token).ConfigureAwait(false);
        }
        catch (Exception away) when (away is StoreUnavailableException or OperationCanceledException)
        {
            // Then the others find out by our silence.
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
                await TurnAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task TurnAsync()
    {
        try
        {
            if (!await BeatAsync(_stop.Token).ConfigureAwait(false))
                Returned?.Invoke();
            foreach (string dead in await SilentAsync(_stop.Token).ConfigureAwait(false))
                await ClearAsync(dead, earlierLife: false, _stop.Token).ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            // The store's own log line says why; the next beat says whether others took us for dead.
            await Task.Yield();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !_stop.IsCancellationRequested)
        {
            // A node whose heart has stopped is taken for dead, and what waits there for lost.
            _log.Error("node-beat-failed", new("error", failure.GetType().FullName), new("detail", failure.Message));
        }
    }

    /// <summary>False when the row was not there, or another's.</summary>
    private Task<bool> BeatAsync(CancellationToken cancel) => _store.WriteAsync(
        async (db, token) =>
        {
            DateTimeOffset now = await NowAsync(db, token).ConfigureAwait(false);
            NodeRow? row = await db.Nodes.SingleOrDefaultAsync(n => n.Name == _cluster.Node, token).ConfigureAwait(false);
            bool ours = row?.Incarnation == _incarnation;
            if (row is null)
                db.Nodes.Add(row = new NodeRow { Name = _cluster.Node, Version = _version });
            if (!ours)
                row.StartedAt = now;
            row.Incarnation = _incarnation;
            row.Version = _version;
            row.Policy = Policy();
            row.LastSeenAt = now;
            return ours;
        },
        cancel);

    private Task<List<string>> SilentAsync(CancellationToken cancel) => _store.ReadAsync(
        async (db, token) =>
        {
            DateTimeOffset alive = await NowAsync(db, token).ConfigureAwait(false) - Silence;
            return await db.Nodes.Where(n => n.LastSeenAt < alive && n.Name != _cluster.Node).Select(n => n.Name).ToListAsync(token).ConfigureAwait(false);
        },
        cancel);

    private async Task ClearAsync(string node, bool earlierLife, CancellationToken cancel)
    {
        bool leaving = !earlierLife && node == _cluster.Node;
        IReadOnlyList<Guid>? lost = await _store.WriteAsync(
            async (db, token) =>
            {
                DateTimeOffset now = await NowAsync(db, token).ConfigureAwait(false);
                NodeRow? row = await db.Nodes.SingleOrDefaultAsync(n => n.Name == node, token).ConfigureAwait(false);

                // It may have spoken since, or another has cleared it away already. Of our own name we hold the lock: whatever is there is old, or ours.
                if (node != _cluster.Node && (row is null || row.LastSeenAt >= now - Silence))
                    return null;
                if (row is not null)
                    db.Nodes.Remove(row);
                await db.Sessions.Where(s => s.Node == node).ExecuteDeleteAsync(token).ConfigureAwait(false);
                List<ApprovalRow> held = await db.Approvals.Where(a => a.Node == node && a.Status == "pending" && a.Kind == "action").ToListAsync(token).ConfigureAwait(false);
                foreach (ApprovalRow approval in held)
                {
                    approval.Status = "lost";
                    approval.DecidedAt = now;
                }

                return (IReadOnlyList<Guid>)[.. held.Select(a => a.Id)];
            },
            cancel).ConfigureAwait(false);
        if (lost is null)
            return;
        foreach (Guid approval in lost)
            await _cluster.PublishAsync(ClusterEvents.Approval, $$"""{"id":"{{approval}}","status":"lost"}""", cancel).ConfigureAwait(false);
        if (!leaving && (!earlierLife || lost.Count > 0))
            _log.Warning("node-gone", new("gone", node), new("approvals-lost", lost.Count));
        Gone?.Invoke(node, lost);
    }

    private async Task<DateTimeOffset> NowAsync(StateContext db, CancellationToken cancel) => db.Database.IsNpgsql()
        ? DateTimeOffset.FromUnixTimeMilliseconds(await db.Database
            .SqlQuery<long>($"SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS \"Value\"").SingleAsync(cancel).ConfigureAwait(false))
        : _time.GetUtcNow();
}
