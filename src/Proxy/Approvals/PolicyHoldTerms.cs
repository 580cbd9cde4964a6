using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Documents;

namespace Sallyport.Proxy.Approvals;

/// <summary>What the policy in force says of the release of held actions.</summary>
internal sealed class PolicyHoldTerms(PolicyStore policy) : IHoldTerms
{
    private const string Changed = "The policy has changed since it was asked for: it will have to be asked for again.";

    public string Digest => policy.Digest;

    public IReadOnlyCollection<string> BreakGlassGroups => policy.BreakGlassGroups;

    public HeldTerms? Of(SessionFacts facts, Verdict verdict, HeldAction action, DateTimeOffset now)
    {
        string digest = policy.Digest;
        IReadOnlyList<string> rules = action.Rules.Contains(verdict.RuleId) ? action.Rules : [verdict.RuleId, .. action.Rules];
        HoldTerms? terms = TermsOf(rules);

        // All of it is of the policy that judged, or none: it may have been replaced between any two lines above.
        if (terms is null || policy.Version != verdict.PolicyVersion)
            return null;
        string? reference = terms.PreApprovedAt(now, out DateTimeOffset until);
        return new HeldTerms
        {
            Digest = digest,
            Timeout = terms.Timeout,
            PreApproved = reference is null ? null : new PreApproval(reference, until),
            Closed = terms.RefusalAt(now),
            Terms = new ReleaseTerms
            {
                Requirements = [.. terms.Requirements.Select(r => new Requirement(r.RuleId, r.Quorum, r.Groups, r.BreakGlassGroups))],
                ReasonRequired = terms.ReasonRequired,
                Scopes = terms.Scopes,
                LongestGrant = terms.LongestGrant,
            },
        };
    }

    public string? ClosedAt(IReadOnlyList<string> rules, DateTimeOffset now) =>
        TermsOf(rules) is { } terms ? terms.RefusalAt(now) : Changed;

    private HoldTerms? TermsOf(IReadOnlyList<string> rules)
    {
        var all = new List<ApprovalTerms>(rules.Count);
        foreach (string rule in rules.Distinct(StringComparer.Ordinal))
        {
            if (policy.TermsOf(rule) is not { } terms)
                return null;
            all.Add(terms);
        }

        return all.Count == 0 ? null : ApprovalTerms.Strictest(all);
    }
}
