using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>The conditions of a document, in the order they are looked at. All must hold; within one, any entry suffices.</summary>
internal enum MatchCondition
{
    None,
    Subjects,
    Issuers,
    Groups,
    Kinds,
    Targets,
    Resources,
    Sources,
    Time,
}

/// <summary>Whom, what, where from and when a document applies to. An empty list is no condition.</summary>
internal sealed record DocumentMatch
{
    public IReadOnlyList<Glob> Subjects { get; init; } = [];

    public IReadOnlyList<Glob> Issuers { get; init; } = [];

    public IReadOnlyList<Glob> Groups { get; init; } = [];

    public IReadOnlyList<IdentityKind> Kinds { get; init; } = [];

    public IReadOnlyList<Glob> Targets { get; init; } = [];

    public IReadOnlyList<Glob> Resources { get; init; } = [];

    public IReadOnlyList<SourceRange> Sources { get; init; } = [];

    public IReadOnlyList<TimeWindow> Time { get; init; } = [];

    /// <summary>The first condition that does not hold; <see cref="MatchCondition.None"/> when the document applies.</summary>
    /// <param name="facts">The session's facts.</param>
    /// <param name="now">The moment.</param>
    /// <param name="until">When to ask again: the answer depends on the time only if everything else holds.</param>
    public MatchCondition FirstFailure(FactsText facts, DateTimeOffset now, out DateTimeOffset until)
    {
        until = DateTimeOffset.MaxValue;
        if (!Any(Subjects, facts.Subject))
            return MatchCondition.Subjects;
        if (!Any(Issuers, facts.Issuer))
            return MatchCondition.Issuers;
        if (Groups.Count > 0 && !facts.Groups.Any(g => Any(Groups, g)))
            return MatchCondition.Groups;
        if (Kinds.Count > 0 && !Kinds.Contains(facts.Kind))
            return MatchCondition.Kinds;
        if (!Any(Targets, facts.Target))
            return MatchCondition.Targets;
        if (!Any(Resources, facts.Resource))
            return MatchCondition.Resources;
        if (Sources.Count > 0 && !Sources.Any(s => s.Contains(facts.Source)))
            return MatchCondition.Sources;
        return IsTime(now, out until) ? MatchCondition.None : MatchCondition.Time;
    }

    private static bool Any(IReadOnlyList<Glob> patterns, byte[] text)
    {
        foreach (Glob pattern in patterns)
        {
            if (pattern.Matches(text))
                return true;
        }

        return patterns.Count == 0;
    }

    private bool IsTime(DateTimeOffset now, out DateTimeOffset until)
    {
        until = DateTimeOffset.MaxValue;
        bool inside = Time.Count == 0;
        foreach (TimeWindow window in Time)
        {
            inside |= window.Contains(now, out DateTimeOffset flip);
            until = flip < until ? flip : until;
        }

        return inside;
    }
}
