namespace Sallyport.Proxy.Approvals;

/// <summary>One person's word, as others see it.</summary>
internal sealed record DecisionView(string By, string Issuer, bool Approves, string? Reason, string Scope, TimeSpan? Duration, DateTimeOffset At);

/// <summary>What one rule asks for, and how far it has come.</summary>
/// <param name="Approved">Who counts for it so far.</param>
internal sealed record RequirementView(string Rule, int Quorum, IReadOnlyList<string> Groups, IReadOnlyList<string> Approved);

/// <summary>An approval in a list.</summary>
internal sealed record ApprovalSummary
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    public required string Status { get; init; }

    public required string Subject { get; init; }

    public required IReadOnlyList<string> ActingFor { get; init; }

    public required string Target { get; init; }

    public required string Resource { get; init; }

    /// <summary>Kind and verb.</summary>
    public required string Action { get; init; }

    /// <summary>The beginning of the text, on one line; for access, the group.</summary>
    public required string Summary { get; init; }

    public required IReadOnlyList<string> Rules { get; init; }

    public string? Reason { get; init; }

    public bool BreakGlass { get; init; }

    /// <summary>Break-glass: who has looked at it; null: nobody yet.</summary>
    public string? ReviewedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>All that somebody needs to know who is to say yes or no.</summary>
internal sealed record ApprovalView
{
    public required Guid Id { get; init; }

    public required string Kind { get; init; }

    public required string Status { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string IdentityKind { get; init; }

    public required IReadOnlyList<string> ActingFor { get; init; }

    /// <summary>The beginning of the credential's id: enough to tell two apart.</summary>
    public string? Credential { get; init; }

    public required string Source { get; init; }

    public required string ClientApplication { get; init; }

    public Guid? SessionId { get; init; }

    public required string Node { get; init; }

    public required string Target { get; init; }

    public required string Resource { get; init; }

    public required string Action { get; init; }

    /// <summary>The whole text; for access, the group.</summary>
    public required string Text { get; init; }

    public required IReadOnlyList<KeptParameter> Parameters { get; init; }

    public required IReadOnlyList<KeptEffect> Effects { get; init; }

    /// <summary>SHA-256 of what will run, hexadecimal.</summary>
    public string? Digest { get; init; }

    public required IReadOnlyList<RequirementView> Requirements { get; init; }

    public bool ReasonRequired { get; init; }

    /// <summary>What may be granted for a time, beside this one run.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    public TimeSpan LongestGrant { get; init; }

    public required IReadOnlyList<DecisionView> Decisions { get; init; }

    /// <summary>Why it is asked for.</summary>
    public string? Reason { get; init; }

    /// <summary>For access: how long.</summary>
    public TimeSpan? Duration { get; init; }

    public bool BreakGlass { get; init; }

    public DateTimeOffset? ReviewedAt { get; init; }

    public string? ReviewedBy { get; init; }

    public string? ReviewNote { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>What the same subject asked for lately.</summary>
    public IReadOnlyList<ApprovalSummary> SameSubject { get; init; } = [];

    /// <summary>When the same action was asked for lately, by whomever.</summary>
    public IReadOnlyList<ApprovalSummary> SameAction { get; init; } = [];
}
