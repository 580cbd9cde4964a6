using Sallyport.Policy.Documents;

namespace Sallyport.Proxy.Approvals;

/// <summary>What one rule asks for.</summary>
/// <param name="Rule">Its id; for access, the group asked for.</param>
/// <param name="Quorum">How many distinct persons.</param>
/// <param name="Groups">Of which groups.</param>
/// <param name="BreakGlass">The groups that may proceed without them in an emergency.</param>
internal sealed record Requirement(string Rule, int Quorum, IReadOnlyList<string> Groups, IReadOnlyList<string> BreakGlass)
{
    /// <summary>True when somebody of these groups counts.</summary>
    public bool Counts(IReadOnlySet<string> groups) => Groups.Any(groups.Contains);
}

/// <summary>What an approval must come to. Kept with it: it is decided by what was in force when it was asked for.</summary>
internal sealed record ReleaseTerms
{
    public required IReadOnlyList<Requirement> Requirements { get; init; }

    /// <summary>True when an approver must say why.</summary>
    public bool ReasonRequired { get; init; }

    /// <summary>What may be granted for a time.</summary>
    public IReadOnlyList<GrantScope> Scopes { get; init; } = [];

    /// <summary>The longest time it may be granted for.</summary>
    public TimeSpan LongestGrant { get; init; }

    /// <summary>The ids of the rules.</summary>
    public IReadOnlyList<string> Rules => [.. Requirements.Select(r => r.Rule)];

    /// <summary>True when somebody of these groups may go ahead alone: every rule must let them.</summary>
    public bool MayBreakGlass(IEnumerable<string> groups)
    {
        var held = groups.ToHashSet(StringComparer.Ordinal);
        return Requirements.Count > 0 && Requirements.All(r => r.BreakGlass.Any(held.Contains));
    }

    /// <summary>
    /// The requirements that these persons leave unmet. They are distinct persons: whoever calls this has seen to it. One may count for several
    /// rules, and once for each.
    /// </summary>
    /// <param name="approvers">The groups of each.</param>
    public IReadOnlyList<Requirement> Unmet(IReadOnlyCollection<IReadOnlySet<string>> approvers) =>
        [.. Requirements.Where(r => approvers.Count(r.Counts) < r.Quorum)];
}
