namespace Sallyport.Policy.Matching;

/// <summary>What a rule says of resources: all of the three that are given must hold, each by one of its patterns. Null: nothing is said.</summary>
internal sealed record ResourceConditions(
    IReadOnlyList<ResourcePattern>? Resources, IReadOnlyList<ScopePattern>? Namespaces, IReadOnlyList<ScopePattern>? Names)
{
    private readonly ResourcePattern[]? _resources = Resources is null ? null : [.. Resources];
    private readonly ScopePattern[]? _namespaces = Namespaces is null ? null : [.. Namespaces];
    private readonly ScopePattern[]? _names = Names is null ? null : [.. Names];

    /// <summary>True when the resource fits.</summary>
    /// <param name="name">The resource.</param>
    /// <param name="narrow">For granting: only what is certain.</param>
    public bool Matches(in ResourceName name, bool narrow) =>
        MatchesResource(name, narrow)
        && MatchesScope(_namespaces, name.Namespace, !narrow && name.MayBeInAnyNamespace)
        && MatchesScope(_names, name.Name, !narrow);

    private bool MatchesResource(in ResourceName name, bool narrow)
    {
        if (_resources is null)
            return true;
        foreach (ResourcePattern pattern in _resources)
        {
            if (pattern.Matches(name, narrow))
                return true;
        }

        return false;
    }

    private static bool MatchesScope(ScopePattern[]? patterns, ReadOnlySpan<byte> name, bool couldBeAny)
    {
        if (patterns is null)
            return true;
        foreach (ScopePattern pattern in patterns)
        {
            if (pattern.Matches(name, couldBeAny))
                return true;
        }

        return false;
    }
}
