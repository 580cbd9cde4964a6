namespace Sallyport.Proxy.Store.Entities;

/// <summary>A long-lived token of someone who cannot log in each time. Only its hash is kept.</summary>
internal sealed class ApiTokenRow
{
    public Guid Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Whose it is: subject of a user or an agent.</summary>
    public required string Subject { get; init; }

    /// <summary>SHA-256 of the token. Unique.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>What it may be used for, as a JSON list: targets (<c>target:shop</c>) and roles of the admin API (<c>admin:viewer</c>).</summary>
    public required string Scopes { get; init; }

    /// <summary>Where it may be used from, as a JSON list of CIDR ranges; empty: anywhere.</summary>
    public required string Sources { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public string? LastUsedFrom { get; set; }
}

/// <summary>A short-lived password for drivers that know no tokens. What is kept verifies it and no more (RFC 5802 3).</summary>
internal sealed class IssuedPasswordRow
{
    public Guid Id { get; init; }

    /// <summary>The user name that goes with it. Unique.</summary>
    public required string UserName { get; init; }

    /// <summary>The identity it stands for, as JSON.</summary>
    public required string Identity { get; init; }

    public required string Subject { get; init; }

    public required byte[] Salt { get; init; }

    public int Iterations { get; init; }

    public required byte[] StoredKey { get; init; }

    public required byte[] ServerKey { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }
}

/// <summary>Something that is good once and for a short time: a state, a nonce, a request id, a login prompt, a replay mark.</summary>
internal sealed class OneTimeRow
{
    /// <summary>What it is for, and its value: <c>saml-replay:…</c>. At most 200 characters; secrets are hashed first.</summary>
    public required string Key { get; init; }

    /// <summary>What goes with it; sealed when it holds a secret.</summary>
    public byte[]? Payload { get; set; }

    /// <summary>For what is decided elsewhere than it is waited for: a fixed word.</summary>
    public string? Status { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? UsedAt { get; set; }
}

/// <summary>What is no longer good before its time is over.</summary>
internal sealed class RevocationRow
{
    public Guid Id { get; init; }

    /// <summary><c>token</c> (jti), <c>login</c> (sid), <c>subject</c>, <c>group</c>, <c>issued</c>, <c>api-token</c>, <c>key</c>, <c>grant</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Of what issuer; empty: the broker's own.</summary>
    public string Issuer { get; init; } = "";

    public required string Value { get; init; }

    /// <summary>What was issued or logged in before this is no longer good.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>When nothing that it concerns can still be good by itself.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    public required string Reason { get; init; }
}

/// <summary>A key of the broker: it signs tokens, or protects what browsers carry.</summary>
internal sealed class SigningKeyRow
{
    /// <summary><c>kid</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>sign</c> or <c>protect</c>.</summary>
    public required string Use { get; init; }

    public required string Algorithm { get; init; }

    /// <summary>Sealed PKCS#8, or sealed secret.</summary>
    public required byte[] Key { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>From then on it signs; before, it is only published.</summary>
    public DateTimeOffset ActiveFrom { get; init; }

    /// <summary>From then on it is no longer published.</summary>
    public DateTimeOffset? RetiredAt { get; set; }
}

/// <summary>A key that seals secrets, itself sealed by the operator's key.</summary>
internal sealed class DataKeyRow
{
    public int Id { get; init; }

    public required byte[] Wrapped { get; set; }

    /// <summary>Fingerprint of the operator's key that sealed it.</summary>
    public required string WrappedBy { get; set; }

    /// <summary>While the operator's key is being changed: sealed by the next one too; else null.</summary>
    public byte[]? NextWrapped { get; set; }

    public string? NextWrappedBy { get; set; }

    /// <summary>Seals that daemons have set aside for themselves, used or not: a key is good for so many only (NIST SP 800-38D 8.3).</summary>
    public long Reserved { get; set; }

    public DateTimeOffset CreatedAt { get; init; }
}
