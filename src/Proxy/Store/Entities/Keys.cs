namespace Sallyport.Proxy.Store.Entities;

/// <summary>A public key by which a person logs in.</summary>
internal sealed class PersonKeyRow
{
    public Guid Id { get; init; }

    /// <summary>Whose it is: subject of a user or an agent of the broker.</summary>
    public required string Subject { get; init; }

    /// <summary><c>SHA256:…</c>. Unique over all: a key is one person's.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>As in a line of authorized_keys: type and base64, no options.</summary>
    public required string Key { get; init; }

    /// <summary>What its owner calls it.</summary>
    public required string Name { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who registered it: the owner, or an administrator.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>From then on it lets nobody in; null: until it is removed.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public string? LastUsedFrom { get; set; }
}

/// <summary>A host key that an administrator has said is a target's.</summary>
internal sealed class HostPinRow
{
    public Guid Id { get; init; }

    /// <summary>Through what it was seen; empty: directly. The same address behind another hop is another host.</summary>
    public required string Hop { get; init; }

    /// <summary><c>host:port</c>.</summary>
    public required string Address { get; init; }

    /// <summary><c>SHA256:…</c></summary>
    public required string Fingerprint { get; init; }

    /// <summary>Type and base64.</summary>
    public required string Key { get; init; }

    public required string PinnedBy { get; init; }

    public DateTimeOffset PinnedAt { get; init; }

    public required string Reason { get; init; }
}
