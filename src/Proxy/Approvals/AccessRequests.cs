using Microsoft.EntityFrameworkCore;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// Access for a time: a person asks for a group, others say yes, and until its end they are of that group. Decided by the same code as held actions.
/// A group holds wherever a policy names it; that it is asked for on one target is for the approvers to see, and for whoever writes the policies to
/// give each target groups of its own.
/// </summary>
internal sealed class AccessRequests(ApprovalParts parts)
{
    /// <summary>Asks.</summary>
    public async Task<(DecisionOutcome Outcome, Guid Id)> RequestAsync(Contract.Identity identity, System.Net.IPAddress source, AccessWish wish, CancellationToken cancel)
    {
        await Task.Yield();
        DateTimeOffset now = parts.Now;
        AccessConfig? rule = parts.Config.Access.FirstOrDefault(a => a.Group == wish.Group && a.Covers(wish.Target) && a.Requesters.Any(identity.Groups.Contains));
        if ((Refusal(identity, wish, rule) ?? Unfit(rule!, wish)) is { } refusal)
            return (refusal, Guid.Empty);
        ApprovalRow row = RowOf(identity, source, wish, rule!, now);
        DecisionOutcome? full = await parts.Store.WriteAsync((db, stop) => WriteAsync(db, row, now, stop), cancel).ConfigureAwait(false);
        if (full is not null)
            return (full, Guid.Empty);
        parts.Webhooks.Wake();
        await parts.TellAsync(row.Id, row.Status, cancel).ConfigureAwait(false);
        var audit = new AuditEvent(AuditTypes.AccessRequested, AuditActor.Of(identity, source))
        {
            Object = $"approval:{row.Id}",
            Target = wish.Target,
            Reason = wish.Reason,
            Details = new Dictionary<string, string> { ["group"] = wish.Group, ["duration"] = Durations.Format(wish.Duration) },
        };
        await parts.Audit.KeepAsync(audit, cancel).ConfigureAwait(false);
        return (new(true, ApprovalStatus.Pending, "It waits for approval."), row.Id);
    }

    /// <summary>Gives what was approved. Inside the transaction that approves it.</summary>
    public static async Task BeginAsync(StateContext db, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        DateTimeOffset ends = now + row.Duration!.Value;
        db.Memberships.Add(new MembershipRow
        {
            Id = Guid.CreateVersion7(now),
            Subject = row.Subject,
            Group = row.Text,
            Source = "grant",
            ExpiresAt = ends,
            ApprovalId = row.Id,
        });
        db.Grants.Add(new GrantRow
        {
            Id = row.Id,
            Scope = GrantWords.Access,
            Subject = row.Subject,
            Issuer = row.Issuer,
            ActingFor = row.ActingFor,
            Target = row.Target,
            Rules = row.Rules,
            Policy = row.Policy,
            Group = row.Text,
            StartsAt = now,
            EndsAt = ends,
        });
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
    }

    private DecisionOutcome? Refusal(Contract.Identity identity, AccessWish wish, AccessConfig? rule)
    {
        if (identity.Kind != Contract.IdentityKind.Human || identity.ActingFor.Length > 0)
            return new(false, DecisionWords.NotAPerson, "Only a person can ask for access, for themselves.");
        if (!parts.OwnIssuers.Contains(identity.Issuer))
            return new(false, DecisionWords.NotAllowed, "Groups are given to users of this server only, and another issuer vouches for this login.");
        return rule is null
            ? new(false, DecisionWords.NotAllowed, $"Nobody of your groups may ask for {wish.Group} on {wish.Target}.")
            : null;
    }

    private static DecisionOutcome? Unfit(AccessConfig rule, AccessWish wish)
    {
        if (wish.Duration <= TimeSpan.Zero || wish.Duration > rule.Longest)
            return new(false, DecisionWords.ScopeNotAllowed, $"Access is given for at most {Durations.Format(rule.Longest)}.");
        if (wish.Reason is { Length: > ApprovalLimits.Reason })
            return new(false, DecisionWords.ReasonTooLong, $"A reason is at most {ApprovalLimits.Reason} characters long.");
        return rule.ReasonRequired && string.IsNullOrWhiteSpace(wish.Reason) ? new(false, DecisionWords.ReasonRequired, "A reason is required.") : null;
    }

    private async Task<DecisionOutcome?> WriteAsync(StateContext db, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        IQueryable<ApprovalRow> pending = db.Approvals.Where(a => a.Status == ApprovalStatus.Pending);
        IQueryable<ApprovalRow> own = pending.Where(a => a.Subject == row.Subject);
        if (await own.AnyAsync(a => a.Kind == ApprovalKind.Access && a.Text == row.Text && a.Target == row.Target, cancel).ConfigureAwait(false))
            return new(false, OutcomeWords.TooMany, "You have asked for it already.");
        if (await own.CountAsync(cancel).ConfigureAwait(false) >= parts.Config.MaxPendingPerSubject || await pending.CountAsync(cancel).ConfigureAwait(false) >= parts.Config.MaxPending)
            return new(false, OutcomeWords.TooMany, "Too many requests wait for approval.");
        db.Approvals.Add(row);
        await parts.Webhooks.AddAsync(db, new Announcement(WebhookEvents.AccessRequested, row), now, cancel).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        return null;
    }

    private ApprovalRow RowOf(Contract.Identity identity, System.Net.IPAddress source, AccessWish wish, AccessConfig rule, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = ApprovalKind.Access,
        Status = ApprovalStatus.Pending,
        Node = parts.Cluster.Node,
        Subject = identity.Subject,
        Issuer = identity.Issuer,
        IdentityKind = KebabNames.Name(identity.Kind),
        ActingFor = "[]",
        Credential = Binding.CredentialOf(identity),
        Source = source.ToString(),
        Target = wish.Target,
        Rules = "[]",
        Policy = "",
        Text = wish.Group,
        Parameters = "[]",
        Effects = "[]",
        Terms = ApprovalJson.Write(new ReleaseTerms { Requirements = [new Requirement($"access/{rule.Group}", rule.Quorum, rule.Approvers, [])] }),
        Reason = string.IsNullOrWhiteSpace(wish.Reason) ? null : wish.Reason,
        Duration = wish.Duration,
        CreatedAt = now,
        ExpiresAt = now + rule.Timeout,
    };
}

/// <summary>What somebody asks for.</summary>
/// <param name="Group">The group they want to be of.</param>
/// <param name="Target">For what.</param>
/// <param name="Duration">For how long.</param>
/// <param name="Reason">Why.</param>
internal sealed record AccessWish(string Group, string Target, TimeSpan Duration, string? Reason);
