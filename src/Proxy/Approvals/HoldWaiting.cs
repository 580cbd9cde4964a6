using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// Waits with one held action until it has been decided, on whatever node, and lets it through exactly once. Whoever waits owns the end: it is
/// withdrawn or expired by the one who waits, or the last of several who wait with the same, and by others only when they are gone.
/// </summary>
internal sealed class HoldWaiting(ApprovalParts parts, Waiters waiters)
{
    /// <summary>What remains to be written when a client has gone must not hold its connection for long.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(10);

    /// <summary>Waits. The row has been written and is pending.</summary>
    /// <param name="row">What waits.</param>
    /// <param name="waiter">Hears of it.</param>
    /// <param name="patience">How long the client waits; null: until it is decided.</param>
    /// <param name="tell">Tells the client that it waits.</param>
    /// <param name="withdrawn">The client has gone.</param>
    /// <exception cref="OperationCanceledException">It was withdrawn.</exception>
    public async Task<HoldOutcome> WaitAsync(ApprovalRow row, Waiters.Waiter waiter, TimeSpan? patience, Func<CancellationToken, ValueTask> tell, CancellationToken withdrawn)
    {
        using CancellationTokenSource? late = patience > TimeSpan.Zero ? new CancellationTokenSource(patience.Value, parts.Time) : null;
        try
        {
            await tell(waiter.Over).ConfigureAwait(false);
            while (true)
            {
                if (await LookAsync(row, waiter).ConfigureAwait(false) is { } outcome)
                    return outcome;
                if (patience is null)
                {
                    await waiter.NewsAsync().ConfigureAwait(false);
                }
                else if (late is null || !await waiter.NewsAsync(late.Token).ConfigureAwait(false))
                {
                    waiters.Promise(waiter);
                    return Ended(row, OutcomeWords.Pending, "Nobody has decided yet.");
                }
            }
        }
        catch (OperationCanceledException) when (!withdrawn.IsCancellationRequested && waiter.Over.IsCancellationRequested)
        {
            await EndAsync(row, ApprovalStatus.Expired).ConfigureAwait(false);
            return new HoldOutcome(false, row.Id.ToString(), OutcomeWords.Expired, "Nobody approved it in time.");
        }
        catch
        {
            // The client has gone, or cannot even be told that it waits. Who was told where this is decided may come again.
            if (waiters.Leave(waiter))
                await EndAsync(row, ApprovalStatus.Withdrawn).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends what nobody waits for any more. If the store cannot be reached, its time will end it.</summary>
    public async Task EndAsync(ApprovalRow row, string status)
    {
        using var last = new CancellationTokenSource(LastWords, parts.Time);
        try
        {
            DateTimeOffset now = parts.Now;
            bool ended = await parts.Store.WriteAsync((db, stop) => EndAsync(db, row, status, now, stop), last.Token).ConfigureAwait(false);
            if (!ended)
                return;
            parts.Webhooks.Wake();
            await parts.TellAsync(row.Id, status, last.Token).ConfigureAwait(false);
            parts.Audit.Note(EventOf(status == ApprovalStatus.Expired ? AuditTypes.ApprovalExpired : AuditTypes.ApprovalWithdrawn, row));
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            parts.Log.Warning("approval-not-ended", new("approval", row.Id.ToString()), new("status", status), new("error", failure.Message));
        }
    }

    private async Task<bool> EndAsync(StateContext db, ApprovalRow row, string status, DateTimeOffset now, CancellationToken cancel)
    {
        if (!await Transitions.EndAsync(db, row.Id, status, now, cancel).ConfigureAwait(false))
            return false;
        string word = status == ApprovalStatus.Expired ? WebhookEvents.Expired : WebhookEvents.Withdrawn;
        await parts.Webhooks.AddAsync(db, new Announcement(word, row), now, cancel).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Looks what has become of it; null: nothing yet, or the store is away.</summary>
    private async Task<HoldOutcome?> LookAsync(ApprovalRow row, Waiters.Waiter waiter)
    {
        using var last = new CancellationTokenSource(LastWords, parts.Time);
        try
        {
            string? status = await parts.Store.ReadAsync(
                (db, stop) => db.Approvals.Where(a => a.Id == row.Id).Select(a => a.Status).SingleOrDefaultAsync(stop), last.Token).ConfigureAwait(false);
            return status switch
            {
                ApprovalStatus.Pending when parts.Terms.Digest == row.Policy => null,
                ApprovalStatus.Pending or ApprovalStatus.Approved => await UseAsync(row, status, last.Token).ConfigureAwait(false),
                ApprovalStatus.Denied => await DeniedAsync(row, last.Token).ConfigureAwait(false),
                ApprovalStatus.Expired => Ended(row, OutcomeWords.Expired, "Nobody approved it in time."),
                ApprovalStatus.Withdrawn => Ended(row, OutcomeWords.Withdrawn, "The request was withdrawn."),
                _ => Ended(row, OutcomeWords.Unavailable, "The request was lost: run it again."),
            };
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException)
        {
            waiter.Missed = true;
            parts.Log.Warning("approval-not-read", new("approval", row.Id.ToString()), new("error", failure.Message));
            return null;
        }
    }

    private async Task<HoldOutcome> UseAsync(ApprovalRow row, string status, CancellationToken cancel)
    {
        // What was approved under other rules has not been approved.
        if (parts.Terms.Digest != row.Policy)
        {
            await EndAsync(row, ApprovalStatus.Withdrawn).ConfigureAwait(false);
            return Ended(row, OutcomeWords.Withdrawn, "The policy has changed while it waited: run it again.");
        }

        DateTimeOffset now = parts.Now;
        (bool used, bool glass, GrantRow? grant) = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                if (!await Transitions.UseAsync(db, row.Id, row.SessionId!.Value, row.ActionDigest!, row.Policy, now, stop).ConfigureAwait(false))
                    return (false, false, null);
                bool broken = await db.Approvals.Where(a => a.Id == row.Id).Select(a => a.BreakGlass).SingleAsync(stop).ConfigureAwait(false);
                return (true, broken, await db.Grants.AsNoTracking().SingleOrDefaultAsync(g => g.Id == row.Id, stop).ConfigureAwait(false));
            },
            cancel).ConfigureAwait(false);
        if (!used)
        {
            await EndAsync(row, ApprovalStatus.Expired).ConfigureAwait(false);
            return Ended(row, OutcomeWords.Expired, $"It is no longer {status}.");
        }

        try
        {
            await parts.Audit.KeepAsync(EventOf(AuditTypes.ApprovalUsed, row), cancel).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            parts.Log.Error("approval-not-audited", new("approval", row.Id.ToString()), new("error", failure.Message));
            return Ended(row, OutcomeWords.Unavailable, "It was approved, but that cannot be kept now: it was not run.");
        }

        return new HoldOutcome(true, row.Id.ToString(), glass ? OutcomeWords.BreakGlass : OutcomeWords.Approved, "", grant?.EndsAt);
    }

    private async Task<HoldOutcome> DeniedAsync(ApprovalRow row, CancellationToken cancel)
    {
        ApprovalDecisionRow? denial = await parts.Store.ReadAsync(
            (db, stop) => db.ApprovalDecisions.AsNoTracking().FirstOrDefaultAsync(d => d.ApprovalId == row.Id && !d.Approves, stop), cancel).ConfigureAwait(false);
        return Ended(row, OutcomeWords.Denied, denial switch
        {
            null => "It was denied.",
            { Reason: { Length: > 0 } reason } => $"Denied by {denial.Subject}: {reason}",
            _ => $"Denied by {denial.Subject}.",
        });
    }

    private static HoldOutcome Ended(ApprovalRow row, string word, string message) => new(false, row.Id.ToString(), word, message);

    private static AuditEvent EventOf(string type, ApprovalRow row) =>
        new(type, new AuditActor(row.Subject, row.Issuer, ApprovalJson.Texts(row.ActingFor)))
        {
            Object = $"approval:{row.Id}",
            Target = row.Target,
            SessionId = row.SessionId,
            RuleId = ApprovalJson.Texts(row.Rules)[0],
        };
}
