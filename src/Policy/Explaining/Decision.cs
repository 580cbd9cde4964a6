using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Gates;

namespace Sallyport.Policy.Explaining;

/// <summary>Gathers what the rules say, and decides: deny, then whatever is not granted, then hold, then allow; of several rules the first by id.</summary>
internal sealed class Decision(int effects)
{
    private readonly PolicyRule?[] _grants = new PolicyRule?[effects];
    private readonly Dictionary<VerdictKind, (PolicyRule Rule, string Reason)> _first = [];
    private readonly (PolicyRule Rule, PolicyDocument Document)?[] _later = new (PolicyRule, PolicyDocument)?[effects];
    private PolicyRule? _couldGrant;
    private (PolicyRule Rule, PolicyDocument Document)? _couldGrantLater;
    private bool _deniedLater;

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

    /// <summary>A deny rule would stop an effect, or the login, if the person logged in again.</summary>
    public void DeniesLater() => _deniedLater = true;

    /// <summary>A rule would grant an effect if the person logged in again.</summary>
    public void GrantsLater(PolicyDocument document, PolicyRule rule, int effect) =>
        _later[effect] = IsBefore(rule, _later[effect]?.Rule) ? (rule, document) : _later[effect];

    /// <summary>For logins: a rule that could let something through if the person logged in again.</summary>
    public void CouldGrantLater(PolicyDocument document, PolicyRule rule) =>
        _couldGrantLater = IsBefore(rule, _couldGrantLater?.Rule) ? (rule, document) : _couldGrantLater;

    /// <summary>The id of the rule that grants an effect.</summary>
    public string? GrantOf(int effect) => _grants[effect]?.Id;

    /// <summary>The decision on a login.</summary>
    public (VerdictKind Kind, string RuleId, string? Hint, string Reason) Login(int version)
    {
        if (_first.TryGetValue(VerdictKind.Deny, out (PolicyRule Rule, string Reason) deny))
            return Of(deny.Rule, deny.Reason);
        if (_couldGrant is PolicyRule rule)
            return (VerdictKind.Allow, rule.Id, rule.Hint, "A rule could let something through.");
        return _couldGrantLater is { } later && !_deniedLater
            ? Of(StepUp.Verdict(later.Document, version), $"No rule that applies lets anything through; after another login {later.Rule.Id} could.")
            : Of(DefaultVerdicts.NotGranted(version), "No rule that applies lets anything through.");
    }

    /// <summary>The decision on any other action.</summary>
    public (VerdictKind Kind, string RuleId, string? Hint, string Reason) Action(in ActionEffects action, int version)
    {
        if (!action.IsWellFormed)
            return Of(DefaultVerdicts.Malformed(version), "The action contradicts itself.");
        if (_first.TryGetValue(VerdictKind.Deny, out (PolicyRule Rule, string Reason) deny))
            return Of(deny.Rule, deny.Reason);
        for (int i = 0; i < _grants.Length; i++)
        {
            if (IsOpen(action, i))
                return Open($"No rule grants {RuleProbe.Describe(action[i], action.Names)}", action, version);
        }

        return _first.TryGetValue(VerdictKind.Hold, out (PolicyRule Rule, string Reason) hold)
            ? Of(hold.Rule, hold.Reason)
            : Of(_grants[0]!, "Every effect is granted.");
    }

    // What is not granted would be after another login, or is refused by default.
    private (VerdictKind Kind, string RuleId, string? Hint, string Reason) Open(string reason, in ActionEffects action, int version)
    {
        (PolicyRule Rule, PolicyDocument Document)? first = null;
        for (int i = 0; i < _grants.Length && !_deniedLater; i++)
        {
            if (!IsOpen(action, i))
                continue;
            if (_later[i] is not { } later)
                return Of(DefaultVerdicts.For(action.Flags, version), $"{reason}.");
            first = IsBefore(later.Rule, first?.Rule) ? later : first;
        }

        return first is { } named
            ? Of(StepUp.Verdict(named.Document, version), $"{reason}; after another login {named.Rule.Id} would.")
            : Of(DefaultVerdicts.For(action.Flags, version), $"{reason}.");
    }

    private bool IsOpen(in ActionEffects action, int effect) => _grants[effect] is null && action.NeedsGrant(action[effect]);

    private static (VerdictKind Kind, string RuleId, string? Hint, string Reason) Of(PolicyRule rule, string reason) =>
        (rule.Effect, rule.Id, rule.Hint, reason);

    private static (VerdictKind Kind, string RuleId, string? Hint, string Reason) Of(Verdict verdict, string reason) =>
        (verdict.Kind, verdict.RuleId, verdict.Hint, reason);

    private static bool IsBefore(PolicyRule rule, PolicyRule? other) => other is null || string.CompareOrdinal(rule.Id, other.Id) < 0;
}
