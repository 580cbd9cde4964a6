using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Store;

/// <summary>The state and all that stands on it, opened in order and closed in the reverse order.</summary>
internal sealed class DaemonState : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _parts = new();

    private DaemonState()
    {
    }

    public required StateStore Store { get; init; }

    public Sealer Sealer { get; private set; } = null!;

    public ClusterBus Cluster { get; private set; } = null!;

    public AuditStream Audit { get; private set; } = null!;

    /// <summary>This node's live sessions.</summary>
    public SessionRegistry Sessions { get; private set; } = null!;

    /// <summary>This node among the others.</summary>
    public NodeRegistry Nodes { get; private set; } = null!;

    /// <summary>When sessions are suspended because the state is lost.</summary>
    public StoreGuard Guard { get; private set; } = null!;

    /// <summary>Opens it for the daemon.</summary>
    /// <param name="version">This program's.</param>
    /// <exception cref="IOException">The state cannot be had, or must not be used; the message says why.</exception>
    public static async Task<DaemonState> OpenAsync(DaemonConfig config, string version, TimeProvider time, Log log, CancellationToken cancel)
    {
        StoreConfig store = config.Store ?? throw new ArgumentException("No store is configured.", nameof(config));
        AuditConfig audit = config.Audit ?? throw new ArgumentException("No audit is configured.", nameof(config));

        // The key first: it is the most likely mistake, and the cheapest to find.
        OperatorKey key = await Task.Run(() => OperatorKey.Read(store.Key), cancel).ConfigureAwait(false);
        var state = new DaemonState { Store = await OpenStoreAsync(store, key, time, log, cancel).ConfigureAwait(false) };
        try
        {
            state._parts.Push(state.Store);
            state.Sealer = state.Add(await Sealer.OpenAsync(state.Store, key, time, log, cancel).ConfigureAwait(false));
            state.Cluster = state.Add(await ClusterBus.OpenAsync(config.Node, state.Store, time, log, cancel).ConfigureAwait(false));
            state.Add(await NodeName.ClaimAsync(state.Store.Database, config.Node, state.Cluster.Wake, time, log, cancel).ConfigureAwait(false));
            state.Audit = state.Add(await Task.Run(() => AuditStream.Open(audit.File.Path, config.Node, state.Store, alone: true, time, log), cancel).ConfigureAwait(false));
            state.Nodes = state.Add(new NodeRegistry(state.Store, state.Cluster, Guid.NewGuid(), version, time, log));
            state.Sessions = state.Add(new SessionRegistry(state.Store, config.Node, time));
            state.Wire();
            await state.Nodes.StartAsync(cancel).ConfigureAwait(false);
            state.Guard = state.Add(new StoreGuard(state.Store, store.Grace, time, log));
        }
        catch
        {
            await state.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return state;
    }

    /// <summary>Takes up what a reload changes: the audit's file may have been moved away.</summary>
    public void Reload() => Audit.Reopen();

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out IAsyncDisposable? part))
            await part.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<StateStore> OpenStoreAsync(StoreConfig config, OperatorKey key, TimeProvider time, Log log, CancellationToken cancel)
    {
        try
        {
            return await StateStore.OpenAsync(config, time, log, cancel).ConfigureAwait(false);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private T Add<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    private void Wire()
    {
        Cluster.Subscribe(ClusterEvents.Keys, (_, cancel) => Sealer.ReloadAsync(cancel));
        Nodes.Returned += Sessions.WriteAll;
        Nodes.Gone += (node, approvals) =>
        {
            foreach (Guid approval in approvals)
                Audit.Note(new AuditEvent(AuditTypes.ApprovalLost, null) { Object = $"approval:{approval}", Reason = $"node {node} is gone" });
            if (node != Cluster.Node)
                Audit.Note(new AuditEvent(AuditTypes.StoreNodeGone, null) { Object = $"node:{node}" });
        };
    }
}
