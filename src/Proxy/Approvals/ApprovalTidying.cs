using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>Ends what nobody else ends: requests whose node is gone, and requests whose time is over while nobody waits with them.</summary>
internal sealed class ApprovalTidying(ApprovalParts parts, Waiters waiters)
{
    private DateTimeOffset _looked = DateTimeOffset.UnixEpoch;

    /// <summary>What a node held is gone with it: its sessions have ended. For this node, before it takes any.</summary>
    public async Task LoseAsync(string node, CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        while (true)
        {
            List<ApprovalRow> lost = await parts.Store.ReadAsync(
                (db, stop) => db.Approvals.AsNoTracking()
                    .Where(a => a.Node == node && (a.Status == ApprovalStatus.Pending || a.Status == ApprovalStatus.Approved) && a.Kind == ApprovalKind.Action)
                    .Take(ApprovalLimits.Batch).ToListAsync(stop),
                cancel).ConfigureAwait(false);
            foreach (ApprovalRow row in lost)
                await EndAsync(row, ApprovalStatus.Lost, AuditTypes.ApprovalLost, now, cancel).ConfigureAwait(false);
            if (lost.Count < ApprovalLimits.Batch)
                return;
        }
    }

    /// <summary>Expires what is overdue: requests for access, actions whose node could not do it itself, and those that nobody waits with and nobody came back for.</summary>
    public async Task ExpireAsync(CancellationToken cancel)
    {
        DateTimeOffset now = parts.Now;
        DateTimeOffset overdue = now - ApprovalLimits.Overdue;
        List<ApprovalRow> over = await parts.Store.ReadAsync(
            (db, stop) => db.Approvals.AsNoTracking()
                .Where(a => (a.Status == ApprovalStatus.Pending && (a.ExpiresAt <= overdue || (a.Kind == ApprovalKind.Access && a.ExpiresAt <= now)))
                    || (a.Status == ApprovalStatus.Approved && a.Kind == ApprovalKind.Action && a.ExpiresAt <= overdue))
                .OrderBy(a => a.ExpiresAt).Take(ApprovalLimits.Batch).ToListAsync(stop),
            cancel).ConfigureAwait(false);
        foreach (ApprovalRow row in over)
            await EndAsync(row, ApprovalStatus.Expired, AuditTypes.ApprovalExpired, now, cancel).ConfigureAwait(false);
    }

    /// <summary>Wakes those of this node that something was decided about while this node could not be told.</summary>
    public async Task PollAsync(CancellationToken cancel)
    {
        if (waiters.Count == 0)
            return;
        waiters.WakeMissed();
        DateTimeOffset now = parts.Now;
        DateTimeOffset since = _looked - ApprovalLimits.Overdue;
        string node = parts.Cluster.Node;
        List<Guid> decided = await parts.Store.ReadAsync(
            (db, stop) => db.Approvals
                .Where(a => a.Node == node && (a.Status == ApprovalStatus.Approved || ((a.Status == ApprovalStatus.Denied || a.Status == ApprovalStatus.Withdrawn) && a.DecidedAt >= since)))
                .Select(a => a.Id).ToListAsync(stop),
            cancel).ConfigureAwait(false);
        _looked = now;
        foreach (Guid id in decided)
            waiters.Wake(id);
    }

    private async Task EndAsync(ApprovalRow row, string status, string audit, DateTimeOffset now, CancellationToken cancel)
    {
        bool ended = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                if (!await Transitions.EndAsync(db, row.Id, status, now, stop).ConfigureAwait(false))
                    return false;
                if (status == ApprovalStatus.Expired)
                    await parts.Webhooks.AddAsync(db, new Announcement(WebhookEvents.Expired, row), now, stop).ConfigureAwait(false);
                await db.SaveChangesAsync(stop).ConfigureAwait(false);
                return true;
            },
            cancel).ConfigureAwait(false);
        if (!ended)
            return;
        parts.Webhooks.Wake();
        await parts.TellAsync(row.Id, status, cancel).ConfigureAwait(false);
        parts.Audit.Note(new AuditEvent(audit, null) { Object = $"approval:{row.Id}", Target = row.Target, SessionId = row.SessionId });
    }
}
