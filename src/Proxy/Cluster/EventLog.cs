using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Cluster;

/// <summary>The table of events.</summary>
internal sealed class EventLog(IStateStore store)
{
    /// <summary>What PostgreSQL's listeners listen to.</summary>
    public const string Channel = "sallyport";

    /// <summary>Events read at once.</summary>
    public const int Page = 500;

    /// <summary>How far back a start looks for numbers that are not there yet.</summary>
    private const int Recent = 64;

    /// <summary>Writes an event; PostgreSQL tells its listeners when, and only if, the transaction ends well.</summary>
    public static async Task<ClusterEventRow> AppendAsync(StateContext db, ClusterEvent news, DateTimeOffset now, CancellationToken cancel)
    {
        var row = new ClusterEventRow { Node = news.Node, Kind = news.Kind, Payload = news.Payload, At = now };
        db.ClusterEvents.Add(row);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        if (db.Database.IsNpgsql())
            await db.Database.ExecuteSqlAsync($"SELECT pg_notify({Channel}, '')", cancel).ConfigureAwait(false);
        return row;
    }

    /// <summary>The newest numbers, lowest first.</summary>
    public Task<List<long>> RecentAsync(CancellationToken cancel) => store.ReadAsync(
        async (db, token) =>
        {
            List<long> newest = await db.ClusterEvents.OrderByDescending(e => e.Sequence).Select(e => e.Sequence).Take(Recent).ToListAsync(token).ConfigureAwait(false);
            newest.Reverse();
            return newest;
        },
        cancel);

    /// <summary>What came after a number, and those before it that were missing; lowest first, a page at most.</summary>
    public Task<List<ClusterEventRow>> AfterAsync(long last, IReadOnlyCollection<long> missing, CancellationToken cancel)
    {
        long[] wanted = [.. missing];
        return store.ReadAsync(
            (db, token) => db.ClusterEvents.Where(e => e.Sequence > last || wanted.Contains(e.Sequence)).OrderBy(e => e.Sequence).Take(Page).ToListAsync(token),
            cancel);
    }

    public Task<int> TrimAsync(DateTimeOffset before, CancellationToken cancel) =>
        store.WriteAsync((db, token) => db.ClusterEvents.Where(e => e.At < before).ExecuteDeleteAsync(token), cancel);
}
