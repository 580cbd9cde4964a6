using Sallyport.Policy.Documents;
using Sallyport.Policy.Matching;

namespace Sallyport.Policy.Gates;

/// <summary>
/// The conditions of one rule on the objects of effects, compiled: for each sort of object its own. A rule that has any says nothing about effects
/// of a sort that it has none for.
/// </summary>
internal sealed class EffectConditions
{
    private readonly ObjectMatcher? _objects;
    private readonly CommandMatcher? _commands;
    private readonly PathPattern[] _paths;
    private readonly DestinationPattern[] _destinations;
    private readonly ResourceConditions? _resources;

    public EffectConditions(PolicyRule rule)
    {
        _objects = rule.Objects is null ? null : new ObjectMatcher(rule.Objects, rule.NoObject);
        _commands = rule.Commands is null ? null : new CommandMatcher(rule.Commands);
        _paths = [.. rule.Paths ?? []];
        _destinations = [.. rule.Destinations ?? []];
        _resources = rule.Resources;
    }

    /// <summary>True when the effect's object matches.</summary>
    /// <param name="name">The object.</param>
    /// <param name="narrow">For granting: only what is certain.</param>
    public bool Matches(in EffectName name, bool narrow)
    {
        if (name.Sort == EffectSort.Name || !name.HasObject || _objects is { IsEverything: true })
            return _objects is not null && _objects.Matches(name, narrow);
        return name.Sort switch
        {
            EffectSort.Command => _commands is not null && _commands.Matches(name, narrow),
            EffectSort.Path => MatchesPath(name.Path, narrow ? PathReading.Narrow : PathReading.Wide),
            EffectSort.Resource => _resources is not null && _resources.Matches(name.Resource, narrow),
            _ => MatchesDestination(name, narrow),
        };
    }

    /// <summary>As <see cref="CompiledRule.MayMatchCommands"/>.</summary>
    public bool MayMatchCommands(int bucket) => _objects is { IsEverything: true } || (_commands is not null && _commands.MayMatch(bucket));

    private bool MatchesPath(in PathName path, PathReading reading)
    {
        foreach (PathPattern pattern in _paths)
        {
            if (pattern.Matches(path, reading))
                return true;
        }

        return false;
    }

    private bool MatchesDestination(in EffectName name, bool narrow)
    {
        foreach (DestinationPattern pattern in _destinations)
        {
            if (pattern.Matches(name.Destination, narrow))
                return true;
        }

        return false;
    }
}
