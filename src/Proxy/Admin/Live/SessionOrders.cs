using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>What is to be done to a session.</summary>
/// <param name="Session">Which.</param>
/// <param name="Do"><c>freeze</c>, <c>resume</c> or <c>end</c>.</param>
/// <param name="Reason">Why, as the person said who wants it.</param>
/// <param name="By">Who that is.</param>
internal sealed record SessionOrder(Guid Session, string Do, string Reason, string By)
{
    public const string Freeze = "freeze";

    public const string Resume = "resume";

    public const string End = "end";
}

/// <summary>
/// Carries out what is ordered for sessions of this node. The order is in the session's row as well: a node that was away from the store and
/// missed the event finds it there.
/// </summary>
internal sealed class SessionOrders(SessionBoard board, ICluster cluster, IStateStore store, Log log) : IDisposable
{
    /// <summary>The rule id that a frozen session's actions are refused by.</summary>
    public const string FrozenRule = "frozen";

    private IDisposable? _subscription;

    public void Start() => _subscription = cluster.Subscribe(ClusterEvents.Session, HandleAsync);

    /// <summary>Does it, when the session is on this node.</summary>
    /// <returns>True when it is.</returns>
    public bool Obey(SessionOrder order)
    {
        if (!board.TryFind(order.Session, out LiveSession? session))
            return false;
        switch (order.Do)
        {
            case SessionOrder.Freeze:
                session.Context.Suspend(FrozenRule, $"This session is frozen: {order.Reason}");
                session.Context.Event("frozen", $"by {order.By}: {order.Reason}");
                break;
            case SessionOrder.Resume:
                session.Context.Resume();
                session.Context.Event("resumed", $"by {order.By}: {order.Reason}");
                break;
            case SessionOrder.End:
                session.Context.Event("terminated", $"by {order.By}: {order.Reason}");
                session.Control.End("terminated", $"The session was ended by an administrator: {order.Reason}");
                break;
            default:
                log.Warning("session-order-unknown", new LogField("do", order.Do));
                break;
        }

        return true;
    }

    public void Dispose() => _subscription?.Dispose();

    private async Task HandleAsync(ClusterEvent? told, CancellationToken cancel)
    {
        if (told is null)
        {
            await LookAgainAsync(cancel).ConfigureAwait(false);
            return;
        }

        try
        {
            if (JsonSerializer.Deserialize<SessionOrder>(told.Payload, AdminJson.Lenient) is { } order)
                Obey(order);
        }
        catch (JsonException)
        {
            log.Warning("session-order-unknown", new LogField("node", told.Node));
        }
    }

    private async Task LookAgainAsync(CancellationToken cancel)
    {
        string node = cluster.Node;
        var ordered = await store.ReadAsync(
            (state, token) => state.Sessions.Where(row => row.Node == node && row.State != SessionRows.Live).Select(row => new { row.Id, row.State }).ToListAsync(token),
            cancel).ConfigureAwait(false);
        foreach (var row in ordered)
            Obey(new SessionOrder(row.Id, row.State == SessionRows.Frozen ? SessionOrder.Freeze : SessionOrder.End, "ordered while this node was away from its store", "an administrator"));
    }
}
