using Sallyport.Contract;

namespace Sallyport.Proxy.Store.Entities;

/// <summary>A person: kept here, or known from a provider by having logged in through it.</summary>
internal sealed class UserRow
{
    public Guid Id { get; init; }

    /// <summary>What policy and recordings call them. Unique, never reused.</summary>
    public required string Subject { get; init; }

    public string? DisplayName { get; set; }

    public string? Email { get; set; }

    /// <summary>The provider that vouches for them; null: this store, by password.</summary>
    public string? Provider { get; init; }

    /// <summary>What that provider calls them. Unique with <see cref="Provider"/>.</summary>
    public string? ProviderSubject { get; init; }

    public bool Disabled { get; set; }

    /// <summary>Argon2id in PHC string form; null: none set yet.</summary>
    public string? PasswordHash { get; set; }

    /// <summary>Sealed TOTP secret (RFC 6238); null: none enrolled.</summary>
    public byte[]? TotpSecret { get; set; }

    /// <summary>The last time step whose code was taken: none is taken twice.</summary>
    public long TotpLastStep { get; set; }

    public int FailedLogins { get; set; }

    public DateTimeOffset? LockedUntil { get; set; }

    /// <summary>SHA-256 of the invitation's secret; null: none is open.</summary>
    public byte[]? InvitationHash { get; set; }

    public DateTimeOffset? InvitationExpiresAt { get; set; }

    /// <summary>Sealed refresh token of the provider, to ask again whether they still belong to their groups; null: none.</summary>
    public byte[]? ProviderRefreshToken { get; set; }

    public DateTimeOffset? ProviderCheckedAt { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastLoginAt { get; set; }
}

/// <summary>A person's (or an agent's) being of a group.</summary>
internal sealed class MembershipRow
{
    public Guid Id { get; init; }

    /// <summary>The subject of a user or an agent.</summary>
    public required string Subject { get; init; }

    public required string Group { get; init; }

    /// <summary>Who says so: <c>local</c>, <c>provider</c>, or <c>grant</c> for a time.</summary>
    public required string Source { get; init; }

    /// <summary>When it ends; null: it does not by itself.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The approval that gave it.</summary>
    public Guid? ApprovalId { get; init; }
}

/// <summary>A registered agent or service: an OAuth client that acts for itself or for persons.</summary>
internal sealed class AgentRow
{
    public Guid Id { get; init; }

    /// <summary>Its subject and its client_id. Unique.</summary>
    public required string Name { get; init; }

    public IdentityKind Kind { get; set; }

    /// <summary>Subject of the person who answers for it.</summary>
    public required string Owner { get; set; }

    public required string Purpose { get; set; }

    /// <summary>The groups its tokens may carry, as a JSON list.</summary>
    public required string AllowedGroups { get; set; }

    public TimeSpan TokenLifetime { get; set; }

    public bool Disabled { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>A person's login at the broker: what a browser's cookie stands for, and <c>sid</c> in tokens.</summary>
internal sealed class LoginSessionRow
{
    public Guid Id { get; init; }

    public required string Subject { get; init; }

    /// <summary>SHA-256 of the cookie's secret.</summary>
    public required byte[] SecretHash { get; init; }

    public DateTimeOffset AuthenticatedAt { get; set; }

    /// <summary>How (<c>acr</c>).</summary>
    public string? AuthenticationContext { get; set; }

    /// <summary>The provider it came from, and its own session there (for back-channel logout).</summary>
    public string? Provider { get; init; }

    public string? ProviderSession { get; init; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>Clients of the broker that asked to be told when a login ends (OpenID Connect Back-Channel Logout 1.0).</summary>
internal sealed class LogoutSubscriptionRow
{
    public Guid Id { get; init; }

    public Guid LoginSessionId { get; init; }

    public required string ClientId { get; init; }

    public required string Address { get; init; }
}
