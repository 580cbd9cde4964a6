using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>What a rule says about commands, paths, destinations, resources and details; null: nothing.</summary>
internal sealed record RuleConditions(
    IReadOnlyList<CommandPattern>? Commands, IReadOnlyList<PathPattern>? Paths, IReadOnlyList<DestinationPattern>? Destinations, ResourceConditions? Resources,
    IReadOnlyList<DetailCondition> Details, bool OnlyFields, long MaxSize);

/// <summary>Reads the conditions of a rule on commands, paths, destinations, resources and details, and sees to it that each fits the rule's verbs.</summary>
internal sealed class ConditionReader(DiagnosticBag bag)
{
    private static readonly EffectSort[] Sorts = Enum.GetValues<EffectSort>();

    private readonly ResourceReader _resources = new(bag);
    private readonly DetailReader _details = new(bag);

    /// <summary>Reads them.</summary>
    /// <param name="map">The rule.</param>
    /// <param name="verbs">What each word of <c>verbs</c> stands for; null: everything.</param>
    /// <param name="stops">The rule denies or holds.</param>
    public RuleConditions Read(YamlMap map, IReadOnlyList<IReadOnlyList<Verb>?> verbs, bool stops)
    {
        RuleConditions conditions = new(
            map.Has("commands") ? Commands(map, stops) : null,
            map.Has("paths") ? Paths(map) : null,
            map.Has("destinations") ? Destinations(map, stops) : null,
            _resources.Read(map, verbs, stops),
            _details.Read(map),
            DetailReader.OnlyFields(map, stops),
            MaxSize(map, verbs, stops));
        if (!verbs.Contains(null))
        {
            Verb[] named = [.. verbs.SelectMany(v => v!)];
            CheckFit(map, named);
            DetailReader.CheckFit(map, named);
        }

        return conditions;
    }

    // A verb without its condition would never match, and a condition without its verb means nothing: neither is what the author thought.
    private static void CheckFit(YamlMap map, Verb[] verbs)
    {
        EffectSort[] given = [.. Sorts.Where(s => Given(map, s) is not null)];
        if (given.Length == 0 || verbs.Length == 0)
            return;
        Verb[] left = [.. verbs.Where(v => !given.Contains(EffectSorts.Of(v)))];
        if (left.Length > 0)
        {
            string other = Given(map, given[0])!;
            string own = EffectSorts.Keys(EffectSorts.Of(left[0]))[0];
            map.Error(other, $"\"{other}\" says nothing of the verb \"{KebabNames.Name(left[0])}\", which would never match: give \"{own}\" for it, or a rule of its own.");
            return;
        }

        foreach (EffectSort sort in given.Where(s => verbs.All(v => EffectSorts.Of(v) != s)))
            map.Error(Given(map, sort)!, $"\"{Given(map, sort)}\" is about {About(sort)}: none of the rule's verbs is.");
    }

    // The first of the sort's keys that the rule has. Asks for all of them, which makes them known.
    private static string? Given(YamlMap map, EffectSort sort) => EffectSorts.Keys(sort).Where(map.Has).ToArray() is [string first, ..] ? first : null;

    private static string About(EffectSort sort) => sort switch
    {
        EffectSort.Command => "exec and terminal-command",
        EffectSort.Path => "the verbs of files-read, files-write and those that begin with http-",
        EffectSort.Resource => "the verbs that begin with kube-",
        EffectSort.Destination => "forward-local and forward-remote",
        _ => "verbs on names",
    };

    private List<CommandPattern> Commands(YamlMap map, bool stops)
    {
        List<CommandPattern> patterns = [];
        foreach (YamlText text in map.Texts("commands", CommandPattern.MaxLength, PolicyLimits.ListEntries))
        {
            if (CommandPattern.Parse(text.Value, out string? error) is not CommandPattern pattern)
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.");
            else if (pattern.HasOptions && !stops)
                bag.Error(text.Mark, $"\"{text.Value}\" has options in any order, which are for deny and hold: an allow rule names every argument.");
            else
                patterns.Add(pattern);
        }

        return patterns;
    }

    private List<PathPattern> Paths(YamlMap map)
    {
        List<PathPattern> patterns = [];
        foreach (YamlText text in map.Texts("paths", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (PathPattern.Parse(text.Value, out string? error) is PathPattern pattern)
                patterns.Add(pattern);
            else
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.", text.Value.Length > 1 && text.Value.EndsWith('/') ? $"{text.Value}**" : null);
        }

        return patterns;
    }

    private List<DestinationPattern> Destinations(YamlMap map, bool stops)
    {
        List<DestinationPattern> patterns = [];
        foreach (YamlText text in map.Texts("destinations", PolicyLimits.PatternLength, PolicyLimits.ListEntries))
        {
            if (DestinationPattern.Parse(text.Value, out string? error, out string? suggestion) is not DestinationPattern pattern)
            {
                bag.Error(text.Mark, $"\"{text.Value}\" {error}.", suggestion);
                continue;
            }

            patterns.Add(pattern);
            if (stops && pattern.IsRange)
                bag.Warning(text.Mark, $"\"{text.Value}\" stops every host name as well, since any of them could have an address in that range. Allow the destinations that are needed instead, if that is not meant.");
        }

        return patterns;
    }

    private static long MaxSize(YamlMap map, IReadOnlyList<IReadOnlyList<Verb>?> verbs, bool stops)
    {
        long size = map.Size("max-size") ?? 0;
        if (!map.Has("max-size"))
            return 0;
        if (stops)
            map.Error("max-size", "\"max-size\" belongs to rules whose effect is allow: it bounds what they let through.");
        else if (!verbs.Any(v => v is null || v.Contains(Verb.FileRead) || v.Contains(Verb.FileWrite)))
            map.Error("max-size", "\"max-size\" is about file-read and file-write: the rule names neither.");
        return size;
    }
}
