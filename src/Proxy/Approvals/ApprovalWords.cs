using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Approvals;

/// <summary>The states of an approval.</summary>
internal static class ApprovalStatus
{
    public const string Pending = "pending";
    public const string Approved = "approved";
    public const string Denied = "denied";
    public const string Withdrawn = "withdrawn";
    public const string Expired = "expired";

    /// <summary>The node that held it is gone, and so is what waited there.</summary>
    public const string Lost = "lost";

    /// <summary>Approved, and what was approved has been let through: it cannot be let through again.</summary>
    public const string Used = "used";
}

/// <summary>What is asked for.</summary>
internal static class ApprovalKind
{
    public const string Action = "action";
    public const string Access = "access";
    public const string BreakGlass = "break-glass";
}

/// <summary>What a grant covers.</summary>
internal static class GrantWords
{
    public const string Once = "once";
    public const string Digest = "digest";
    public const string Rule = "rule";
    public const string Target = "target";
    public const string Access = "access";
    public const string BreakGlass = "break-glass";

    public static string Of(GrantScope scope) => KebabNames.Name(scope);

    public static GrantScope Parse(string word) => KebabNames.Of<GrantScope>()[word];
}

/// <summary>How a held action ended, as its outcome says it (<see cref="Contract.HoldOutcome.Reason"/>).</summary>
internal static class OutcomeWords
{
    public const string Approved = "approved";
    public const string Granted = "granted";
    public const string PreApproved = "pre-approved";
    public const string BreakGlass = "break-glass";
    public const string Denied = "denied";
    public const string Expired = "expired";
    public const string Withdrawn = "withdrawn";
    public const string Unavailable = "unavailable";
    public const string TooMany = "too-many";
}

/// <summary>The audit's words for what happens here.</summary>
internal static class ApprovalAudit
{
    /// <summary>Somebody is about to say something: kept first, so that nothing is decided while the audit is away. What became of it follows.</summary>
    public const string Attempted = "approval.attempted";

    /// <summary>Somebody looks at what waits.</summary>
    public const string Viewed = "approval.viewed";

    public const string Requested = "approval.requested";
    public const string Decided = "approval.decided";
    public const string Used = "approval.used";
    public const string Expired = "approval.expired";
    public const string Withdrawn = "approval.withdrawn";
    public const string Denied = "approval.denied";
    public const string Lost = "approval.lost";
    public const string PreApproved = "approval.pre-approved";
    public const string BreakGlass = "approval.break-glass";
    public const string BreakGlassUsed = "approval.break-glass-used";
    public const string Reviewed = "approval.reviewed";
    public const string GrantUsed = "grant.used";
    public const string GrantRevoked = "grant.revoked";
    public const string GrantEnded = "grant.ended";
    public const string AccessRequested = "access.requested";
    public const string AccessEnded = "access.ended";
}
