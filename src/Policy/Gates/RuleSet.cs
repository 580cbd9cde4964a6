using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Masking;

namespace Sallyport.Policy.Gates;

/// <summary>
/// The rules of one combination of documents, compiled: what <see cref="Judge"/> says depends on the action alone. Shared by all sessions that
/// the same documents apply to. Rules are sorted by id, so that the order of files, documents and rules never matters.
/// </summary>
internal sealed class RuleSet
{
    private readonly int _version;
    private readonly RuleTable _deny;
    private readonly RuleTable _hold;
    private readonly RuleTable _grants;

    public RuleSet(IReadOnlyList<PolicyDocument> documents, MaskStrategies strategies, int version)
    {
        _version = version;
        Masks = ColumnMaskPlan.Build(documents, strategies);
        Limits = TightestLimits.Of(documents);
        CompiledRule[] rules =
        [
            .. documents.SelectMany(d => d.Rules).OrderBy(r => r.Id, StringComparer.Ordinal).Select(r => new CompiledRule(r, VerdictOf(r))),
        ];
        _deny = new RuleTable([.. rules.Where(r => r.Effect == VerdictKind.Deny)]);
        _hold = new RuleTable([.. rules.Where(r => r.Effect == VerdictKind.Hold)]);
        _grants = new RuleTable([.. rules.Where(r => r.Effect != VerdictKind.Deny)]);
    }

    public MaskPlan? Masks { get; }

    public SessionLimits Limits { get; }

    /// <summary>
    /// Deny beats hold beats allow. One effect suffices to be denied or held; every effect must be granted, by an allow rule or by a hold rule.
    /// </summary>
    /// <param name="action">The action.</param>
    /// <param name="stepUp">What would apply after another login; null: nothing more.</param>
    public Verdict Judge(in ActionView action, StepUpRules? stepUp)
    {
        if (action.Kind == ActionKind.Login)
            return JudgeLogin(stepUp);
        ActionEffects effects = new(action);
        if (!effects.IsWellFormed)
            return DefaultVerdicts.Malformed(_version);

        int denied = RuleTable.None;
        int held = RuleTable.None;
        int allowed = RuleTable.None;
        bool granted = true;
        long size = 0;
        for (int i = 0; i < effects.Count; i++)
        {
            ObjectRef effect = effects[i];
            EffectName name = new(effect, effects);
            denied = _deny.FirstThatStops(denied, effects.Flags, effect, name);
            held = _hold.FirstThatStops(held, effects.Flags, effect, name);
            if (!granted || !effects.NeedsGrant(effect))
                continue;
            int grant = _grants.FirstThatGrants(effects.Flags, effect, name);
            granted = grant != RuleTable.None;
            allowed = i == 0 ? grant : allowed;
            size = _grants.LeastSize(size, effects.Flags, effect, name);
        }

        if (denied != RuleTable.None)
            return _deny[denied].Verdict;
        if (!granted)
            return stepUp?.Judge(_grants, effects) ?? DefaultVerdicts.For(effects.Flags, _version);
        Verdict verdict = held != RuleTable.None ? _hold[held].Verdict : _grants[allowed].Verdict;
        return size == 0 ? verdict : verdict with { MaxBytes = size };
    }

    /// <summary>The ids of all rules that hold an action, in the order of their ids; empty when its verdict is not to hold it.</summary>
    public IReadOnlyList<string> HoldingRules(in ActionView action)
    {
        if (Judge(action, stepUp: null).Kind != VerdictKind.Hold)
            return [];
        ActionEffects effects = new(action);
        SortedSet<int> holding = [];
        for (int i = 0; i < effects.Count; i++)
        {
            ObjectRef effect = effects[i];
            _hold.AddAllThatStop(holding, effects.Flags, effect, new EffectName(effect, effects));
        }

        return [.. holding.Select(number => _hold[number].Verdict.RuleId)];
    }

    // A login leads to nothing unless some rule could let something through later. It cannot be held: a hold rule counts as one that could.
    private Verdict JudgeLogin(StepUpRules? stepUp)
    {
        ObjectRef login = new(Verb.Login, ObjectFlags.None, 0, 0, 0);
        int denied = _deny.FirstThatStops(RuleTable.None, ActionFlags.None, login, EffectName.None);
        if (denied != RuleTable.None)
            return _deny[denied].Verdict;
        return _grants.Count == 0
            ? stepUp?.JudgeLogin() ?? DefaultVerdicts.NotGranted(_version)
            : _grants[0].Verdict with { Kind = VerdictKind.Allow };
    }

    private Verdict VerdictOf(PolicyRule rule) =>
        new(rule.Effect, rule.Id, _version, rule.Hint) { Masks = rule.Effect == VerdictKind.Deny ? null : Masks };
}
