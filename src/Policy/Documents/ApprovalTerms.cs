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

/// <summary>How the actions that a hold rule holds are approved.</summary>
public sealed record ApprovalTerms
{
    /// <summary>What a hold rule that says nothing asks for: one person out of the group <c>approvers</c>, within 15 minutes, for one run.</summary>
    public static ApprovalTerms Default { get; } = new();

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
}
