namespace Sallyport.Proxy.Audit;

/// <summary>The types of event, as docs/audit-events.md describes them; a test keeps the two the same.</summary>
internal static class AuditTypes
{
    public const string LoginSucceeded = "login.succeeded";
    public const string LoginRefused = "login.refused";
    public const string LoginEnded = "login.ended";

    public const string UserInvited = "user.invited";
    public const string UserChanged = "user.changed";
    public const string UserDisabled = "user.disabled";
    public const string UserEnabled = "user.enabled";
    public const string UserPasswordChanged = "user.password-changed";
    public const string UserSecondFactorChanged = "user.second-factor-changed";

    public const string AgentCreated = "agent.created";
    public const string AgentChanged = "agent.changed";
    public const string AgentDisabled = "agent.disabled";

    public const string TokenIssued = "token.issued";
    public const string ApiTokenCreated = "token.created";
    public const string TokenRevoked = "token.revoked";
    public const string PasswordIssued = "password.issued";
    public const string PasswordRevoked = "password.revoked";
    public const string KeyRegistered = "key.registered";
    public const string KeyRemoved = "key.removed";
    public const string RevocationCreated = "revocation.created";

    public const string ApprovalAttempted = "approval.attempted";
    public const string ApprovalViewed = "approval.viewed";
    public const string ApprovalRequested = "approval.requested";
    public const string ApprovalDecided = "approval.decided";
    public const string ApprovalDenied = "approval.denied";
    public const string ApprovalWithdrawn = "approval.withdrawn";
    public const string ApprovalExpired = "approval.expired";
    public const string ApprovalLost = "approval.lost";
    public const string ApprovalUsed = "approval.used";
    public const string ApprovalPreApproved = "approval.pre-approved";
    public const string ApprovalBreakGlass = "approval.break-glass";
    public const string ApprovalBreakGlassUsed = "approval.break-glass-used";
    public const string ApprovalReviewed = "approval.reviewed";

    public const string GrantUsed = "grant.used";
    public const string GrantEnded = "grant.ended";
    public const string GrantRevoked = "grant.revoked";

    public const string AccessRequested = "access.requested";
    public const string AccessEnded = "access.ended";

    public const string PolicyDrafted = "policy.drafted";
    public const string PolicyPublished = "policy.published";
    public const string PolicyWithdrawn = "policy.withdrawn";
    public const string PolicyReloaded = "policy.reloaded";

    public const string TargetCreated = "target.created";
    public const string TargetChanged = "target.changed";
    public const string TargetDeleted = "target.deleted";

    public const string HostKeyPinned = "host-key.pinned";
    public const string HostKeyUnpinned = "host-key.unpinned";
    public const string HostKeyRefused = "host-key.refused";
    public const string CertificateMinted = "certificate.minted";

    public const string SessionStarted = "session.started";
    public const string SessionEnded = "session.ended";
    public const string SessionFrozen = "session.frozen";
    public const string SessionResumed = "session.resumed";
    public const string SessionTerminated = "session.terminated";
    public const string RecordingViewed = "recording.viewed";

    public const string KeysRotated = "keys.rotated";
    public const string KeysRewrapped = "keys.rewrapped";
    public const string BackupMade = "backup.made";
    public const string BackupRestored = "backup.restored";

    public const string AdminRefused = "admin.refused";
    public const string AuditViewed = "admin.audit-viewed";
    public const string ConfigReloaded = "config.reloaded";
    public const string DaemonStarted = "config.daemon-started";
    public const string DaemonStopped = "config.daemon-stopped";

    public const string StoreLost = "store.lost";
    public const string StoreBack = "store.back";
    public const string StoreNodeGone = "store.node-gone";
    public const string AuditLost = "audit.lost";
}
