using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>What the one who asked may do about it.</summary>
internal sealed class OwnRequests(ApprovalParts parts)
{
    /// <summary>Takes back what one has asked for. Whatever waits with it is told.</summary>
    public async Task<DecisionOutcome> WithdrawAsync(Contract.Identity requester, IPAddress? source, Guid id, CancellationToken cancel)
    {
        await Task.Yield();
        DateTimeOffset now = parts.Now;
        (DecisionOutcome outcome, ApprovalRow? row) = await parts.Store.WriteAsync<(DecisionOutcome, ApprovalRow?)>(
            async (db, stop) =>
            {
                ApprovalRow? found = await db.Approvals.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, stop).ConfigureAwait(false);
                if (found is null || found.Issuer != requester.Issuer || !IsTheirs(found, requester))
                    return (new(false, DecisionWords.Unknown, "You have no such request."), null);
                if (!await Transitions.DecideAsync(db, id, ApprovalStatus.Withdrawn, now, stop).ConfigureAwait(false))
                    return (new(false, DecisionWords.NotPending, $"It is {found.Status}."), null);
                await parts.Webhooks.AddAsync(db, new Announcement(WebhookEvents.Withdrawn, found, requester.Subject), now, stop).ConfigureAwait(false);
                await db.SaveChangesAsync(stop).ConfigureAwait(false);
                return (new(true, DecisionWords.Withdrawn, "Withdrawn."), found);
            },
            cancel).ConfigureAwait(false);
        if (row is null)
            return outcome;
        parts.Webhooks.Wake();
        await parts.TellAsync(id, ApprovalStatus.Withdrawn, cancel).ConfigureAwait(false);
        parts.Audit.Note(new AuditEvent(AuditTypes.ApprovalWithdrawn, AuditActor.Of(requester, source))
        {
            Object = $"approval:{id}",
            Target = row.Target,
            SessionId = row.SessionId,
        });
        return outcome;
    }

    /// <summary>The requester's own, or what acts for them: a person may stop their agent.</summary>
    private static bool IsTheirs(ApprovalRow row, Contract.Identity requester) =>
        row.Subject == requester.Subject || ApprovalJson.Texts(row.ActingFor).Contains(requester.Subject, StringComparer.Ordinal);
}
