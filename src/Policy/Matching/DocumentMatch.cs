using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>
/// The conditions of a document, in the order they are looked at. All must hold; within one, any entry suffices. Those that logging in again
/// can fulfil come last: when one of them fails, everything else holds.
/// </summary>
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
    Acting,
    ActingFor,
    Time,
    Not,
    Acr,
    AuthenticatedWithin,
}

/// <summary>Whether a subject must act for itself.</summary>
internal enum ActingAs
{
    Either,
    Self,
    ForAnother,
}

/// <summary>Whom, what, where from and when a document applies to. An empty list is no condition.</summary>
internal sealed record DocumentMatch
{
    // Clocks of issuers run a little ahead of ours. A login further in the future is not believed.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    public IReadOnlyList<Glob> Subjects { get; init; } = [];

    public IReadOnlyList<Glob> Issuers { get; init; } = [];

    public IReadOnlyList<Glob> Groups { get; init; } = [];

    public IReadOnlyList<IdentityKind> Kinds { get; init; } = [];

    public IReadOnlyList<Glob> Targets { get; init; } = [];

    public IReadOnlyList<Glob> Resources { get; init; } = [];

    public IReadOnlyList<SourceRange> Sources { get; init; } = [];

    public IReadOnlyList<TimeWindow> Time { get; init; } = [];

    public ActingAs Acting { get; init; }

    public IReadOnlyList<Glob> ActingFor { get; init; } = [];

    /// <summary>Patterns of the issuer's word for how the person logged in (<c>acr</c>).</summary>
    public IReadOnlyList<Glob> LoginContexts { get; init; } = [];

    /// <summary>How long ago the person may have logged in; null: no condition.</summary>
    public TimeSpan? AuthenticatedWithin { get; init; }

    /// <summary>The document does not apply where one of these does.</summary>
    public IReadOnlyList<DocumentMatch> Not { get; init; } = [];

    /// <summary>Of an entry of <see cref="Not"/>: all its conditions, for people.</summary>
    public string Text { get; init; } = "";

    /// <summary>True when the condition is one that logging in again can fulfil.</summary>
    public static bool IsStepUp(MatchCondition condition) => condition is MatchCondition.Acr or MatchCondition.AuthenticatedWithin;

    /// <summary>The first condition that does not hold; <see cref="MatchCondition.None"/> when the document applies.</summary>
    /// <param name="facts">The session's facts.</param>
    /// <param name="now">The moment.</param>
    /// <param name="until">When to ask again: the answer depends on the time only if everything else holds.</param>
    public MatchCondition FirstFailure(FactsText facts, DateTimeOffset now, out DateTimeOffset until)
    {
        until = DateTimeOffset.MaxValue;
        MatchCondition lasting = FirstLastingFailure(facts);
        if (lasting != MatchCondition.None)
            return lasting;
        bool inTime = IsTime(now, ref until);
        bool excluded = IsExcluded(facts, now, ref until);
        bool recent = IsRecent(facts, now, ref until);
        if (!inTime)
            return MatchCondition.Time;
        if (excluded)
            return MatchCondition.Not;
        if (LoginContexts.Count > 0 && (facts.LoginContext is null || !Any(LoginContexts, facts.LoginContext)))
            return MatchCondition.Acr;
        return recent ? MatchCondition.None : MatchCondition.AuthenticatedWithin;
    }

    // Of the conditions that neither time nor another login changes.
    private MatchCondition FirstLastingFailure(FactsText facts)
    {
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
        if (Acting != ActingAs.Either && (Acting == ActingAs.Self) != (facts.ActingFor.Length == 0))
            return MatchCondition.Acting;
        return ActingFor.Count > 0 && !facts.ActingFor.Any(p => Any(ActingFor, p)) ? MatchCondition.ActingFor : MatchCondition.None;
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

    private bool IsTime(DateTimeOffset now, ref DateTimeOffset until)
    {
        bool inside = Time.Count == 0;
        foreach (TimeWindow window in Time)
        {
            inside |= window.Contains(now, out DateTimeOffset flip);
            until = flip < until ? flip : until;
        }

        return inside;
    }

    private bool IsExcluded(FactsText facts, DateTimeOffset now, ref DateTimeOffset until)
    {
        bool excluded = false;
        foreach (DocumentMatch exception in Not)
        {
            excluded |= exception.FirstFailure(facts, now, out DateTimeOffset flip) == MatchCondition.None;
            until = flip < until ? flip : until;
        }

        return excluded;
    }

    private bool IsRecent(FactsText facts, DateTimeOffset now, ref DateTimeOffset until)
    {
        if (AuthenticatedWithin is not TimeSpan within)
            return true;
        // Durations from now, not sums: a claim may say any moment there is.
        if (facts.AuthenticatedAt is not DateTimeOffset at || now - at >= within)
            return false;
        TimeSpan ahead = at - now - ClockSkew;
        TimeSpan turns = ahead > TimeSpan.Zero ? ahead : within - (now - at);
        DateTimeOffset flip = turns > DateTimeOffset.MaxValue - now ? DateTimeOffset.MaxValue : now + turns;
        until = flip < until ? flip : until;
        return ahead <= TimeSpan.Zero;
    }
}
