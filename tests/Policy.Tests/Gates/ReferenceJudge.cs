using System.Text.RegularExpressions;
using Sallyport.Contract;
using Sallyport.Policy.Tests.Support;

namespace Sallyport.Policy.Tests.Gates;

/// <summary>A rule as a test writes it down, and as YAML.</summary>
public sealed record ModelRule(string Id, VerdictKind Effect, string[] Verbs, string[]? Objects, bool NoObject, bool WhereAbsent, bool Multi, bool Unparsed, bool Truncated)
{
    public string ToYaml()
    {
        List<string> keys = [$"id: {Id}", $"effect: {Policy.Yaml.KebabNames.Name(Effect)}", $"verbs: [{string.Join(", ", Verbs)}]"];
        if (Objects is not null)
            keys.Add($"objects: [{string.Join(", ", Objects.Select(o => $"'{o}'"))}]");
        if (NoObject && Objects is not null)
            keys.Add("no-object: true");
        if (WhereAbsent)
            keys.Add("where: absent");
        if (Multi)
            keys.Add("multi-statement: true");
        if (Unparsed)
            keys.Add("unparsed: true");
        if (Truncated)
            keys.Add("truncated: true");
        return $"  - {{{string.Join(", ", keys)}}}";
    }
}

/// <summary>A document as a test writes it down.</summary>
public sealed record ModelDocument(string Id, ModelRule[] Rules)
{
    public string ToYaml() => $"policy: {Id}\n{(Rules.Length == 0 ? "limits: {idle: 1m}" : $"rules:\n{string.Join('\n', Rules.Select(r => r.ToYaml()))}")}\n";
}

/// <summary>The semantics of docs/policy.md once more, in the plainest way: sets, regular expressions, no compilation.</summary>
public static class ReferenceJudge
{
    public static (VerdictKind, string) Judge(IEnumerable<ModelDocument> documents, TestAction action) => Judge(documents, action, out _);

    /// <param name="holding">All rules that hold it, when it is held.</param>
    public static (VerdictKind, string) Judge(IEnumerable<ModelDocument> documents, TestAction action, out string[] holding)
    {
        holding = [];
        List<(string Id, ModelRule Rule)> rules = [.. documents.SelectMany(d => d.Rules.Select(r => ($"{d.Id}/{r.Id}", r))).OrderBy(r => r.Item1, StringComparer.Ordinal)];
        List<TestEffect> effects = [.. action.Effects];
        if (effects.All(e => e.Verb != action.Verb))
            effects.Add(new TestEffect(action.Verb));
        bool unparsed = action.Flags.HasFlag(ActionFlags.Unparsed) || effects.Any(e => e.Verb == Verb.Unknown);
        bool truncated = action.Flags.HasFlag(ActionFlags.Truncated);

        bool Common(ModelRule r, TestEffect e, bool narrow) =>
            (!r.Multi || action.Flags.HasFlag(ActionFlags.MultiStatement)) && (!r.WhereAbsent || e.WhereAbsent)
            && (r.Verbs.Contains("all") || r.Verbs.Contains(Policy.Yaml.KebabNames.Name(e.Verb))) && Object(r, e, narrow);
        bool Selected(ModelRule r) => (!r.Unparsed && !r.Truncated) || (r.Unparsed && unparsed) || (r.Truncated && truncated);
        bool Stops(ModelRule r) => Selected(r) && effects.Any(e => Common(r, e, narrow: false));
        bool Grants(ModelRule r, TestEffect e) =>
            r.Effect != VerdictKind.Deny && (!unparsed || r.Unparsed) && (!truncated || r.Truncated)
            && (r.Effect == VerdictKind.Allow || Selected(r)) && Common(r, e, narrow: true);

        foreach ((string id, ModelRule rule) in rules)
        {
            if (rule.Effect == VerdictKind.Deny && Stops(rule))
                return (VerdictKind.Deny, id);
        }

        if (effects.Any(e => !rules.Any(r => Grants(r.Rule, e))))
            return (VerdictKind.Deny, truncated ? "default-truncated" : unparsed ? "default-unparsed" : "default");
        holding = [.. rules.Where(r => r.Rule.Effect == VerdictKind.Hold && Stops(r.Rule)).Select(r => r.Id)];
        if (holding.Length > 0)
            return (VerdictKind.Hold, holding[0]);

        return (VerdictKind.Allow, rules.First(r => Grants(r.Rule, effects[0])).Id);
    }

    private static bool Object(ModelRule rule, TestEffect effect, bool narrow)
    {
        if (rule.Objects is null || rule.Objects.Contains("*"))
            return true;
        if (effect.Name.Length == 0)
            return rule.NoObject;
        foreach (string pattern in rule.Objects)
        {
            string[] parts = pattern.Split('.');
            string schema = parts.Length == 2 ? parts[0] : "*";
            if (!Like(parts[^1], effect.Name))
                continue;
            if (effect.Schema.Length > 0 ? Like(schema, effect.Schema) : !narrow || Like(schema, "public") || Like(schema, "pg_catalog"))
                return true;
        }

        return false;
    }

    public static bool Like(string pattern, string text) =>
        Regex.IsMatch(text, $"\\A{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal)}\\z", RegexOptions.Singleline);
}
