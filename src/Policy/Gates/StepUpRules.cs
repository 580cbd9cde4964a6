using Sallyport.Contract;
using Sallyport.Policy.Documents;

namespace Sallyport.Policy.Gates;

/// <summary>
/// The rules of the documents that would apply if the person logged in again: everything else about them holds. They decide nothing but what
/// is told to somebody who is refused by default, and would not be after another login.
/// </summary>
internal sealed class StepUpRules
{
    private readonly RuleTable _deny;
    private readonly RuleTable _grants;

    public StepUpRules(IReadOnlyList<PolicyDocument> documents, int version)
    {
        CompiledRule[] rules =
        [
            .. documents.SelectMany(d => d.Rules.Select(r => (Rule: r, Verdict: StepUp.Verdict(d, version))))
                .OrderBy(r => r.Rule.Id, StringComparer.Ordinal).Select(r => new CompiledRule(r.Rule, r.Verdict)),
        ];
        _deny = new RuleTable([.. rules.Where(r => r.Effect == VerdictKind.Deny)]);
        _grants = new RuleTable([.. rules.Where(r => r.Effect != VerdictKind.Deny)]);
    }

    /// <summary>The refusal that tells to log in again; null when that would not help.</summary>
    /// <param name="inForce">What is granted already.</param>
    /// <param name="effects">The action's effects, of which something is not.</param>
    public Verdict? Judge(RuleTable inForce, in ActionEffects effects)
    {
        int first = RuleTable.None;
        for (int i = 0; i < effects.Count; i++)
        {
            ObjectRef effect = effects[i];
            EffectName name = new(effect, effects);
            if (_deny.FirstThatStops(RuleTable.None, effects.Flags, effect, name) != RuleTable.None)
                return null;
            if (!effects.NeedsGrant(effect) || inForce.FirstThatGrants(effects.Flags, effect, name) != RuleTable.None)
                continue;
            int grant = _grants.FirstThatGrants(effects.Flags, effect, name);
            if (grant == RuleTable.None)
                return null;
            first = Math.Min(first, grant);
        }

        return first == RuleTable.None ? null : _grants[first].Verdict;
    }

    /// <summary>The same for a login that leads to nothing.</summary>
    public Verdict? JudgeLogin()
    {
        ObjectRef login = new(Verb.Login, ObjectFlags.None, 0, 0, 0);
        bool denied = _deny.FirstThatStops(RuleTable.None, ActionFlags.None, login, EffectName.None) != RuleTable.None;
        return denied || _grants.Count == 0 ? null : _grants[0].Verdict;
    }
}
