using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>Follows the chain of events in the store, node by node: each node chains its own lines.</summary>
internal static class StoredAuditProof
{
    private const int Page = 1000;

    public static async Task<AuditProofJson> VerifyAsync(IStateStore store, CancellationToken cancel)
    {
        List<string> nodes = await store.ReadAsync((db, token) => db.Audit.Select(row => row.Node).Distinct().OrderBy(node => node).ToListAsync(token), cancel).ConfigureAwait(false);
        long events = 0;
        foreach (string node in nodes)
        {
            (long count, string? broken) = await VerifyAsync(store, node, cancel).ConfigureAwait(false);
            events += count;
            if (broken is not null)
                return new AuditProofJson(false, events, $"node {node}: {broken}");
        }

        return new AuditProofJson(true, events);
    }

    private static async Task<(long Events, string? Broken)> VerifyAsync(IStateStore store, string node, CancellationToken cancel)
    {
        long events = 0, last = -1;
        List<ReadOnlyMemory<byte>> lines = [];
        while (true)
        {
            long from = last;
            var rows = await store.ReadAsync(
                (db, token) => db.Audit.Where(row => row.Node == node && row.Sequence > from).OrderBy(row => row.Sequence).Take(Page).Select(row => new { row.Sequence, row.Json }).ToListAsync(token),
                cancel).ConfigureAwait(false);
            if (rows.Count == 0)
                return (events, null);

            // The last line of the page before ties this page to it.
            lines = [.. lines.TakeLast(1), .. rows.Select(row => new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(row.Json)))];
            foreach ((_, string what) in AuditChain.Verify(lines))
                return (events, $"after {events} whole events, one {what}");
            events += rows.Count;
            last = rows[^1].Sequence;
        }
    }
}
