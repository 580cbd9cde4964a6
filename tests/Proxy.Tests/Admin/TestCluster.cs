using Sallyport.Proxy.Cluster;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>One node, alone, that hears itself.</summary>
internal sealed class TestCluster(string node = "node-1") : ICluster
{
    private readonly List<(string Kind, Func<ClusterEvent?, CancellationToken, Task> Handle)> _handlers = [];

    public string Node => node;

    /// <summary>What was published.</summary>
    public List<ClusterEvent> Published { get; } = [];

    public Task PublishAsync(string kind, string payload, CancellationToken cancel)
    {
        var told = new ClusterEvent(kind, payload, node);
        Published.Add(told);
        return TellAsync(kind, told, cancel);
    }

    /// <summary>The store was away: everything is to be looked at again.</summary>
    public async Task CameBackAsync()
    {
        foreach ((_, Func<ClusterEvent?, CancellationToken, Task> handle) in _handlers.ToArray())
            await handle(null, default);
    }

    public IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle)
    {
        _handlers.Add((kind, handle));
        return new MemoryStream();
    }

    private async Task TellAsync(string kind, ClusterEvent told, CancellationToken cancel)
    {
        foreach ((_, Func<ClusterEvent?, CancellationToken, Task> handle) in _handlers.Where(handler => handler.Kind == kind).ToArray())
            await handle(told, cancel);
    }
}
