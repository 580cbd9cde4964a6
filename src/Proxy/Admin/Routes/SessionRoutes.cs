using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>Live sessions of all nodes: who is in, what they are shown, and stopping them.</summary>
internal sealed class SessionRoutes(IStateStore store, ICluster cluster, LiveSessions sessions, SessionTaps? taps, TimeProvider time) : IAdminRoutes
{
    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/sessions", AdminRole.Viewer, ListAsync).Says("Live sessions of all nodes, newest first.");
        map.Get("/v1/sessions/{id:guid}", AdminRole.Viewer, GetAsync).Says("One live session; more of it when it is on this node.");
        map.Sse("/v1/sessions/{id:guid}/follow", AdminRole.Auditor, FollowAsync).Says("What a live session does and is shown, as it happens (server-sent events). Needs ?reason=.");
        map.Post("/v1/sessions/{id:guid}/freeze", AdminRole.Administrator, (AdminCall call, Guid id, ReasonJson body) => OrderAsync(call, id, body, SessionOrder.Freeze, SessionStates.Frozen))
            .Says("Refuse every further action of a session until it is resumed.");
        map.Post("/v1/sessions/{id:guid}/resume", AdminRole.Administrator, (AdminCall call, Guid id, ReasonJson body) => OrderAsync(call, id, body, SessionOrder.Resume, SessionStates.Live))
            .Says("Let a frozen session go on.");
        map.Post("/v1/sessions/{id:guid}/terminate", AdminRole.Administrator, (AdminCall call, Guid id, ReasonJson body) => OrderAsync(call, id, body, SessionOrder.End, SessionStates.Ending))
            .Says("End a session; its client is told the reason.");
    }

    private async Task<Page<SessionJson>> ListAsync(AdminCall call, string? subject, string? target, string? node, string? state, Guid? after, int? limit)
    {
        int most = Paging.Limit(limit);
        List<SessionRow> rows = await store.ReadAsync(
            (db, cancel) =>
            {
                IQueryable<SessionRow> found = db.Sessions;
                if (subject is not null)
                    found = found.Where(row => row.Subject == subject);
                if (target is not null)
                    found = found.Where(row => row.Target == target);
                if (node is not null)
                    found = found.Where(row => row.Node == node);
                if (state is not null)
                    found = found.Where(row => row.State == state);
                if (after is { } last)
                    found = found.Where(row => row.Id.CompareTo(last) < 0);

                // Ids begin with the time they were made at (RFC 9562 5.7).
                return found.OrderByDescending(row => row.Id).Take(most + 1).ToListAsync(cancel);
            },
            call.Cancel).ConfigureAwait(false);
        return Paging.Of([.. rows.Select(Json)], most, session => session.Id.ToString());
    }

    private async Task<SessionJson> GetAsync(AdminCall call, Guid id) => Json(await RowAsync(id, call.Cancel).ConfigureAwait(false));

    private async Task<SessionJson> OrderAsync(AdminCall call, Guid id, ReasonJson body, string order, string state)
    {
        string reason = AdminCall.Reason(body.Reason);
        SessionRow row = await RowAsync(id, call.Cancel).ConfigureAwait(false);
        if (row.State == SessionStates.Ending && order != SessionOrder.End)
            throw AdminProblem.Conflict("session-ending", "The session has been told to end.");
        var audit = new AuditEvent(order switch { SessionOrder.Freeze => AuditTypes.SessionFrozen, SessionOrder.Resume => AuditTypes.SessionResumed, _ => AuditTypes.SessionTerminated }, call.Actor)
        {
            Object = $"session:{id}",
            SessionId = id,
            Target = row.Target,
            Reason = reason,
            Changes = new Dictionary<string, AuditChange> { ["state"] = new(row.State, state) },
        };
        return await call.DoAsync(audit, async cancel =>
        {
            await store.WriteAsync((db, token) => db.Sessions.Where(s => s.Id == id).ExecuteUpdateAsync(set => set.SetProperty(s => s.State, state), token), cancel).ConfigureAwait(false);
            string payload = JsonSerializer.Serialize(new SessionOrder(id, order, reason, call.Identity.Subject), AdminJson.Options);
            await cluster.PublishAsync(ClusterEvents.Session, payload, cancel).ConfigureAwait(false);
            row.State = state;
            return Json(row);
        }).ConfigureAwait(false);
    }

    private async Task<IResult> FollowAsync(AdminCall call, Guid id, string? reason)
    {
        string why = AdminCall.Reason(reason);
        SessionTap? tap = null;
        if (sessions.Find(id) is not { } session || taps?.TryFind(id, out tap) != true || tap is null)
        {
            SessionRow row = await RowAsync(id, call.Cancel).ConfigureAwait(false);
            throw Elsewhere(row.Node, "session-elsewhere", "The session");
        }

        await call.KeepAsync(new AuditEvent(AuditTypes.RecordingViewed, call.Actor)
        {
            Object = $"session:{id}",
            SessionId = id,
            Target = session.Facts.Target,
            Reason = why,
            Details = new Dictionary<string, string> { ["form"] = "live", ["subject"] = session.Facts.Identity.Subject },
        }).ConfigureAwait(false);
        return new EventStream<object>(EventsAsync(session, tap, call.Identity, call.Cancel));
    }

    private async IAsyncEnumerable<SseItem<object>> EventsAsync(
        LiveSession live, SessionTap tap, Contract.Identity watcher, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        Follower follower = tap.Follow();

        // While it is shown to somebody who may be the one that must watch, it may go on.
        using IDisposable watching = live.Watch(watcher);
        try
        {
            yield return new SseItem<object>(SessionJson.Of(live, time.GetUtcNow()), "session");
            var transcript = new LiveTranscript(live.Facts.Protocol);
            await foreach (FollowedItem item in follower.ReadAsync(cancel).ConfigureAwait(false))
            {
                foreach (TranscriptJson told in transcript.Take(item))
                    yield return new SseItem<object>(told, told.Type);
            }

            TranscriptJson last = follower.IsDropped || follower.SessionEnd is null
                ? new TranscriptJson("dropped", time.GetUtcNow()) { Reason = "more happened than was read: follow again, or see the recording" }
                : TranscriptJson.Of(time.GetUtcNow(), follower.SessionEnd);
            yield return new SseItem<object>(last, last.Type);
        }
        finally
        {
            tap.Unfollow(follower);
        }
    }

    private async Task<SessionRow> RowAsync(Guid id, CancellationToken cancel) =>
        await store.ReadAsync((db, token) => db.Sessions.SingleOrDefaultAsync(row => row.Id == id, token), cancel).ConfigureAwait(false)
        ?? throw AdminProblem.NotFound("live session of this id");

    private SessionJson Json(SessionRow row) => sessions.Find(row.Id) is { } live
        ? SessionJson.Of(live, time.GetUtcNow()) with { State = live.State == SessionStates.Live ? row.State : live.State }
        : SessionJson.Of(row);

    internal static AdminProblem Elsewhere(string node, string word, string what) =>
        new(StatusCodes.Status409Conflict, word, $"{what} is on node {node}, and can be seen there only.", $"Ask the admin API of {node}.") { More = new Dictionary<string, object> { ["node"] = node } };
}

/// <summary>Why something is done.</summary>
internal sealed record ReasonJson(string Reason);
