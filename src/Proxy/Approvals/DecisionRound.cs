using Microsoft.EntityFrameworkCore;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>One decision inside its transaction: take the row, check who and what, write it down, count, and finish if it was the last word needed.</summary>
internal sealed class DecisionRound(ApprovalParts parts, StateContext db, Contract.Identity approver, Decision decision, DateTimeOffset now)
{
    private readonly List<IReadOnlySet<string>> _approved = [];
    private readonly List<ApprovalDecisionRow> _counting = [];
    private ReleaseTerms _terms = null!;
    private IReadOnlySet<string> _groups = null!;

    /// <summary>What is decided about; null: there is no such approval.</summary>
    public ApprovalRow? Row { get; private set; }

    public async Task<DecisionOutcome> RunAsync(CancellationToken cancel)
    {
        bool taken = await Transitions.TakePendingAsync(db, decision.Id, now, cancel).ConfigureAwait(false);
        Row = await db.Approvals.AsNoTracking().SingleOrDefaultAsync(a => a.Id == decision.Id, cancel).ConfigureAwait(false);
        if (Row is null)
            return Refused(DecisionWords.Unknown, "There is no such request.");
        if (!taken)
            return Refused(DecisionWords.NotPending, $"It is {(Row.Status == ApprovalStatus.Pending ? ApprovalStatus.Expired : Row.Status)}.");
        _terms = ApprovalJson.Terms(Row.Terms);
        DecisionOutcome? refusal = await WhoAsync(cancel).ConfigureAwait(false) ?? What();
        if (refusal is not null)
            return refusal;

        ApprovalDecisionRow mine = MyWord();
        db.ApprovalDecisions.Add(mine);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        if (!decision.Approves)
            return await FinishAsync(ApprovalStatus.Denied, WebhookEvents.Denied, DecisionWords.Denied, "Denied.", cancel).ConfigureAwait(false);
        _approved.Add(_groups);
        _counting.Add(mine);
        IReadOnlyList<Requirement> unmet = _terms.Unmet(_approved);
        if (unmet.Count > 0)
            return new(true, DecisionWords.Counted, $"Counted. More persons are needed for {string.Join(", ", unmet.Select(r => r.Rule))}.");
        return await ApprovedAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Who may not: the one who asked and whoever answers for them, whoever has spoken already by any account, and who is of no group that is still needed.</summary>
    private async Task<DecisionOutcome?> WhoAsync(CancellationToken cancel)
    {
        Person me = await Person.FindAsync(db, approver.Subject, cancel).ConfigureAwait(false);
        if (me.Disabled)
            return Refused(DecisionWords.Disabled, "This account is disabled.");
        foreach (Person requester in await Person.RequestersAsync(db, Row!.Subject, ApprovalJson.Texts(Row.ActingFor), cancel).ConfigureAwait(false))
        {
            if (requester.IsSameAs(me))
                return Refused(DecisionWords.OwnRequest, "Nobody decides about their own request, or about what acts for them.");
        }

        List<ApprovalDecisionRow> earlier = await db.ApprovalDecisions.AsNoTracking()
            .Where(d => d.ApprovalId == decision.Id).ToListAsync(cancel).ConfigureAwait(false);
        foreach (ApprovalDecisionRow word in earlier)
        {
            Person other = await Person.FindAsync(db, word.Subject, cancel).ConfigureAwait(false);
            if (other.IsSameAs(me))
                return Refused(DecisionWords.AlreadyDecided, "You have decided about it already.");
            IReadOnlySet<string> groups = await GroupsAsync(word.Subject, word.Issuer, ApprovalJson.Texts(word.Groups), word.At, cancel).ConfigureAwait(false);
            if (!word.Approves || groups.Count == 0)
                continue;
            _approved.Add(groups);
            _counting.Add(word);
        }

        _groups = await GroupsAsync(approver.Subject, approver.Issuer, approver.Groups, now, cancel).ConfigureAwait(false);
        if (!_terms.Requirements.Any(r => r.Counts(_groups)))
            return Refused(DecisionWords.NotAnApprover, "You are of no group that may decide about it.");
        return decision.Approves && !_terms.Unmet(_approved).Any(r => r.Counts(_groups))
            ? Refused(DecisionWords.AlreadyMet, "Enough persons of your groups have approved it already.")
            : null;
    }

    /// <summary>What may not be said: an approval outside the hours, without the reason that is wanted, or for more than the rules let anybody grant.</summary>
    private DecisionOutcome? What()
    {
        if (!decision.Approves)
            return decision.Scope == GrantScope.Once && decision.Duration is null ? null : Refused(DecisionWords.ScopeNotAllowed, "A denial grants nothing.");
        if (Row!.Kind == ApprovalKind.Action)
        {
            if (parts.Terms.Digest != Row.Policy)
                return Refused(DecisionWords.PolicyChanged, "The policy has changed since it was asked for: it will have to be asked for again.");
            if (parts.Terms.ClosedAt(_terms.Rules, now) is { } closed)
                return Refused(DecisionWords.Closed, closed);
        }

        if (_terms.ReasonRequired && string.IsNullOrWhiteSpace(decision.Reason))
            return Refused(DecisionWords.ReasonRequired, "A reason is required.");
        if (decision.Scope == GrantScope.Once)
            return decision.Duration is null ? null : Refused(DecisionWords.ScopeNotAllowed, "One run has no duration: say what is granted for that time.");
        if (Row.Kind != ApprovalKind.Action || !_terms.Scopes.Contains(decision.Scope))
            return Refused(DecisionWords.ScopeNotAllowed, $"The rules let nobody grant {GrantWords.Of(decision.Scope)} for a time.");
        if (Row.Credential is null)
            return Refused(DecisionWords.ScopeNotAllowed, "Their login has no id to bind a grant to: approve this one run.");
        return decision.Duration is { } time && time > TimeSpan.Zero && time <= _terms.LongestGrant
            ? null
            : Refused(DecisionWords.ScopeNotAllowed, $"A grant needs a duration of at most {Durations.Format(_terms.LongestGrant)}.");
    }

    private async Task<DecisionOutcome> ApprovedAsync(CancellationToken cancel)
    {
        if (Row!.Kind == ApprovalKind.Access)
        {
            await AccessRequests.BeginAsync(db, Row, now, cancel).ConfigureAwait(false);
            return await FinishAsync(ApprovalStatus.Used, WebhookEvents.AccessGranted, DecisionWords.Approved, "Approved: the access has begun.", cancel).ConfigureAwait(false);
        }

        // What all of them meant: the least that anybody granted, for the shortest time.
        GrantScope scope = _counting.Min(d => GrantWords.Parse(d.Scope));
        if (scope != GrantScope.Once)
        {
            TimeSpan time = _counting.Min(d => d.Duration ?? TimeSpan.MaxValue);
            db.Grants.Add(GrantOf(Row, scope, time));
        }

        return await FinishAsync(ApprovalStatus.Approved, WebhookEvents.Approved, DecisionWords.Approved, "Approved.", cancel).ConfigureAwait(false);
    }

    private async Task<DecisionOutcome> FinishAsync(string status, string webhook, string word, string message, CancellationToken cancel)
    {
        if (!await Transitions.DecideAsync(db, decision.Id, status, now, cancel).ConfigureAwait(false))
            throw new InvalidOperationException("A row that this transaction holds was changed by another.");
        await parts.Webhooks.AddAsync(db, new Announcement(webhook, Row!, approver.Subject, decision.Reason), now, cancel).ConfigureAwait(false);
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        return new(true, word, message);
    }

    private Task<IReadOnlySet<string>> GroupsAsync(string subject, string issuer, IEnumerable<string> said, DateTimeOffset since, CancellationToken cancel) =>
        ApproverGroups.NowAsync(db, parts.OwnIssuers, subject, issuer, said, since, now, cancel);

    private ApprovalDecisionRow MyWord() => new()
    {
        Id = Guid.CreateVersion7(now),
        ApprovalId = decision.Id,
        Subject = approver.Subject,
        Issuer = approver.Issuer,
        Groups = ApprovalJson.Write([.. _groups.Order(StringComparer.Ordinal)]),
        Approves = decision.Approves,
        Reason = string.IsNullOrWhiteSpace(decision.Reason) ? null : decision.Reason,
        Scope = GrantWords.Of(decision.Scope),
        Duration = decision.Duration,
        At = now,
    };

    private GrantRow GrantOf(ApprovalRow row, GrantScope scope, TimeSpan time) => new()
    {
        Id = row.Id,
        Scope = GrantWords.Of(scope),
        Subject = row.Subject,
        Issuer = row.Issuer,
        ActingFor = row.ActingFor,
        Credential = row.Credential,
        Source = row.Source,
        Target = row.Target,
        Resource = row.Resource,
        Rules = row.Rules,
        Policy = row.Policy,
        ActionDigest = row.ActionDigest,
        StartsAt = now,
        EndsAt = now + time,
    };

    private static DecisionOutcome Refused(string word, string message) => new(false, word, message);
}
