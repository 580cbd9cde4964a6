using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Gates;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Explaining;

/// <summary>
/// Asks one rule about one effect, slowly and with reasons. Written against the rule as it was read, not as it was compiled, so that tests can hold
/// the two against each other.
/// </summary>
internal static class RuleProbe
{
    /// <summary>How far an effect got in a rule; the further, the more telling is the reason.</summary>
    public enum Step
    {
        Action,
        Verb,
        Where,
        Object,
        Matched,
    }

    /// <summary>Asks whether the rule denies or holds the effect, or, with <paramref name="grant"/>, whether it grants it.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="effects">The action's effects.</param>
    /// <param name="index">Which of them.</param>
    /// <param name="grant">Granting takes more than stopping: names without a schema match narrowly, and flags must be named.</param>
    /// <param name="reason">Why, or why not.</param>
    public static Step Ask(PolicyRule rule, in ActionEffects effects, int index, bool grant, out string reason)
    {
        if (ActionReason(rule, effects.Flags, grant) is string actionReason)
        {
            reason = actionReason;
            return Step.Action;
        }

        ObjectRef effect = effects[index];
        string text = Describe(effect, effects.Names);
        reason = "none of its verbs occurs";
        if (!rule.Verbs.Contains(effect.Verb))
            return Step.Verb;
        reason = $"{text} has a WHERE clause, or is no UPDATE or DELETE";
        if (rule.WhereAbsent && !effect.Flags.HasFlag(ObjectFlags.WhereAbsent))
            return Step.Where;
        if (!rule.HasConditions)
        {
            reason = $"{text} matches by its verb";
            return Step.Matched;
        }

        if (Pattern(rule, effect, effects, grant) is string pattern)
        {
            reason = $"{text} matches {pattern}";
            return Step.Matched;
        }

        bool noObject = rule.NoObject && effect.Length == 0;
        reason = noObject ? $"{text} has no object" : $"{text} matches none of {string.Join(", ", Patterns(rule, EffectSorts.Of(effect.Verb)))}";
        return noObject ? Step.Matched : Step.Object;
    }

    /// <summary>An effect for people.</summary>
    public static string Describe(in ObjectRef effect, ReadOnlySpan<byte> names)
    {
        string verb = Yaml.KebabNames.Name(effect.Verb);
        // Arguments stand behind zero bytes.
        string name = effect.Length == 0 ? "" : $" {Encoding.UTF8.GetString(names.Slice(effect.Start, effect.Length)).Replace('\0', ' ')}";
        string where = effect.Flags.HasFlag(ObjectFlags.WhereAbsent) ? " (where absent)" : "";
        string below = effect.Flags.HasFlag(ObjectFlags.Below) ? " and what is below it" : "";
        return $"{verb}{name}{where}{below}";
    }

    // The first pattern that matches.
    private static string? Pattern(PolicyRule rule, in ObjectRef effect, in ActionEffects effects, bool grant)
    {
        EffectSort sort = EffectSorts.Of(effect.Verb);
        foreach (ObjectPattern pattern in rule.Objects ?? [])
        {
            if ((sort == EffectSort.Name || pattern.IsEverything) && pattern.Matches(effect, effects.Names, grant))
                return pattern.Text;
        }

        if (effect.Length == 0)
            return null;
        EffectName name = new(effect, effects.Names, effects.Home);
        foreach (CommandPattern pattern in sort == EffectSort.Command ? rule.Commands ?? [] : [])
        {
            if (pattern.Matches(name.Program, name.Arguments, grant))
                return pattern.Text;
        }

        foreach (PathPattern pattern in sort == EffectSort.Path ? rule.Paths ?? [] : [])
        {
            if (pattern.Matches(name.Path, grant ? PathReading.Narrow : PathReading.Wide))
                return pattern.Text;
        }

        foreach (DestinationPattern pattern in sort == EffectSort.Destination ? rule.Destinations ?? [] : [])
        {
            if (pattern.Matches(name.Destination, grant))
                return pattern.Text;
        }

        return null;
    }

    private static IEnumerable<string> Patterns(PolicyRule rule, EffectSort sort) => sort switch
    {
        EffectSort.Command when rule.Commands is not null => rule.Commands.Select(p => p.Text),
        EffectSort.Path when rule.Paths is not null => rule.Paths.Select(p => p.Text),
        EffectSort.Destination when rule.Destinations is not null => rule.Destinations.Select(p => p.Text),
        EffectSort.Name when rule.Objects is not null => rule.Objects.Select(p => p.Text),
        _ => [$"its conditions: there is no \"{EffectSorts.Key(sort)}\""],
    };

    private static string? ActionReason(PolicyRule rule, ActionFlags flags, bool grant)
    {
        bool unparsed = flags.HasFlag(ActionFlags.Unparsed);
        bool truncated = flags.HasFlag(ActionFlags.Truncated);
        if (rule.MultiStatement && !flags.HasFlag(ActionFlags.MultiStatement))
            return "the action is not one of several statements";
        if (grant && unparsed && !rule.Unparsed)
            return "the action was not understood, and the rule does not say \"unparsed: true\"";
        if (grant && truncated && !rule.Truncated)
            return "the action was not seen whole, and the rule does not say \"truncated: true\"";
        bool selects = rule.Unparsed || rule.Truncated;
        bool selected = (rule.Unparsed && unparsed) || (rule.Truncated && truncated);
        bool isAllow = rule.Effect == VerdictKind.Allow;
        return selects && !selected && !isAllow ? "the rule is about actions that were not understood, or not seen whole" : null;
    }
}
