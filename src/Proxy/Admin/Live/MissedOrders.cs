using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>
/// An order for a session is told to all nodes, and written into the session's row: a node that was away from the store when it was told finds
/// it there when it is back.
/// </summary>
/// <param name="obey">Carries an order out.</param>
internal sealed class MissedOrders(ICluster cluster, IStateStore store, Func<SessionOrder, bool> obey) : IDisposable
{
    private IDisposable? _subscription;

    public void Start() => _subscription = cluster.Subscribe(ClusterEvents.Session, (told, cancel) => told is null ? LookAsync(cancel) : Task.CompletedTask);

    public void Dispose() => _subscription?.Dispose();

    private async Task LookAsync(CancellationToken cancel)
    {
        string node = cluster.Node;
        var ordered = await store.ReadAsync(
            (db, token) => db.Sessions.Where(row => row.Node == node && (row.State == SessionStates.Frozen || row.State == SessionStates.Ending))
                .Select(row => new { row.Id, row.State }).ToListAsync(token),
            cancel).ConfigureAwait(false);
        foreach (var row in ordered)
            obey(new SessionOrder(row.Id, row.State == SessionStates.Frozen ? SessionOrder.Freeze : SessionOrder.End, "ordered while this node was away from its store"));
    }
}
