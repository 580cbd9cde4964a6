using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>The nodes on this store.</summary>
internal sealed class NodeRoutes(IStateStore store, TimeProvider time, string self) : IAdminRoutes
{
    /// <summary>A node that was silent for longer counts as gone.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    public void Map(AdminRouteMap map) => map.Get("/v1/nodes", AdminRole.Viewer, ListAsync).Says("The nodes, and how many sessions each has.");

    private Task<Page<NodeJson>> ListAsync(AdminCall call) => store.ReadAsync(
        async (db, cancel) =>
        {
            DateTimeOffset alive = time.GetUtcNow() - Silence;
            Dictionary<string, int> sessions = await db.Sessions.GroupBy(row => row.Node).Select(group => new { Node = group.Key, Count = group.Count() })
                .ToDictionaryAsync(group => group.Node, group => group.Count, cancel).ConfigureAwait(false);
            var nodes = await db.Nodes.OrderBy(row => row.Name).Take(AdminLimits.LargestPage).ToListAsync(cancel).ConfigureAwait(false);
            return new Page<NodeJson>([.. nodes.Select(row => new NodeJson(
                row.Name, row.Version, row.StartedAt, row.LastSeenAt, row.LastSeenAt >= alive, row.Name == self, row.Policy, sessions.GetValueOrDefault(row.Name)))]);
        },
        call.Cancel);
}

/// <param name="IsAlive">It was heard of within half a minute.</param>
/// <param name="IsSelf">It is the one that answers.</param>
/// <param name="Policy">Digest of the policy in force there.</param>
/// <param name="Sessions">Live ones.</param>
internal sealed record NodeJson(
    string Name, string Version, DateTimeOffset StartedAt, DateTimeOffset LastSeenAt, bool IsAlive, bool IsSelf, string Policy, int Sessions);
