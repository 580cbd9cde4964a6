using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>Emergencies are looked at afterwards, by another person than the one who had them.</summary>
internal sealed class Reviews(ApprovalParts parts)
{
    /// <summary>Says that somebody has looked. Of a glass that was broken for a time, everything that ran under it is reviewed with it, once its time is over.</summary>
    /// <param name="note">What they found.</param>
    public async Task<DecisionOutcome> ReviewAsync(Contract.Identity reviewer, IPAddress? source, Guid id, string? note, CancellationToken cancel)
    {
        await Task.Yield();
        if (reviewer.Kind != Contract.IdentityKind.Human || reviewer.ActingFor.Length > 0)
            return new(false, DecisionWords.NotAPerson, "Only a person can review, and nobody on their behalf.");
        if (Person.IsStandIn(reviewer))
            return new(false, DecisionWords.NotAPerson, "Only a person who has logged in can review.");
        if (string.IsNullOrWhiteSpace(note))
            return new(false, DecisionWords.ReasonRequired, "Say what you found.");
        if (note.Length > ApprovalLimits.Reason)
            return new(false, DecisionWords.ReasonTooLong, $"A note is at most {ApprovalLimits.Reason} characters long.");
        DateTimeOffset now = parts.Now;
        (DecisionOutcome outcome, int count) = await parts.Store.WriteAsync((db, stop) => WriteAsync(db, reviewer, id, note, now, stop), cancel).ConfigureAwait(false);
        var audit = new AuditEvent(AuditTypes.ApprovalReviewed, AuditActor.Of(reviewer, source))
        {
            Object = $"approval:{id}",
            Reason = note,
            Outcome = outcome.Taken ? "success" : "refused",
            Details = new Dictionary<string, string> { ["reviewed"] = count.ToString(System.Globalization.CultureInfo.InvariantCulture), ["result"] = outcome.Word },
        };
        if (!outcome.Taken)
            parts.Audit.Note(audit);
        else
            await parts.Audit.KeepAsync(audit, cancel).ConfigureAwait(false);
        return outcome;
    }

    private static async Task<(DecisionOutcome Outcome, int Count)> WriteAsync(
        StateContext db, Contract.Identity reviewer, Guid id, string note, DateTimeOffset now, CancellationToken cancel)
    {
        ApprovalRow? row = await db.Approvals.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id && a.BreakGlass, cancel).ConfigureAwait(false);
        if (row is null)
            return (new(false, DecisionWords.Unknown, "There is no such emergency."), 0);
        Person me = await Person.FindAsync(db, reviewer.Subject, cancel).ConfigureAwait(false);
        if (me.Disabled)
            return (new(false, DecisionWords.Disabled, "This account is disabled."), 0);
        foreach (Person owner in await Person.RequestersAsync(db, row.Subject, ApprovalJson.Texts(row.ActingFor), cancel).ConfigureAwait(false))
        {
            if (owner.IsSameAs(me))
                return (new(false, DecisionWords.OwnRequest, "Nobody reviews their own emergency."), 0);
        }

        bool open = row.Kind == ApprovalKind.BreakGlass
            && await db.Grants.AnyAsync(g => g.Id == id && g.EndsAt > now && g.RevokedAt == null, cancel).ConfigureAwait(false);
        if (open)
            return (new(false, DecisionWords.NotAllowed, "It is not over yet: end it first."), 0);
        int count = await db.Approvals.Where(a => (a.Id == id || a.GrantId == id) && a.BreakGlass && a.ReviewedAt == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(a => a.ReviewedAt, now).SetProperty(a => a.ReviewedBy, reviewer.Subject).SetProperty(a => a.ReviewNote, note), cancel)
            .ConfigureAwait(false);
        return count == 0
            ? (new(false, DecisionWords.AlreadyDecided, "It has been reviewed already."), 0)
            : (new(true, DecisionWords.Reviewed, $"Reviewed: {count}."), count);
    }
}
