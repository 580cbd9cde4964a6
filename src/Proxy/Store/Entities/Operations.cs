namespace Sallyport.Proxy.Store.Entities;

/// <summary>A daemon on this store.</summary>
internal sealed class NodeRow
{
    /// <summary>The node's name. Two daemons must not share one.</summary>
    public required string Name { get; init; }

    /// <summary>New with every start.</summary>
    public Guid Incarnation { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset LastSeenAt { get; set; }

    public required string Version { get; set; }

    /// <summary>Digest of the policy in force there.</summary>
    public string Policy { get; set; } = "";
}

/// <summary>A live session on some node: what a list of all sessions shows.</summary>
internal sealed class SessionRow
{
    public Guid Id { get; init; }

    public required string Node { get; init; }

    public required string Protocol { get; init; }

    public required string Subject { get; init; }

    public required string Issuer { get; init; }

    public required string IdentityKind { get; init; }

    public required string ActingFor { get; init; }

    public required string Target { get; init; }

    public string Resource { get; init; } = "";

    public required string Source { get; init; }

    public string ClientApplication { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    /// <summary><c>live</c> or <c>frozen</c>.</summary>
    public required string State { get; set; }
}

/// <summary>Something that every node must hear of. Kept for a while so that a node that was away catches up.</summary>
internal sealed class ClusterEventRow
{
    public long Sequence { get; init; }

    public required string Node { get; init; }

    public required string Kind { get; init; }

    /// <summary>JSON.</summary>
    public required string Payload { get; init; }

    public DateTimeOffset At { get; init; }
}

/// <summary>One version of a policy document that is edited here.</summary>
internal sealed class PolicyVersionRow
{
    public Guid Id { get; init; }

    /// <summary>The document's name in the store.</summary>
    public required string Name { get; init; }

    /// <summary>Counts from 1 per name.</summary>
    public int Version { get; init; }

    public required string Yaml { get; init; }

    /// <summary><c>draft</c>, <c>published</c>, <c>superseded</c>, <c>withdrawn</c>.</summary>
    public required string Status { get; set; }

    public required string Author { get; init; }

    public string? Comment { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Another person than the author.</summary>
    public string? PublishedBy { get; set; }

    public DateTimeOffset? PublishedAt { get; set; }
}

/// <summary>A target that is kept here rather than in the configuration file.</summary>
internal sealed class TargetRow
{
    public required string Name { get; init; }

    /// <summary>Its settings, as YAML in the configuration file's own form, without the password.</summary>
    public required string Settings { get; set; }

    /// <summary>Sealed. Written, never shown.</summary>
    public required byte[] Password { get; set; }

    public required string ChangedBy { get; set; }

    public DateTimeOffset ChangedAt { get; set; }
}

/// <summary>One entry of the audit, as it was written.</summary>
internal sealed class AuditRow
{
    public long Sequence { get; init; }

    public Guid Id { get; init; }

    public DateTimeOffset At { get; init; }

    public required string Node { get; init; }

    /// <summary>A fixed word from docs/audit-events.md.</summary>
    public required string Type { get; init; }

    public string? Actor { get; init; }

    public string? ActorIssuer { get; init; }

    public string? Target { get; init; }

    public Guid? SessionId { get; init; }

    /// <summary>The whole event, as the JSON line that was written.</summary>
    public required string Json { get; init; }
}
