using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Admin.Recordings;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>The audit: looking at it, taking it away as JSON lines, and proving that nothing is missing.</summary>
internal sealed class AuditRoutes(IStateStore store) : IAdminRoutes
{
    private const int ExportBatch = 500;

    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/audit", AdminRole.Auditor, ListAsync).Says("Events, newest first; type may end in *.");
        map.Download("/v1/audit/export", AdminRole.Auditor, ExportAsync).Says("Events, oldest first, as JSON lines. Needs ?reason=.");
        map.Get("/v1/audit/verify", AdminRole.Auditor, (AdminCall call) => StoredAuditProof.VerifyAsync(store, call.Cancel)).Says("Whether the chain of events is whole.");
    }

    private async Task<Page<AuditJson>> ListAsync(AdminCall call, [AsParameters] AuditFilter filter, long? after, int? limit)
    {
        int most = Paging.Limit(limit);
        List<AuditRow> rows = await store.ReadAsync(
            (db, cancel) => filter.Of(db.Audit).Where(row => after == null || row.Sequence < after).OrderByDescending(row => row.Sequence).Take(most + 1).ToListAsync(cancel),
            call.Cancel).ConfigureAwait(false);
        return Paging.Of([.. rows.Select(AuditJson.Of)], most, item => item.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<IResult> ExportAsync(AdminCall call, [AsParameters] AuditFilter filter, string? reason)
    {
        string why = AdminCall.Reason(reason);
        await call.KeepAsync(new AuditEvent(AuditTypes.AuditViewed, call.Actor) { Object = "audit", Reason = why, Details = filter.Details }).ConfigureAwait(false);
        return new LinesAnswer<JsonElement>(EventsAsync(filter, call.Cancel));
    }

    private async IAsyncEnumerable<JsonElement> EventsAsync(AuditFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        long last = -1;
        while (true)
        {
            long from = last;
            List<AuditRow> rows = await store.ReadAsync(
                (db, token) => filter.Of(db.Audit).Where(row => row.Sequence > from).OrderBy(row => row.Sequence).Take(ExportBatch).ToListAsync(token), cancel).ConfigureAwait(false);
            foreach (AuditRow row in rows)
                yield return AuditJson.Of(row).Event;
            if (rows.Count < ExportBatch)
                yield break;
            last = rows[^1].Sequence;
        }
    }
}

/// <summary>Which events.</summary>
internal sealed record AuditFilter(DateTimeOffset? From, DateTimeOffset? To, string? Type, string? Actor, string? Target, Guid? Session)
{
    /// <summary>What was asked for, for the audit.</summary>
    public IReadOnlyDictionary<string, string> Details => new (string Name, string? Value)[]
    {
        ("from", From?.ToString("O")), ("to", To?.ToString("O")), ("type", Type), ("actor", Actor), ("target", Target), ("session", Session?.ToString()),
    }.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Name, pair => pair.Value!);

    public IQueryable<AuditRow> Of(IQueryable<AuditRow> rows)
    {
        if (From is { } from)
            rows = rows.Where(row => row.At >= from);
        if (To is { } to)
            rows = rows.Where(row => row.At < to);
        if (Type is { } type)
            rows = type.EndsWith('*') ? Beginning(rows, type[..^1]) : rows.Where(row => row.Type == type);
        if (Actor is { } actor)
            rows = rows.Where(row => row.Actor == actor);
        if (Target is { } target)
            rows = rows.Where(row => row.Target == target);
        if (Session is { } session)
            rows = rows.Where(row => row.SessionId == session);
        return rows;
    }

    private static IQueryable<AuditRow> Beginning(IQueryable<AuditRow> rows, string start) => rows.Where(row => row.Type.StartsWith(start));
}

/// <summary>One event, as it was written.</summary>
internal sealed record AuditJson(long Sequence, JsonElement Event)
{
    public static AuditJson Of(AuditRow row) => new(row.Sequence, JsonElement.Parse(row.Json));
}

/// <summary>What the chain of events proves.</summary>
/// <param name="IsWhole">Nothing was changed, taken away or put between.</param>
/// <param name="Events">Events that follow from the first, link by link.</param>
/// <param name="Broken">Where it breaks, and how; null: nowhere.</param>
internal sealed record AuditProofJson(bool IsWhole, long Events, string? Broken = null);
