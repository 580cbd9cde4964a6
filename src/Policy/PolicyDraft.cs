using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Explaining;
using Sallyport.Policy.Gates;

namespace Sallyport.Policy;

/// <summary>A policy that is in force nowhere, for its author to try out. Its version is 0.</summary>
public sealed class PolicyDraft
{
    private readonly PolicySet _set;
    private readonly TimeProvider _time;

    internal PolicyDraft(PolicySet set, TimeProvider time) => (_set, _time) = (set, time);

    /// <summary>SHA-256 of its sources: what <see cref="PolicyStore.Digest"/> would be.</summary>
    public string Digest => _set.Digest;

    /// <summary>How many documents it has.</summary>
    public int DocumentCount => _set.Documents.Count;

    /// <summary>Says how it would judge an action, and why.</summary>
    /// <param name="facts">Who, from where, to what.</param>
    /// <param name="action">The action.</param>
    public PolicyExplanation Explain(SessionFacts facts, in ActionView action) => Explainer.Explain(_set, facts, action, _time.GetUtcNow());

    /// <summary>How what a hold rule would hold is approved; null when there is no such hold rule.</summary>
    /// <param name="ruleId">The rule, <c>document/rule</c>.</param>
    public ApprovalTerms? TermsOf(string ruleId) => _set.TermsOf(ruleId);
}
