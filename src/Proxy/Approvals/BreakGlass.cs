using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// Emergencies: a person whom the rules trust with it goes ahead alone, for what waits or for all that is held on one target for at most an hour.
/// Everyone is alarmed, every use leaves a row, and somebody else must look at it afterwards.
/// </summary>
internal sealed class BreakGlass(ApprovalParts parts, Decisions decisions, Grants grants)
{
    /// <summary>Opens a target to oneself. Bound to the login it is opened with: what runs must come from the same one.</summary>
    public async Task<(DecisionOutcome Outcome, Guid Id)> OpenAsync(
        Contract.Identity identity, IPAddress source, string target, TimeSpan duration, string? reason, CancellationToken cancel)
    {
        await Task.Yield();
        DateTimeOffset now = parts.Now;
        if ((decisions.Unfit(identity, now) ?? BadReason(reason)) is { } unfit)
            return (unfit, Guid.Empty);
        if (duration <= TimeSpan.Zero || duration > ApprovalLimits.BreakGlass)
            return (new(false, DecisionWords.ScopeNotAllowed, $"The glass is broken for at most {Durations.Format(ApprovalLimits.BreakGlass)}."), Guid.Empty);
        if (Binding.CredentialOf(identity) is not { } credential)
            return (new(false, DecisionWords.NotAllowed, "This login has no id to bind it to."), Guid.Empty);

        ApprovalRow row = RowOf(identity, credential, source, target, duration, reason!, now);
        DecisionOutcome? refusal = await parts.Store.WriteAsync(
            async (db, stop) => await WriteAsync(db, identity, row, now, stop).ConfigureAwait(false), cancel).ConfigureAwait(false);
        if (refusal is not null)
        {
            parts.Audit.Note(EventOf(identity, source, row, reason) with { Outcome = "refused" });
            return (refusal, Guid.Empty);
        }

        parts.Webhooks.Wake();
        await AlarmAsync(EventOf(identity, source, row, reason), () => grants.RevokeAsync(identity, source, row.Id, "the alarm could not be kept", ofOthers: true, CancellationToken.None), cancel).ConfigureAwait(false);
        await parts.TellAsync(row.Id, row.Status, cancel).ConfigureAwait(false);
        return (new(true, DecisionWords.BreakGlass, "The glass is broken: everyone has been told, and it will be reviewed."), row.Id);
    }

    /// <summary>Lets through what one waits with oneself.</summary>
    public async Task<DecisionOutcome> AnswerAsync(Contract.Identity identity, IPAddress source, Guid id, string? reason, CancellationToken cancel)
    {
        await Task.Yield();
        DateTimeOffset now = parts.Now;
        if ((decisions.Unfit(identity, now) ?? BadReason(reason)) is { } unfit)
            return unfit;

        // The alarm comes first: once the row says approved, the action runs.
        ApprovalRow? row = await parts.Store.ReadAsync(
            (db, stop) => db.Approvals.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, stop), cancel).ConfigureAwait(false);
        if (row is null)
            return new(false, DecisionWords.Unknown, "There is no such request.");
        DecisionOutcome? refusal = await parts.Store.ReadAsync((db, stop) => MayAnswerAsync(db, identity, row, now, stop), cancel).ConfigureAwait(false);
        AuditEvent alarm = EventOf(identity, source, row, reason);
        if (refusal is not null)
        {
            parts.Audit.Note(alarm with { Outcome = "refused" });
            return refusal;
        }

        await parts.Audit.KeepAsync(alarm, cancel).ConfigureAwait(false);
        bool broken = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                if (!await Transitions.TakePendingAsync(db, id, now, stop).ConfigureAwait(false))
                    return false;
                await db.Approvals.Where(a => a.Id == id)
                    .ExecuteUpdateAsync(set => set.SetProperty(a => a.BreakGlass, true).SetProperty(a => a.Reason, reason), stop).ConfigureAwait(false);
                await Transitions.DecideAsync(db, id, ApprovalStatus.Approved, now, stop).ConfigureAwait(false);
                await parts.Webhooks.AddAsync(db, new Announcement(WebhookEvents.BreakGlass, row, identity.Subject, reason), now, stop).ConfigureAwait(false);
                await db.SaveChangesAsync(stop).ConfigureAwait(false);
                return true;
            },
            cancel).ConfigureAwait(false);
        if (!broken)
            return new(false, DecisionWords.NotPending, "It is not pending any more.");
        parts.Webhooks.Wake();
        await parts.TellAsync(id, ApprovalStatus.Approved, cancel).ConfigureAwait(false);
        return new(true, DecisionWords.BreakGlass, "It runs: everyone has been told, and it will be reviewed.");
    }

    private async Task<DecisionOutcome?> MayAnswerAsync(StateContext db, Contract.Identity identity, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        bool own = row is { Kind: ApprovalKind.Action, IdentityKind: "human", ActingFor: "[]" } && row.Subject == identity.Subject && row.Issuer == identity.Issuer;
        if (!own)
            return new(false, DecisionWords.NotOwnRequest, "The glass is broken for oneself only.");
        if (row.Status != ApprovalStatus.Pending || row.ExpiresAt <= now)
            return new(false, DecisionWords.NotPending, "It is not pending any more.");
        if (row.Policy != parts.Terms.Digest)
            return new(false, DecisionWords.PolicyChanged, "The policy has changed since it was asked for: run it again.");
        return ApprovalJson.Terms(row.Terms).MayBreakGlass(await GroupsAsync(db, identity, now, cancel).ConfigureAwait(false))
            ? null
            : new(false, DecisionWords.NotAnApprover, "The rules do not let you break the glass.");
    }

    private async Task<DecisionOutcome?> WriteAsync(StateContext db, Contract.Identity identity, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        if (!(await GroupsAsync(db, identity, now, cancel).ConfigureAwait(false)).Overlaps(parts.Terms.BreakGlassGroups))
            return new(false, DecisionWords.NotAnApprover, "No rule lets you break the glass.");
        if (await db.Grants.AnyAsync(
            g => g.Subject == row.Subject && g.EndsAt > now && g.RevokedAt == null && g.Issuer == row.Issuer && g.Target == row.Target
                && g.Scope == GrantWords.BreakGlass && g.Credential == row.Credential, cancel).ConfigureAwait(false))
            return new(false, OutcomeWords.TooMany, "The glass is broken there already.");
        db.Approvals.Add(row);
        db.Grants.Add(new GrantRow
        {
            Id = row.Id,
            Scope = GrantWords.BreakGlass,
            Subject = row.Subject,
            Issuer = row.Issuer,
            ActingFor = row.ActingFor,
            Credential = row.Credential,
            Target = row.Target,
            Rules = "[]",
            Policy = "",
            StartsAt = now,
            EndsAt = now + row.Duration!.Value,
        });
        await parts.Webhooks.AddAsync(db, new Announcement(WebhookEvents.BreakGlass, row, row.Subject, row.Reason), now, cancel).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        return null;
    }

    private Task<IReadOnlySet<string>> GroupsAsync(StateContext db, Contract.Identity identity, DateTimeOffset now, CancellationToken cancel) =>
        ApproverGroups.NowAsync(db, parts.OwnIssuers, identity.Subject, identity.Issuer, identity.Groups, now, now, cancel);

    /// <summary>What cannot be kept is undone.</summary>
    private async Task AlarmAsync(AuditEvent alarm, Func<Task<bool>> undo, CancellationToken cancel)
    {
        try
        {
            await parts.Audit.KeepAsync(alarm, cancel).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            parts.Log.Error("break-glass-not-audited", new("object", alarm.Object), new("error", failure.Message));
            await undo().ConfigureAwait(false);
            throw;
        }
    }

    private static DecisionOutcome? BadReason(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? new(false, DecisionWords.ReasonRequired, "An emergency needs a reason.")
        : reason.Length > ApprovalLimits.Reason ? new(false, DecisionWords.ReasonTooLong, $"A reason is at most {ApprovalLimits.Reason} characters long.")
        : null;

    private static AuditEvent EventOf(Contract.Identity identity, IPAddress source, ApprovalRow row, string? reason) =>
        new(AuditTypes.ApprovalBreakGlass, AuditActor.Of(identity, source))
        {
            Object = $"approval:{row.Id}",
            Target = row.Target,
            SessionId = row.SessionId,
            Reason = reason,
            Details = new Dictionary<string, string> { ["severity"] = "critical" },
        };

    private ApprovalRow RowOf(Contract.Identity identity, string credential, IPAddress source, string target, TimeSpan duration, string reason, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = ApprovalKind.BreakGlass,
        Status = ApprovalStatus.Used,
        Node = parts.Cluster.Node,
        Subject = identity.Subject,
        Issuer = identity.Issuer,
        IdentityKind = KebabNames.Name(identity.Kind),
        ActingFor = "[]",
        Credential = credential,
        Source = source.ToString(),
        Target = target,
        Rules = "[]",
        Policy = parts.Terms.Digest,
        Text = "",
        Parameters = "[]",
        Effects = "[]",
        Terms = ApprovalJson.Write(new ReleaseTerms { Requirements = [] }),
        Reason = reason,
        Duration = duration,
        BreakGlass = true,
        CreatedAt = now,
        ExpiresAt = now + duration,
        DecidedAt = now,
    };
}
