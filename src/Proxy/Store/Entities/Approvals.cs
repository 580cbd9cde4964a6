namespace Sallyport.Proxy.Store.Entities;

/// <summary>A request for a person's yes: to one held action, or to a role on a target for a time.</summary>
internal sealed class ApprovalRow
{
    public Guid Id { get; init; }

    /// <summary><c>action</c>, <c>access</c> or <c>break-glass</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>pending</c>, <c>approved</c>, <c>denied</c>, <c>withdrawn</c>, <c>expired</c>, <c>lost</c>, <c>used</c>.</summary>
    public required string Status { get; set; }

    public Guid? SessionId { get; init; }

    public required string Node { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string IdentityKind { get; init; }

    /// <summary>The acting-for chain, as a JSON list.</summary>
    public required string ActingFor { get; init; }

    /// <summary>What the session logged in with: <c>sid:…</c>, a login at the issuer; <c>jti:…</c>, one token; null: nothing that could be told from another.</summary>
    public string? Credential { get; init; }

    public string Source { get; init; } = "";

    /// <summary>What the client says it is: a label.</summary>
    public string ClientApplication { get; init; } = "";

    public required string Target { get; init; }

    public string Resource { get; init; } = "";

    /// <summary>The rules that hold it, as a JSON list of ids; for access, empty.</summary>
    public required string Rules { get; init; }

    /// <summary>Digest of the policy it was held by.</summary>
    public required string Policy { get; init; }

    /// <summary>Digest of the action; null for access.</summary>
    public byte[]? ActionDigest { get; init; }

    /// <summary>Kind and verb of the action, in policy's words: <c>statement delete</c>; empty for access.</summary>
    public string Action { get; init; } = "";

    /// <summary>What will run; for access, the group asked for.</summary>
    public required string Text { get; init; }

    /// <summary>As JSON.</summary>
    public required string Parameters { get; init; }

    /// <summary>As JSON.</summary>
    public required string Effects { get; init; }

    /// <summary>Who must say yes, as JSON: rule, quorum, groups, reason.</summary>
    public required string Terms { get; init; }

    /// <summary>Why it is asked for.</summary>
    public string? Reason { get; init; }

    /// <summary>For access: how long.</summary>
    public TimeSpan? Duration { get; init; }

    public bool BreakGlass { get; set; }

    /// <summary>The break-glass grant it ran under; null: none.</summary>
    public Guid? GrantId { get; init; }

    /// <summary>Break-glass: it must be looked at afterwards, and this says whether it was.</summary>
    public DateTimeOffset? ReviewedAt { get; set; }

    public string? ReviewedBy { get; set; }

    public string? ReviewNote { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? DecidedAt { get; set; }
}

/// <summary>One person's word on an approval. One per person and approval.</summary>
internal sealed class ApprovalDecisionRow
{
    public Guid Id { get; init; }

    public Guid ApprovalId { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    /// <summary>The approver's groups at that moment, as a JSON list.</summary>
    public required string Groups { get; init; }

    public bool Approves { get; init; }

    public string? Reason { get; init; }

    /// <summary><c>once</c>, or what it grants for a time: <c>digest</c>, <c>rule</c>, <c>target</c>.</summary>
    public required string Scope { get; init; }

    public TimeSpan? Duration { get; init; }

    public DateTimeOffset At { get; init; }
}

/// <summary>A yes that holds for a time.</summary>
internal sealed class GrantRow
{
    /// <summary>Of the approval that gave it: one gives at most one.</summary>
    public Guid Id { get; init; }

    /// <summary><c>digest</c>, <c>rule</c>, <c>target</c>, <c>access</c> or <c>break-glass</c>.</summary>
    public required string Scope { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string ActingFor { get; init; }

    public string? Credential { get; init; }

    public string Source { get; init; } = "";

    public required string Target { get; init; }

    public string Resource { get; init; } = "";

    public required string Rules { get; init; }

    public required string Policy { get; init; }

    public byte[]? ActionDigest { get; init; }

    /// <summary>For access: the group.</summary>
    public string? Group { get; init; }

    public DateTimeOffset StartsAt { get; init; }

    public DateTimeOffset EndsAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    public string? RevokedBy { get; set; }

    /// <summary>When what it gave was taken back, once, whether its time was over or it was revoked.</summary>
    public DateTimeOffset? ClosedAt { get; set; }
}

/// <summary>A message for a webhook that has not been taken yet.</summary>
internal sealed class DeliveryRow
{
    public Guid Id { get; init; }

    public required string Webhook { get; init; }

    /// <summary>The body, as it will be signed and sent.</summary>
    public required string Body { get; init; }

    public int Attempts { get; set; }

    public DateTimeOffset NextAt { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DoneAt { get; set; }

    public string? LastError { get; set; }
}
