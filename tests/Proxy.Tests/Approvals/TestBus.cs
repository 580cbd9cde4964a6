using Sallyport.Proxy.Cluster;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Nodes in one process. What one says, all hear before it returns, unless they are deaf.</summary>
internal sealed class TestBus
{
    private readonly Lock _lock = new();
    private readonly List<(Node Node, string Kind, Func<ClusterEvent?, CancellationToken, Task> Handle)> _handlers = [];
    private readonly List<ClusterEvent> _said = [];

    public IReadOnlyList<ClusterEvent> Said
    {
        get
        {
            lock (_lock)
                return [.. _said];
        }
    }

    public Node Join(string name) => new(this, name);

    internal sealed class Node(TestBus bus, string name) : ICluster
    {
        string ICluster.Node => name;

        /// <summary>True: it hears nothing.</summary>
        public bool Deaf { get; set; }

        public async Task PublishAsync(string kind, string payload, CancellationToken cancel)
        {
            var said = new ClusterEvent(kind, payload, name);
            List<Func<ClusterEvent?, CancellationToken, Task>> handlers;
            lock (bus._lock)
            {
                bus._said.Add(said);
                handlers = [.. bus._handlers.Where(h => h.Kind == kind && !h.Node.Deaf).Select(h => h.Handle)];
            }

            foreach (Func<ClusterEvent?, CancellationToken, Task> handle in handlers)
                await handle(said, cancel);
        }

        public IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle)
        {
            (Node, string, Func<ClusterEvent?, CancellationToken, Task>) entry = (this, kind, handle);
            lock (bus._lock)
                bus._handlers.Add(entry);
            return new Leaving(() =>
            {
                lock (bus._lock)
                    bus._handlers.Remove(entry);
            });
        }

        /// <summary>It was away, and is back.</summary>
        public async Task CatchUpAsync()
        {
            List<Func<ClusterEvent?, CancellationToken, Task>> handlers;
            lock (bus._lock)
                handlers = [.. bus._handlers.Where(h => h.Node == this).Select(h => h.Handle)];
            foreach (Func<ClusterEvent?, CancellationToken, Task> handle in handlers)
                await handle(null, default);
        }
    }

    private sealed class Leaving(Action leave) : IDisposable
    {
        public void Dispose() => leave();
    }
}
