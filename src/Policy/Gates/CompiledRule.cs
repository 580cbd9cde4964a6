using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>One rule, ready to be asked.</summary>
internal sealed class CompiledRule
{
    private readonly ActionFlags _selectedBy;
    private readonly ActionFlags _uncovered;
    private readonly bool _multiStatement;
    private readonly bool _whereAbsent;
    private readonly EffectConditions? _conditions;
    private readonly DetailCondition[] _details;
    private readonly bool _onlyFields;

    /// <param name="rule">The rule as it was read.</param>
    /// <param name="verdict">What is answered when it decides.</param>
    public CompiledRule(PolicyRule rule, Verdict verdict)
    {
        Effect = rule.Effect;
        Verbs = rule.Verbs;
        ActionFlags named = (rule.Unparsed ? ActionFlags.Unparsed : 0) | (rule.Truncated ? ActionFlags.Truncated : 0);
        _selectedBy = named;
        _uncovered = (ActionFlags.Unparsed | ActionFlags.Truncated) & ~named;
        _multiStatement = rule.MultiStatement;
        _whereAbsent = rule.WhereAbsent;
        _conditions = rule.HasConditions ? new EffectConditions(rule) : null;
        _details = [.. rule.Details];
        _onlyFields = rule.OnlyFields;
        MaxSize = rule.MaxSize;
        Verdict = verdict;
    }

    public VerdictKind Effect { get; }

    public VerbSet Verbs { get; }

    /// <summary>Most bytes of a file that it lets through; 0: any number.</summary>
    public long MaxSize { get; }

    /// <summary>What is answered when this rule decides.</summary>
    public Verdict Verdict { get; }

    /// <summary>
    /// True when a deny or hold rule is about this effect. One that names <c>unparsed</c> or <c>truncated</c> is about actions with one of these flags only.
    /// The verb has been looked at before.
    /// </summary>
    public bool Stops(ActionFlags flags, in ObjectRef effect, in EffectName name) =>
        (_selectedBy == 0 || (flags & _selectedBy) != 0) && Fits(flags, effect, name, narrow: false);

    /// <summary>
    /// True when an allow rule (or a hold rule, for what a person may let through) grants this effect. An action that was not understood, or not
    /// seen whole, is granted only by rules that say so. The verb has been looked at before.
    /// </summary>
    public bool Grants(ActionFlags flags, in ObjectRef effect, in EffectName name) =>
        (flags & _uncovered) == 0 && (Effect == VerdictKind.Allow || _selectedBy == 0 || (flags & _selectedBy) != 0)
        && Fits(flags, effect, name, narrow: true);

    /// <summary>False when no command whose program's name falls into this bucket of <see cref="CommandMatcher"/> can match.</summary>
    public bool MayMatchCommands(int bucket) => _conditions is null || _conditions.MayMatchCommands(bucket);

    private bool Fits(ActionFlags flags, in ObjectRef effect, in EffectName name, bool narrow) =>
        (!_multiStatement || (flags & ActionFlags.MultiStatement) != 0)
        && (!_whereAbsent || (effect.Flags & ObjectFlags.WhereAbsent) != 0)
        && (_conditions is null || _conditions.Matches(name, narrow))
        && (_details.Length == 0 || FitsDetails(name.Details, narrow));

    private bool FitsDetails(in ActionDetails details, bool narrow)
    {
        foreach (DetailCondition condition in _details)
        {
            if (!condition.Matches(details, narrow))
                return false;
        }

        return !_onlyFields || DetailCondition.CoverAllFields(_details, details);
    }
}
