using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>A container: a folder it runs in, an environment, a log.</summary>
public sealed class TestContainer
{
    internal TestContainer(string folder) => Folder = folder;

    /// <summary>Where its commands run: what is copied to a relative path is here.</summary>
    public string Folder { get; }

    public ContainerLog Log { get; } = new();

    /// <summary>Every command it was asked to run, in order, its words joined by spaces.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();
}

/// <summary>The node that pods run on: what a kubelet knows of them, kept for tests to see and to change.</summary>
public sealed class TestNode : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, TestContainer> _containers = new();
    private readonly ConcurrentDictionary<string, int> _ports = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("node").FullName;
    private readonly Lazy<Task<EchoPod>> _echo = new(EchoPod.StartAsync);

    /// <summary>The spec of a pod by namespace and name: what its containers are called, and their environment.</summary>
    internal Func<string, string, JsonObject?> Pods { get; set; } = (_, _) => null;

    /// <summary>A container, whether its pod is known or not.</summary>
    public TestContainer Container(string space, string pod, string container) => _containers.GetOrAdd($"{space}_{pod}_{container}", key =>
    {
        string folder = Path.Combine(_folder, key);
        Directory.CreateDirectory(folder);
        return new TestContainer(folder);
    });

    /// <summary>What listens on a port of a pod: a loopback port of this machine. Port 8080 of every pod is an HTTP server that says what it was asked.</summary>
    public void Listen(string space, string pod, int port, int local) => _ports[$"{space}/{pod}/{port}"] = local;

    /// <summary>The loopback port behind a pod's; null where nothing listens.</summary>
    internal async Task<int?> PortAsync(string space, string pod, int port)
    {
        if (_ports.TryGetValue($"{space}/{pod}/{port}", out int local))
            return local;
        return port == Seeds.Seed.EchoPort ? (await _echo.Value).Port : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_echo.IsValueCreated)
            await (await _echo.Value).DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
