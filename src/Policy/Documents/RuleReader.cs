using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads the rules of one document.</summary>
internal sealed class RuleReader(DiagnosticBag bag)
{
    // The setting that says which schema a bare name is looked up in.
    private static readonly byte[] SearchPath = "search_path"u8.ToArray();

    private static readonly Dictionary<string, VerdictKind> Effects = new(StringComparer.Ordinal)
    {
        ["allow"] = VerdictKind.Allow,
        ["deny"] = VerdictKind.Deny,
        ["hold"] = VerdictKind.Hold,
    };

    private static readonly Dictionary<string, bool> WhereWords = new(StringComparer.Ordinal) { ["absent"] = true };

    private readonly ApprovalReader _approvals = new(bag);
    private readonly ConditionReader _conditions = new(bag);
    private YamlMark? _allowsSearchPath;
    private bool _allowsBySchema;

    /// <summary>Reads one rule.</summary>
    public PolicyRule Read(YamlMap map, string document, string id)
    {
        map.Require("effect");
        bool known = map.TryWord("effect", Effects, out VerdictKind effect);
        map.Require("verbs");
        IReadOnlyList<IReadOnlyList<Verb>?> words = map.Words("verbs", VerbNames.Words);
        if (known && effect == VerdictKind.Hold && words.Any(w => w is [Verb.Login]))
            map.Error("verbs", "A login cannot be held: allow or deny it.");
        if (known && effect == VerdictKind.Hold && words.Any(w => w is [Verb.TerminalCommand]))
            map.Error("verbs", "A command that was seen in a terminal runs already and cannot be held: deny it, which ends the session, or hold \"shell\".");
        bool stops = known && effect != VerdictKind.Allow;
        IReadOnlyList<ObjectPattern>? objects = map.Has("objects") ? Objects(map, stops, folds: words.Any(w => w is null || w.Any(v => v < Verb.Exec))) : null;
        bool noObject = OnlyTrue(map, "no-object");
        if (noObject && objects is null)
            map.Error("no-object", "Without \"objects\" a rule matches effects without an object anyway: leave this out.");
        RuleConditions conditions = _conditions.Read(map, words, stops);
        PolicyRule rule = new()
        {
            Id = $"{document}/{id}",
            Effect = effect,
            Verbs = VerbNames.SetOf(words),
            Objects = objects,
            NoObject = noObject,
            Commands = conditions.Commands,
            Paths = conditions.Paths,
            Destinations = conditions.Destinations,
            Resources = conditions.Resources,
            Details = conditions.Details,
            OnlyFields = conditions.OnlyFields,
            MaxSize = conditions.MaxSize,
            WhereAbsent = map.TryWord("where", WhereWords, out bool absent) && absent,
            MultiStatement = OnlyTrue(map, "multi-statement"),
            Unparsed = OnlyTrue(map, "unparsed"),
            Truncated = OnlyTrue(map, "truncated"),
            Hint = map.Text("hint", PolicyLimits.HintLength),
            Approval = Approval(map, known, effect) is ApprovalTerms terms ? terms with { RuleId = $"{document}/{id}" } : null,
        };
        if (known && effect == VerdictKind.Allow)
            Note(rule, map.Mark);
        return rule;
    }

    /// <summary>Warns when the rules that were read let a session change what bare names mean while other rules rely on it.</summary>
    public void WarnOfSearchPath()
    {
        if (_allowsSearchPath is YamlMark mark && _allowsBySchema)
            bag.Warning(mark, "This rule allows SET search_path, while other rules allow objects by schema: a name without a schema could then mean an object of another schema. Deny or do not allow \"set\" on \"search_path\".");
    }

    /// <summary>Warns of capital letters: SQL folds unquoted names to lower case, so the pattern would probably never match.</summary>
    public static void WarnOfCapitals(DiagnosticBag bag, YamlText pattern)
    {
        if (!pattern.Value.Contains('"') && pattern.Value.Any(char.IsAsciiLetterUpper))
            bag.Warning(pattern.Mark, $"\"{pattern.Value}\" has capital letters, which SQL names have only when they are quoted. If it is meant, put the name into double quotes.", pattern.Value.ToLowerInvariant());
    }

    private void Note(PolicyRule rule, YamlMark mark)
    {
        ObjectRef setting = new(Verb.Set, ObjectFlags.None, 0, SearchPath.Length, 0);
        bool allows = rule.Verbs.Contains(Verb.Set) && (rule.Objects is null || rule.Objects.Any(o => o.Matches(setting, SearchPath, narrow: true)));
        if (allows)
            _allowsSearchPath ??= mark;
        _allowsBySchema |= rule.Objects is not null && rule.Objects.Any(o => o.Schema is { IsAny: false });
    }

    private ApprovalTerms? Approval(YamlMap map, bool known, VerdictKind effect)
    {
        // Read in any case, so that all errors come at once.
        ApprovalTerms? terms = map.Map("approval") is YamlMap approval ? _approvals.Read(approval) : null;
        if (known && effect != VerdictKind.Hold && map.Has("approval"))
            map.Error("approval", "\"approval\" belongs to rules whose effect is hold: nothing else is approved.");
        return known && effect == VerdictKind.Hold ? terms ?? ApprovalTerms.Default : null;
    }

    // The names of SQL are folded; those of SSH are not.
    private List<ObjectPattern> Objects(YamlMap map, bool stops, bool folds)
    {
        List<ObjectPattern> patterns = [];
        foreach (YamlText text in map.Texts("objects", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (ObjectPattern.Parse(text.Value, out string? error) is ObjectPattern pattern)
                patterns.Add(pattern);
            else
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.");
            if (folds)
                WarnOfCapitals(bag, text);
            if (stops && patterns is [.., { Name.IsAny: true, Schema.IsAny: false } last] && last.Text == text.Value)
                bag.Warning(text.Mark, $"\"{text.Value}\" stops every name without a schema as well, since any of them could be in that schema. Name the objects if that is not meant.");
        }

        return patterns;
    }

    // "false" could be read as "does not matter" or as "must not be": the key is either there or not.
    internal static bool OnlyTrue(YamlMap map, string key)
    {
        bool? value = map.Bool(key);
        if (value == false)
            map.Error(key, $"\"{key}\" can only be true: leave it out otherwise.");
        return value == true;
    }
}
