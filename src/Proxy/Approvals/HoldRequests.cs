using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// What happens to a held action before anybody is asked, in this order:
/// <list type="number">
/// <item>a grant in force covers it: it runs under that;</item>
/// <item>it belongs to a change that was approved beforehand;</item>
/// <item>the same was asked before by a client that did not wait: it joins that;</item>
/// <item>nobody may approve at this hour: it is refused at once;</item>
/// <item>it is written down, and <see cref="HoldWaiting"/> waits.</item>
/// </list>
/// Whatever cannot be looked up, kept or audited is refused.
/// </summary>
internal sealed class HoldRequests(ApprovalParts parts, Waiters waiters)
{
    private readonly HoldWaiting _waiting = new(parts, waiters);

    /// <inheritdoc cref="IApprovals.RequestAsync"/>
    public async ValueTask<HoldOutcome> RequestAsync(
        SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn)
    {
        // The caller may be on a thread that polls sockets for everyone.
        await Task.Yield();
        if (TooLarge(action) is { } large)
            return Refused(OutcomeWords.Unavailable, large);
        DateTimeOffset now = parts.Now;
        if (parts.Terms.Of(session, verdict, action, now) is not { } held)
            return Refused(OutcomeWords.Withdrawn, "The policy has changed: run it again.");

        ApprovalRow row = RowOf(session, action, held, now);
        using Waiters.Waiter waiter = waiters.Enter(row.Id, row.ExpiresAt, owns: true, withdrawn);
        ApprovalRow? asked = null;
        try
        {
            if (await WithoutAskingAsync(session, action, held, row, now, withdrawn).ConfigureAwait(false) is { } known)
                return known;
            if (action.Patience is not null)
                asked = await parts.Store.ReadAsync((db, stop) => JoinableAsync(db, row, now, stop), withdrawn).ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            return Unavailable(row, failure);
        }

        try
        {
            string? refusal = null;
            if (asked is null)
                (refusal, asked) = await WriteAsync(row, session, joins: action.Patience is not null, now, withdrawn).ConfigureAwait(false);
            if (refusal is not null)
                return Refused(OutcomeWords.TooMany, refusal);
            if (asked is null)
            {
                await parts.TellAsync(row.Id, row.Status, withdrawn).ConfigureAwait(false);
                await parts.Audit.KeepAsync(EventOf(AuditTypes.ApprovalRequested, row, session), withdrawn).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            // It may have been written all the same.
            await _waiting.EndAsync(row, ApprovalStatus.Withdrawn).ConfigureAwait(false);
            withdrawn.ThrowIfCancellationRequested();
            return Unavailable(row, failure);
        }

        if (asked is not null)
            return await JoinAsync(asked, verdict, action, tell, withdrawn).ConfigureAwait(false);
        HoldNotice notice = NoticeOf(row, verdict);
        return await _waiting.WaitAsync(row, waiter, action.Patience, cancel => tell(notice, cancel), withdrawn).ConfigureAwait(false);
    }

    /// <summary>
    /// What the same person asked for before and is not done with: pending, approved and not let through, or denied. It is the same when everything is that an approval is
    /// bound to: who, on whose behalf, by which login, from where, to what, by which rules of which policy. What was approved comes first: it can go through now.
    /// </summary>
    private static async Task<ApprovalRow?> JoinableAsync(StateContext db, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        // What cannot be told from another login has nothing remembered for it.
        if (row.Credential is null)
            return null;
        return await db.Approvals.AsNoTracking()
            .Where(a => a.ActionDigest == row.ActionDigest && a.Kind == ApprovalKind.Action && a.ExpiresAt > now
                && (a.Status == ApprovalStatus.Pending || a.Status == ApprovalStatus.Approved || a.Status == ApprovalStatus.Denied)
                && a.Subject == row.Subject && a.Issuer == row.Issuer && a.IdentityKind == row.IdentityKind && a.ActingFor == row.ActingFor && a.Credential == row.Credential
                && a.Source == row.Source && a.Target == row.Target && a.Resource == row.Resource && a.Rules == row.Rules && a.Policy == row.Policy)
            .OrderByDescending(a => a.Status == ApprovalStatus.Approved).ThenByDescending(a => a.CreatedAt).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
    }

    private async Task<HoldOutcome> JoinAsync(ApprovalRow asked, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn)
    {
        using Waiters.Waiter waiter = waiters.Enter(asked.Id, asked.ExpiresAt, owns: false, withdrawn);
        HoldNotice notice = NoticeOf(asked, verdict);
        return await _waiting.WaitAsync(asked, waiter, action.Patience, cancel => tell(notice, cancel), withdrawn).ConfigureAwait(false);
    }

    private HoldNotice NoticeOf(ApprovalRow row, Verdict verdict) => new(row.Id.ToString(), verdict.RuleId, parts.UrlOf(row.Id), row.ExpiresAt, verdict.Hint);

    private async Task<HoldOutcome?> WithoutAskingAsync(
        SessionFacts session, HeldAction action, HeldTerms held, ApprovalRow row, DateTimeOffset now, CancellationToken cancel)
    {
        var binding = Binding.Of(session);
        GrantRow? grant = await parts.Store
            .ReadAsync((db, stop) => CoveringGrant.FindAsync(db, binding, session.Identity, action, held, now, stop), cancel).ConfigureAwait(false);
        if (grant is { Scope: GrantWords.BreakGlass })
            return await BreakAsync(session, row, grant, now, cancel).ConfigureAwait(false);
        if (grant is not null)
        {
            AuditEvent used = EventOf(AuditTypes.GrantUsed, row, session) with { Object = $"grant:{grant.Id}" };
            await parts.Audit.KeepAsync(used, cancel).ConfigureAwait(false);
            return new HoldOutcome(true, grant.Id.ToString(), OutcomeWords.Granted, "", grant.EndsAt);
        }

        if (held.PreApproved is { } change)
        {
            AuditEvent before = EventOf(AuditTypes.ApprovalPreApproved, row, session) with
            {
                Details = new Dictionary<string, string> { ["reference"] = change.Reference, ["action"] = row.Action },
            };
            await parts.Audit.KeepAsync(before, cancel).ConfigureAwait(false);
            return new HoldOutcome(true, row.Id.ToString(), OutcomeWords.PreApproved, "", change.Until);
        }

        return held.Closed is { } closed ? Refused(OutcomeWords.Denied, closed) : null;
    }

    /// <summary>Runs it under the person's own emergency, leaving a row that someone else must look at.</summary>
    private async Task<HoldOutcome?> BreakAsync(SessionFacts session, ApprovalRow row, GrantRow grant, DateTimeOffset now, CancellationToken cancel)
    {
        ApprovalRow use = RowOf(row, ApprovalStatus.Used, grant.Id);
        bool broken = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                if (!await db.Grants.AnyAsync(g => g.Id == grant.Id && g.RevokedAt == null && g.EndsAt > now, stop).ConfigureAwait(false))
                    return false;
                db.Approvals.Add(use);
                await db.SaveChangesAsync(stop).ConfigureAwait(false);
                return true;
            },
            cancel).ConfigureAwait(false);
        if (!broken)
            return null;
        AuditEvent audit = EventOf(AuditTypes.ApprovalBreakGlassUsed, use, session) with
        {
            Details = new Dictionary<string, string> { ["severity"] = "critical", ["grant"] = grant.Id.ToString(), ["action"] = use.Action },
        };
        await parts.Audit.KeepAsync(audit, cancel).ConfigureAwait(false);
        return new HoldOutcome(true, grant.Id.ToString(), OutcomeWords.BreakGlass, "", grant.EndsAt);
    }

    /// <summary>Writes it down, within bounds, unless it is there already: of two that ask for the same at once, one writes and the other joins it.</summary>
    /// <param name="joins">It may join what was asked before.</param>
    /// <returns>What the client is told when there are too many already, or what it joins.</returns>
    private async Task<(string? Refusal, ApprovalRow? Asked)> WriteAsync(ApprovalRow row, SessionFacts session, bool joins, DateTimeOffset now, CancellationToken cancel)
    {
        // A session of PostgreSQL does one thing at a time; others have channels or streams, of which each may wait.
        bool many = session.Protocol != "postgres";
        (string? Refusal, ApprovalRow? Asked) known = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                if (joins && await JoinableAsync(db, row, now, stop).ConfigureAwait(false) is { } asked)
                    return (null, asked);
                IQueryable<ApprovalRow> pending = db.Approvals.Where(a => a.Status == ApprovalStatus.Pending);
                if (!many && await pending.AnyAsync(a => a.SessionId == row.SessionId, stop).ConfigureAwait(false))
                    return ("Something of this session waits for approval already.", null);
                if (await pending.CountAsync(a => a.Subject == row.Subject, stop).ConfigureAwait(false) >= parts.Config.MaxPendingPerSubject)
                    return ($"At most {parts.Config.MaxPendingPerSubject} actions of one subject may wait for approval at a time.", null);
                if (await pending.CountAsync(stop).ConfigureAwait(false) >= parts.Config.MaxPending)
                    return ("Too many actions wait for approval: try again later.", null);
                db.Approvals.Add(row);
                await parts.Webhooks.AddAsync(db, new Announcement(WebhookEvents.Requested, row), now, stop).ConfigureAwait(false);
                await db.SaveChangesAsync(stop).ConfigureAwait(false);
                return ((string?)null, (ApprovalRow?)null);
            },
            cancel).ConfigureAwait(false);
        parts.Webhooks.Wake();
        return known;
    }

    private ApprovalRow RowOf(SessionFacts session, HeldAction action, HeldTerms held, DateTimeOffset now)
    {
        var binding = Binding.Of(session);
        DateTimeOffset expires = now + held.Timeout;
        return new ApprovalRow
        {
            Id = Guid.CreateVersion7(now),
            Kind = ApprovalKind.Action,
            Status = ApprovalStatus.Pending,
            SessionId = session.SessionId,
            Node = parts.Cluster.Node,
            Subject = binding.Subject,
            Issuer = binding.Issuer,
            IdentityKind = binding.Kind,
            ActingFor = binding.ActingFor,
            Credential = binding.Credential,
            Source = binding.Source,
            ClientApplication = Cut(session.ClientApplication),
            Target = binding.Target,
            Resource = binding.Resource,
            Rules = ApprovalJson.Write(held.Terms.Rules),
            Policy = held.Digest,
            ActionDigest = action.Digest.ToArray(),
            Action = $"{KebabNames.Name(action.Kind)} {KebabNames.Name(action.Verb)}",
            Text = action.Text,
            Parameters = ApprovalJson.Write(action.Parameters),
            Effects = ApprovalJson.Write(action.Effects),
            Terms = ApprovalJson.Write(held.Terms),
            CreatedAt = now,
            ExpiresAt = expires < session.Identity.ExpiresAt ? expires : session.Identity.ExpiresAt,
        };
    }

    private static ApprovalRow RowOf(ApprovalRow row, string status, Guid grant) => new()
    {
        Id = row.Id,
        Kind = row.Kind,
        Status = status,
        SessionId = row.SessionId,
        Node = row.Node,
        Subject = row.Subject,
        Issuer = row.Issuer,
        IdentityKind = row.IdentityKind,
        ActingFor = row.ActingFor,
        Credential = row.Credential,
        Source = row.Source,
        ClientApplication = row.ClientApplication,
        Target = row.Target,
        Resource = row.Resource,
        Rules = row.Rules,
        Policy = row.Policy,
        ActionDigest = row.ActionDigest,
        Action = row.Action,
        Text = row.Text,
        Parameters = row.Parameters,
        Effects = row.Effects,
        Terms = row.Terms,
        BreakGlass = true,
        GrantId = grant,
        CreatedAt = row.CreatedAt,
        ExpiresAt = row.ExpiresAt,
        DecidedAt = row.CreatedAt,
    };

    private static string? TooLarge(HeldAction action)
    {
        if (action.Digest.Length != 32)
            return "It cannot be told from other actions, so nobody can approve it.";
        if (Encoding.UTF8.GetByteCount(action.Text) > ApprovalLimits.Text)
            return $"Its text is longer than {ApprovalLimits.Text / 1024} KiB: nobody can read and approve that.";
        if (action.Effects.Count > ApprovalLimits.Effects)
            return $"It touches more than {ApprovalLimits.Effects} objects: nobody can read and approve that.";
        long bytes = action.Parameters.Sum(p => (long)Encoding.UTF8.GetByteCount(p.Type) + Encoding.UTF8.GetByteCount(p.Value ?? ""));
        return action.Parameters.Count > ApprovalLimits.Parameters || bytes > ApprovalLimits.ParameterBytes
            ? $"It has more than {ApprovalLimits.Parameters} parameters or {ApprovalLimits.ParameterBytes / 1024} KiB of them: nobody can read and approve that."
            : null;
    }

    private static string Cut(string label) => label.Length <= ApprovalLimits.Label ? label : label[..ApprovalLimits.Label];

    private static HoldOutcome Refused(string word, string message) => new(false, "", word, message);

    private static AuditEvent EventOf(string type, ApprovalRow row, SessionFacts session) =>
        new(type, AuditActor.Of(session.Identity, session.Source.Address))
        {
            Object = $"approval:{row.Id}",
            Target = row.Target,
            SessionId = row.SessionId,
            RuleId = ApprovalJson.Texts(row.Rules)[0],
            Details = new Dictionary<string, string> { ["action"] = row.Action, ["digest"] = Convert.ToHexStringLower(row.ActionDigest!) },
        };

    private HoldOutcome Unavailable(ApprovalRow row, Exception failure)
    {
        parts.Log.Warning("approval-unavailable", new("approval", row.Id.ToString()), new("error", failure.Message));
        return Refused(OutcomeWords.Unavailable, "Nobody can be asked for approval now: try again later.");
    }
}
