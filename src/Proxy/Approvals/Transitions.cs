using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// How an approval goes from one state to the next: always by a conditional update, so that of two who would change it at once, on whatever nodes,
/// exactly one does.
/// <code>
/// pending ── approved ── used
///    │          ├─ withdrawn, expired, lost
///    └─ denied, withdrawn, expired, lost
/// </code>
/// </summary>
internal static class Transitions
{
    /// <summary>Takes the row for this transaction, if it can still be decided: others who decide it wait until this one is done.</summary>
    /// <returns>False: it is not pending, or its time is over.</returns>
    public static async Task<bool> TakePendingAsync(StateContext db, Guid id, DateTimeOffset now, CancellationToken cancel) =>
        await db.Approvals.Where(a => a.Id == id && a.Status == ApprovalStatus.Pending && a.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, ApprovalStatus.Pending), cancel).ConfigureAwait(false) == 1;

    /// <summary>Decides what is pending.</summary>
    /// <returns>True when this call did.</returns>
    public static async Task<bool> DecideAsync(StateContext db, Guid id, string status, DateTimeOffset now, CancellationToken cancel) =>
        await db.Approvals.Where(a => a.Id == id && a.Status == ApprovalStatus.Pending)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, status).SetProperty(a => a.DecidedAt, now), cancel).ConfigureAwait(false) == 1;

    /// <summary>Lets through what was approved: once, and only what this session waits with.</summary>
    /// <returns>True when this call did.</returns>
    public static async Task<bool> UseAsync(StateContext db, Guid id, Guid session, byte[] digest, string policy, DateTimeOffset now, CancellationToken cancel) =>
        await db.Approvals
            .Where(a => a.Id == id && a.Status == ApprovalStatus.Approved && a.SessionId == session && a.ActionDigest == digest && a.Policy == policy && a.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, ApprovalStatus.Used), cancel).ConfigureAwait(false) == 1;

    /// <summary>Ends what nobody needs any more: pending, or approved and not let through.</summary>
    /// <returns>True when this call did.</returns>
    public static async Task<bool> EndAsync(StateContext db, Guid id, string status, DateTimeOffset now, CancellationToken cancel) =>
        await db.Approvals.Where(a => a.Id == id && (a.Status == ApprovalStatus.Pending || a.Status == ApprovalStatus.Approved))
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.Status, status).SetProperty(a => a.DecidedAt, now), cancel).ConfigureAwait(false) == 1;
}
