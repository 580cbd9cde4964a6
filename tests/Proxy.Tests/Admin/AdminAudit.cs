using System.Collections.Concurrent;
using Sallyport.Proxy.Audit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>An audit in memory.</summary>
internal sealed class AdminAudit : IAudit
{
    private readonly ConcurrentQueue<AuditEvent> _kept = new();
    private readonly ConcurrentQueue<AuditEvent> _noted = new();

    public IReadOnlyList<AuditEvent> Kept => [.. _kept];

    public IReadOnlyList<AuditEvent> Noted => [.. _noted];

    /// <summary>True: it cannot be written.</summary>
    public bool Broken { get; set; }

    public ValueTask KeepAsync(AuditEvent audit, CancellationToken cancel)
    {
        if (Broken)
            throw new IOException("the disk is full");
        _kept.Enqueue(audit);
        return default;
    }

    public void Note(AuditEvent audit) => _noted.Enqueue(audit);
}
