using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals;

/// <summary>
/// Takes a person's word on what waits. Everything is checked, written and counted in one transaction that holds the approval's row, so that of two
/// who decide at once the second sees the first.
/// </summary>
internal sealed class Decisions(ApprovalParts parts)
{
    /// <summary>Approves or denies.</summary>
    /// <param name="approver">Who says it, as their login at this moment says they are.</param>
    /// <param name="source">Where they say it from.</param>
    /// <exception cref="IOException">The store or the audit is away. If it is the audit, the decision stands.</exception>
    public async Task<DecisionOutcome> DecideAsync(Contract.Identity approver, System.Net.IPAddress? source, Decision decision, CancellationToken cancel)
    {
        await Task.Yield();
        DateTimeOffset now = parts.Now;
        if (Unfit(approver, now) is { } unfit)
            return Audited(approver, source, decision, null, unfit);
        if (decision.Reason is { Length: > ApprovalLimits.Reason })
            return Audited(approver, source, decision, null, new(false, DecisionWords.ReasonTooLong, $"A reason is at most {ApprovalLimits.Reason} characters long."));

        (DecisionOutcome outcome, ApprovalRow? row) = await parts.Store.WriteAsync(
            async (db, stop) =>
            {
                var round = new DecisionRound(parts, db, approver, decision, now);
                DecisionOutcome taken = await round.RunAsync(stop).ConfigureAwait(false);
                return (taken, round.Row);
            },
            cancel).ConfigureAwait(false);
        if (!outcome.Taken)
            return Audited(approver, source, decision, row, outcome);

        parts.Webhooks.Wake();
        if (outcome.Word != DecisionWords.Counted && row is { Kind: ApprovalKind.Access })
            await TellIdentityAsync(row.Subject, cancel).ConfigureAwait(false);
        await parts.TellAsync(decision.Id, outcome.Word, cancel).ConfigureAwait(false);
        await parts.Audit.KeepAsync(EventOf(approver, source, decision, row, outcome), cancel).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>Why this is nobody who may approve anything; null: a person, freshly enough logged in.</summary>
    public DecisionOutcome? Unfit(Contract.Identity approver, DateTimeOffset now)
    {
        if (approver.Kind != IdentityKind.Human || approver.ActingFor.Length > 0)
            return new(false, DecisionWords.NotAPerson, "Only a person can decide, and nobody on their behalf.");
        if (Person.IsStandIn(approver))
            return new(false, DecisionWords.NotAPerson, "Only a person who has logged in can decide: what stands for them was made by somebody, and may be used by anybody.");
        if (now >= approver.ExpiresAt)
            return new(false, DecisionWords.LoginTooOld, "The login has expired: log in again.");
        return parts.Config.FreshLogin is { } fresh && (approver.AuthenticatedAt is not { } at || now - at > fresh || at > now + TimeSpan.FromMinutes(5))
            ? new(false, DecisionWords.LoginTooOld, "Deciding needs a fresh login: log in again.")
            : null;
    }

    private async Task TellIdentityAsync(string subject, CancellationToken cancel) =>
        await IdentityNews.TellAsync(parts, subject, cancel).ConfigureAwait(false);

    private DecisionOutcome Audited(Contract.Identity approver, System.Net.IPAddress? source, Decision decision, ApprovalRow? row, DecisionOutcome outcome)
    {
        parts.Audit.Note(EventOf(approver, source, decision, row, outcome) with { Outcome = "refused" });
        return outcome;
    }

    private static AuditEvent EventOf(Contract.Identity approver, System.Net.IPAddress? source, Decision decision, ApprovalRow? row, DecisionOutcome outcome)
    {
        var details = new Dictionary<string, string>
        {
            ["decision"] = decision.Approves ? "approve" : "deny",
            ["result"] = outcome.Word,
        };
        if (decision.Approves && decision.Scope != GrantScope.Once)
        {
            details["scope"] = GrantWords.Of(decision.Scope);
            details["duration"] = decision.Duration?.ToString() ?? "";
        }

        return new AuditEvent(outcome.Word == DecisionWords.Denied ? AuditTypes.ApprovalDenied : AuditTypes.ApprovalDecided, AuditActor.Of(approver, source))
        {
            Object = $"approval:{decision.Id}",
            Target = row?.Target,
            SessionId = row?.SessionId,
            RuleId = row is { Kind: ApprovalKind.Action } ? ApprovalJson.Texts(row.Rules)[0] : null,
            Reason = decision.Reason is { Length: > ApprovalLimits.Reason } ? null : decision.Reason,
            Details = details,
        };
    }
}
