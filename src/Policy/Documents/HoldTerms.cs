namespace Sallyport.Policy.Documents;

/// <summary>A person who has said yes.</summary>
/// <param name="Person">Who, in a form that is the same for one person and differs between two: issuer and subject.</param>
/// <param name="Groups">Their groups, as their issuer names them.</param>
public sealed record Approver(string Person, IReadOnlyCollection<string> Groups);

/// <summary>What one of the rules that hold an action asks for.</summary>
/// <param name="RuleId">The rule.</param>
/// <param name="Quorum">How many distinct persons.</param>
/// <param name="Groups">Of which groups.</param>
/// <param name="BreakGlassGroups">Who may proceed without them in an emergency.</param>
public sealed record ApprovalRequirement(string RuleId, int Quorum, IReadOnlyList<string> Groups, IReadOnlyList<string> BreakGlassGroups)
{
    /// <summary>True when somebody of these groups counts for this rule.</summary>
    public bool Counts(IReadOnlyCollection<string> groups) => Groups.Any(groups.Contains);

    /// <summary>How many more persons are needed. Whoever says yes twice counts once.</summary>
    public int Missing(IEnumerable<Approver> approvers) =>
        Math.Max(0, Quorum - approvers.Where(a => Counts(a.Groups)).Select(a => a.Person).Distinct(StringComparer.Ordinal).Count());
}

/// <summary>
/// What it takes to release an action, over all rules that hold it. Each rule's quorum must be met by persons of its own groups; one person may
/// count for several rules, and never twice for one. Made by <see cref="ApprovalTerms.Strictest"/>.
/// </summary>
public sealed class HoldTerms
{
    private readonly ApprovalTerms[] _rules;

    internal HoldTerms(ApprovalTerms[] rules)
    {
        if (rules.Length == 0)
            throw new ArgumentException("No rule holds the action.", nameof(rules));
        _rules = rules;
        Requirements = [.. rules.Select(r => new ApprovalRequirement(r.RuleId, r.Quorum, r.Groups, r.BreakGlassGroups))];
        ReasonRequired = rules.Any(r => r.ReasonRequired);
        Timeout = rules.Min(r => r.Timeout);
        Scopes = [.. rules[0].Scopes.Where(s => rules.All(r => r.Scopes.Contains(s)))];
        LongestGrant = rules.Min(r => r.LongestGrant);
    }

    /// <summary>What each rule asks for; all of it is needed.</summary>
    public IReadOnlyList<ApprovalRequirement> Requirements { get; }

    /// <summary>True when an approver must say why: some rule wants it.</summary>
    public bool ReasonRequired { get; }

    /// <summary>How long the action waits: the shortest of all rules.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>What an approver may grant for a time: what every rule lets them.</summary>
    public IReadOnlyList<GrantScope> Scopes { get; }

    /// <summary>The longest time they may grant it for: the shortest of all rules.</summary>
    public TimeSpan LongestGrant { get; }

    /// <summary>True when these persons are enough.</summary>
    public bool IsMetBy(IReadOnlyCollection<Approver> approvers) => Requirements.All(r => r.Missing(approvers) == 0);

    /// <summary>True when somebody of these groups counts for at least one of the rules.</summary>
    public bool Counts(IReadOnlyCollection<string> groups) => Requirements.Any(r => r.Counts(groups));

    /// <summary>True when somebody of these groups may proceed in an emergency: every rule must let them.</summary>
    public bool MayBreakGlass(IReadOnlyCollection<string> groups) => Requirements.All(r => r.BreakGlassGroups.Any(groups.Contains));

    /// <summary>The references of the change windows that the moment lies in, when every rule has one; otherwise null.</summary>
    /// <param name="now">The moment.</param>
    /// <param name="until">When what runs under them must end: the first end of all rules. Now, if it is null.</param>
    public string? PreApprovedAt(DateTimeOffset now, out DateTimeOffset until)
    {
        until = DateTimeOffset.MaxValue;
        List<string> references = [];
        foreach (ApprovalTerms rule in _rules)
        {
            if (rule.PreApprovedAt(now, out DateTimeOffset end) is not string reference)
            {
                until = now;
                return null;
            }

            until = end < until ? end : until;
            if (!references.Contains(reference))
                references.Add(reference);
        }

        return string.Join(", ", references);
    }

    /// <summary>True when an approval that is given at this moment counts for every rule.</summary>
    public bool MayApproveAt(DateTimeOffset now) => _rules.All(r => r.MayApproveAt(now));

    /// <summary>What the person is told when no approval can be given at this moment, naming the windows; null when it can.</summary>
    public string? RefusalAt(DateTimeOffset now) =>
        _rules.FirstOrDefault(r => !r.MayApproveAt(now)) is ApprovalTerms closed ? closed.Within.Refusal(now) : null;
}
