using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Gates;

namespace Sallyport.Policy.Explaining;

/// <summary>Gathers what the rules say, and decides: deny, then whatever is not granted, then hold, then allow; of several rules the first by id.</summary>
internal sealed class Decision(int effects)
{
    private readonly PolicyRule?[] _grants = new PolicyRule?[effects];
    private readonly Dictionary<VerdictKind, (PolicyRule Rule, string Reason)> _first = [];
    private PolicyRule? _couldGrant;

    /// <summary>A deny or hold rule stops an effect; an allow rule matches one.</summary>
    public void Matched(PolicyRule rule, string reason)
    {
        bool known = _first.TryGetValue(rule.Effect, out (PolicyRule Rule, string Reason) first);
        if (!known || IsBefore(rule, first.Rule))
            _first[rule.Effect] = (rule, reason);
    }

    /// <summary>A rule grants an effect.</summary>
    public void Grants(PolicyRule rule, int effect) => _grants[effect] = IsBefore(rule, _grants[effect]) ? rule : _grants[effect];

    /// <summary>For logins: a rule that could let something through.</summary>
    public void CouldGrant(PolicyRule rule) => _couldGrant = IsBefore(rule, _couldGrant) ? rule : _couldGrant;

    /// <summary>The id of the rule that grants an effect.</summary>
    public string? GrantOf(int effect) => _grants[effect]?.Id;

    /// <summary>The decision on a login.</summary>
    public (VerdictKind Kind, string RuleId, string? Hint, string Reason) Login(int version)
    {
        if (_first.TryGetValue(VerdictKind.Deny, out (PolicyRule Rule, string Reason) deny))
            return Of(deny.Rule, deny.Reason);
        return _couldGrant is PolicyRule rule
            ? (VerdictKind.Allow, rule.Id, rule.Hint, "A rule could let something through.")
            : Of(DefaultVerdicts.NotGranted(version), "No rule that applies lets anything through.");
    }

    /// <summary>The decision on any other action.</summary>
    public (VerdictKind Kind, string RuleId, string? Hint, string Reason) Action(in ActionEffects action, int version)
    {
        if (!action.IsWellFormed)
            return Of(DefaultVerdicts.Malformed(version), "The action contradicts itself.");
        if (_first.TryGetValue(VerdictKind.Deny, out (PolicyRule Rule, string Reason) deny))
            return Of(deny.Rule, deny.Reason);
        int open = Array.FindIndex(_grants, g => g is null);
        if (open >= 0)
            return Of(DefaultVerdicts.For(action.Flags, version), $"No rule grants {RuleProbe.Describe(action[open], action.Names)}.");
        return _first.TryGetValue(VerdictKind.Hold, out (PolicyRule Rule, string Reason) hold)
            ? Of(hold.Rule, hold.Reason)
            : Of(_grants[0]!, "Every effect is granted.");
    }

    private static (VerdictKind Kind, string RuleId, string? Hint, string Reason) Of(PolicyRule rule, string reason) =>
        (rule.Effect, rule.Id, rule.Hint, reason);

    private static (VerdictKind Kind, string RuleId, string? Hint, string Reason) Of(Verdict verdict, string reason) =>
        (verdict.Kind, verdict.RuleId, verdict.Hint, reason);

    private static bool IsBefore(PolicyRule rule, PolicyRule? other) => other is null || string.CompareOrdinal(rule.Id, other.Id) < 0;
}
