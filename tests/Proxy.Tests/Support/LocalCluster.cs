using Sallyport.Proxy.Cluster;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>Nodes in one process: whoever publishes has been heard by all when it returns.</summary>
internal sealed class LocalCluster : ICluster
{
    private readonly List<(string Kind, Func<ClusterEvent?, CancellationToken, Task> Handle)> _handlers = [];

    public string Node => "node";

    public List<ClusterEvent> Published { get; } = [];

    public async Task PublishAsync(string kind, string payload, CancellationToken cancel)
    {
        Published.Add(new ClusterEvent(kind, payload, Node));
        await TellAsync(kind, new ClusterEvent(kind, payload, Node));
    }

    /// <summary>The store was away.</summary>
    public Task MissedAsync(string kind) => TellAsync(kind, null);

    public IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle)
    {
        _handlers.Add((kind, handle));
        return new Subscription(() => _handlers.Remove((kind, handle)));
    }

    private async Task TellAsync(string kind, ClusterEvent? told)
    {
        foreach ((_, Func<ClusterEvent?, CancellationToken, Task> handle) in _handlers.Where(h => h.Kind == kind).ToArray())
            await handle(told, CancellationToken.None);
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
