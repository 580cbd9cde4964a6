using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Approvals.Webhooks;

/// <summary>What webhooks can be told.</summary>
internal static class WebhookEvents
{
    public const string Requested = "approval.requested";
    public const string Approved = "approval.approved";
    public const string Denied = "approval.denied";
    public const string Expired = "approval.expired";
    public const string Withdrawn = "approval.withdrawn";
    public const string BreakGlass = "approval.break-glass";
    public const string GrantRevoked = "grant.revoked";
    public const string AccessRequested = "access.requested";
    public const string AccessGranted = "access.granted";
    public const string AccessEnded = "access.ended";

    public static IReadOnlyList<string> All { get; } =
        [Requested, Approved, Denied, Expired, Withdrawn, BreakGlass, GrantRevoked, AccessRequested, AccessGranted, AccessEnded];
}

/// <summary>Something to be told.</summary>
/// <param name="Event">A word of <see cref="WebhookEvents"/>.</param>
/// <param name="Row">What it is about.</param>
/// <param name="By">Who did it; null: nobody in particular.</param>
/// <param name="Reason">Why, as they said.</param>
internal sealed record Announcement(string Event, ApprovalRow Row, string? By = null, string? Reason = null);
