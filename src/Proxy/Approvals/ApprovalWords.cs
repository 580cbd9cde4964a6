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
    public const string Pending = "pending";
}
