using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>Reads what a rule says of the details of requests: <c>details</c>, <c>fields</c> and <c>only-fields</c>.</summary>
internal sealed class DetailReader(DiagnosticBag bag)
{
    private const int MostConditions = 100;

    private static readonly string[] Keys = ["details", "fields", "only-fields"];

    /// <summary>Reads the conditions.</summary>
    public IReadOnlyList<DetailCondition> Read(YamlMap map)
    {
        List<DetailCondition> conditions = [];
        foreach ((YamlText name, IReadOnlyList<YamlText> values) in map.NamedLists("details", PolicyLimits.PatternLength, MostConditions))
        {
            if (IsKnown(name))
                conditions.Add(Condition(name.Value, Glob.Literal(name.Value), values, isField: false));
        }

        foreach ((YamlText path, IReadOnlyList<YamlText> values) in map.NamedLists("fields", PolicyLimits.PatternLength, MostConditions))
        {
            if (FieldPattern.Check(path.Value, out string? suggestion) is string error)
                bag.Error(path.Mark, $"\"{path.Value}\" {error}.", suggestion);
            else
                conditions.Add(Condition(path.Value, FieldPattern.Compile(DetailNames.Field + path.Value), values, isField: true));
        }

        return conditions;
    }

    /// <summary><c>only-fields</c>.</summary>
    public static bool OnlyFields(YamlMap map, bool stops)
    {
        bool only = RuleReader.OnlyTrue(map, "only-fields");
        if (only && stops)
            map.Error("only-fields", "\"only-fields\" belongs to rules whose effect is allow: it bounds what they let through.");
        else if (only && !map.Has("fields"))
            map.Error("only-fields", "\"only-fields\" needs \"fields\": without them nothing could match.");
        return only;
    }

    /// <summary>Reports conditions on details of a rule whose verbs have none.</summary>
    /// <param name="map">The rule.</param>
    /// <param name="verbs">All of its verbs.</param>
    public static void CheckFit(YamlMap map, Verb[] verbs)
    {
        string? key = Keys.FirstOrDefault(map.Has);
        Verb[] without = [.. verbs.Where(v => !EffectSorts.HasDetails(v))];
        if (key is not null && without.Length > 0)
            map.Error(key, $"\"{key}\" is about requests of HTTP and Kubernetes: \"{KebabNames.Name(without[0])}\" has no details, and would never match.");
    }

    private bool IsKnown(YamlText name)
    {
        bool header = name.Value.StartsWith(DetailNames.Header, StringComparison.Ordinal) && name.Value.Length > DetailNames.Header.Length;
        if (header && name.Value.Any(char.IsAsciiLetterUpper))
            bag.Error(name.Mark, $"\"{name.Value}\" has capital letters: the names of header fields are written in lower case.", name.Value.ToLowerInvariant());
        if (header || DetailNames.Known.Contains(name.Value))
            return true;
        string? near = Nearest.Of(name.Value, DetailNames.Known);
        string known = near is null ? $" Known: {string.Join(", ", DetailNames.Known)}, {DetailNames.Header}NAME." : "";
        string field = name.Value.StartsWith(DetailNames.Field, StringComparison.Ordinal) ? " Fields of the object stand under \"fields\"." : known;
        bag.Error(name.Mark, $"\"{name.Value}\" is no detail of a request.{field}", near);
        return false;
    }

    private DetailCondition Condition(string name, Glob attribute, IReadOnlyList<YamlText> values, bool isField)
    {
        foreach (YamlText value in values.Where(v => Wildcards(v.Value) > DottedPattern.MaxWildcards))
            bag.Error(value.Mark, $"\"{value.Value}\" has more than {DottedPattern.MaxWildcards} wildcards.");
        string text = $"{name}: {string.Join(", ", values.Select(v => v.Value))}";
        return new DetailCondition(text, attribute, [.. values.Select(v => Glob.Compile(v.Value))]) { IsField = isField };
    }

    private static int Wildcards(string text) => text.Count(c => c is '*' or '?');
}
