using Sallyport.Policy.Documents;

namespace Sallyport.Proxy.Approvals;

/// <summary>One person's word.</summary>
/// <param name="Id">Of the approval.</param>
/// <param name="Approves">False: denies.</param>
/// <param name="Reason">Why.</param>
/// <param name="Scope">What is granted beyond this one run.</param>
/// <param name="Duration">For how long; only with a scope other than once.</param>
internal sealed record Decision(Guid Id, bool Approves, string? Reason = null, GrantScope Scope = GrantScope.Once, TimeSpan? Duration = null);

/// <summary>What became of it.</summary>
/// <param name="Taken">It counts.</param>
/// <param name="Word">A fixed word of <see cref="DecisionWords"/>.</param>
/// <param name="Message">For the person.</param>
internal sealed record DecisionOutcome(bool Taken, string Word, string Message);

/// <summary>What can become of a decision.</summary>
internal static class DecisionWords
{
    /// <summary>Approved: it was the last word that was needed.</summary>
    public const string Approved = "approved";

    /// <summary>Counted; more persons are needed.</summary>
    public const string Counted = "counted";

    public const string Denied = "denied";
    public const string BreakGlass = "break-glass";
    public const string Withdrawn = "withdrawn";
    public const string Reviewed = "reviewed";

    // Refusals.
    public const string Unknown = "unknown";
    public const string NotPending = "not-pending";
    public const string NotAPerson = "not-a-person";
    public const string LoginTooOld = "login-too-old";
    public const string Disabled = "disabled";
    public const string OwnRequest = "own-request";
    public const string NotOwnRequest = "not-own-request";
    public const string AlreadyDecided = "already-decided";
    public const string NotAnApprover = "not-an-approver";
    public const string AlreadyMet = "already-met";
    public const string Closed = "closed";
    public const string ReasonRequired = "reason-required";
    public const string ReasonTooLong = "reason-too-long";
    public const string ScopeNotAllowed = "scope-not-allowed";
    public const string PolicyChanged = "policy-changed";
    public const string NotAllowed = "not-allowed";
    public const string Unavailable = "unavailable";
}
