namespace Sallyport.Policy.Documents;

/// <summary>What one approval may cover beyond the action it was asked for.</summary>
public enum GrantScope
{
    /// <summary>The action itself, once.</summary>
    Once,

    /// <summary>The same action (by digest), for a time.</summary>
    Digest,

    /// <summary>Whatever the same rule holds, for a time.</summary>
    Rule,

    /// <summary>Whatever is held on the same target, for a time.</summary>
    Target,
}

/// <summary>
/// How the actions that one hold rule holds are approved. An action may be held by several rules: what releases it is their
/// <see cref="Strictest"/>.
/// </summary>
public sealed record ApprovalTerms
{
    /// <summary>What a hold rule that says nothing asks for: one person out of the group <c>approvers</c>, within 15 minutes, for one run.</summary>
    public static ApprovalTerms Default { get; } = new();

    /// <summary>Whose terms they are, <c>document/rule</c>.</summary>
    public string RuleId { get; init; } = "";

    /// <summary>How many distinct persons must say yes.</summary>
    public int Quorum { get; init; } = 1;

    /// <summary>The groups they must be of: each person counts once, whatever groups they are in.</summary>
    public IReadOnlyList<string> Groups { get; init; } = ["approvers"];

    /// <summary>True when an approver must say why.</summary>
    public bool ReasonRequired { get; init; }

    /// <summary>How long an action waits.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>What an approver may grant for a time; empty: nothing but this one run.</summary>
    public IReadOnlyList<GrantScope> Scopes { get; init; } = [];

    /// <summary>The longest time they may grant it for.</summary>
    public TimeSpan LongestGrant { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Who may proceed at once in an emergency, alarming everyone and owing a review; empty: nobody.</summary>
    public IReadOnlyList<string> BreakGlassGroups { get; init; } = [];

    /// <summary>When nobody needs to be asked, because a change was approved beforehand.</summary>
    internal IReadOnlyList<ChangeWindow> PreApproved { get; init; } = [];

    /// <summary>When approvals may be given; empty: at any time.</summary>
    internal ApprovalHours Within { get; init; } = ApprovalHours.Always;

    /// <summary>What it takes to release an action that all of these rules hold: nothing that any of them asks for is lost.</summary>
    /// <exception cref="ArgumentException">There are none: an action that no rule holds is not released by approval.</exception>
    public static HoldTerms Strictest(IEnumerable<ApprovalTerms> terms) => new([.. terms]);

    /// <summary>The reference of the change window that the moment lies in; null: it lies in none.</summary>
    public string? PreApprovedAt(DateTimeOffset now) => PreApprovedAt(now, out _);

    /// <summary>The reference of the change window that the moment lies in; null: it lies in none.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="until">When what runs under it must end: the end of the last window that the moment lies in. Now, if it lies in none.</param>
    public string? PreApprovedAt(DateTimeOffset now, out DateTimeOffset until)
    {
        string? reference = null;
        until = now;
        foreach (ChangeWindow window in PreApproved)
        {
            if (!window.Contains(now, out DateTimeOffset end) || end <= until)
                continue;
            (reference, until) = (window.Reference, end);
        }

        return reference;
    }

    /// <summary>True when an approval that is given at this moment counts.</summary>
    public bool MayApproveAt(DateTimeOffset now) => Within.Contains(now);
}
