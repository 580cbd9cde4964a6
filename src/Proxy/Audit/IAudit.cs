using System.Net;

namespace Sallyport.Proxy.Audit;

/// <summary>Who did something: a person, an agent, or the daemon itself (null everywhere).</summary>
internal sealed record AuditActor(string Subject, string Issuer, IReadOnlyList<string> ActingFor, IPAddress? Source = null)
{
    public static AuditActor Of(Contract.Identity identity, IPAddress? source = null) => new(identity.Subject, identity.Issuer, identity.ActingFor, source);
}

/// <summary>Something that happened and must be known afterwards.</summary>
/// <param name="Type">A word of docs/audit-events.md, such as <c>approval.decided</c>.</param>
/// <param name="Actor">Who did it; null: the daemon.</param>
internal sealed record AuditEvent(string Type, AuditActor? Actor)
{
    /// <summary><c>success</c>, <c>refused</c> or <c>failed</c>.</summary>
    public string Outcome { get; init; } = "success";

    /// <summary>What it was done to: <c>user:bob</c>, <c>approval:…</c>, <c>policy:…</c>.</summary>
    public string? Object { get; init; }

    public string? Target { get; init; }

    public Guid? SessionId { get; init; }

    public string? RuleId { get; init; }

    /// <summary>Why, as the actor said.</summary>
    public string? Reason { get; init; }

    /// <summary>What changed: name to before and after, never a secret.</summary>
    public IReadOnlyDictionary<string, AuditChange>? Changes { get; init; }

    /// <summary>More, by name; never a secret.</summary>
    public IReadOnlyDictionary<string, string>? Details { get; init; }
}

/// <summary>Before and after; null: not there.</summary>
internal readonly record struct AuditChange(string? Before, string? After);

/// <summary>The audit: one stream of events, kept in the store and written as JSON lines.</summary>
internal interface IAudit
{
    /// <summary>Keeps an event; returns when it is on disk. What must not happen unseen awaits this first.</summary>
    /// <exception cref="IOException">It cannot be kept.</exception>
    ValueTask KeepAsync(AuditEvent audit, CancellationToken cancel);

    /// <summary>Keeps an event soon: for what has happened already and cannot be undone. Bounded; when it overflows, the count of what was lost is kept.</summary>
    void Note(AuditEvent audit);
}
