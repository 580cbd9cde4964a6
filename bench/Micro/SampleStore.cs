using System.Security.Cryptography;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Micro;

/// <summary>A state in a SQLite file of its own, and its seal.</summary>
internal sealed class SampleStore : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("spm").FullName;

    private SampleStore()
    {
    }

    public Log Log { get; } = new(Stream.Null, LogFormat.Text, journal: false, TimeProvider.System);

    public StateStore Store { get; private set; } = null!;

    /// <summary>The same, and how often it was asked.</summary>
    public CountedStore Counted { get; private set; } = null!;

    public Sealer Sealer { get; private set; } = null!;

    public static async Task<SampleStore> OpenAsync()
    {
        var sample = new SampleStore();
        string key = Path.Combine(sample._folder, "store.key");
        await File.WriteAllTextAsync(key, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var config = new StoreConfig
        {
            Sqlite = new ConfigPath(Path.Combine(sample._folder, "state.db"), default),
            Key = new SecretReference(SecretSource.File, key, default),
        };
        sample.Store = await StateStore.OpenAsync(config, TimeProvider.System, sample.Log, CancellationToken.None);
        sample.Counted = new CountedStore(sample.Store);
        sample.Sealer = await Sealer.OpenAsync(sample.Store, OperatorKey.Read(config.Key), TimeProvider.System, sample.Log, CancellationToken.None);
        return sample;
    }

    public async ValueTask DisposeAsync()
    {
        await Sealer.DisposeAsync();
        await Store.DisposeAsync();
        Log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Counts reads.</summary>
internal sealed class CountedStore(IStateStore inner) : IStateStore
{
    private int _reads;

    public int Reads => Volatile.Read(ref _reads);

    public bool IsReachable => inner.IsReachable;

    public DateTimeOffset? LostAt => inner.LostAt;

    public Task<T> ReadAsync<T>(Func<StateContext, CancellationToken, Task<T>> read, CancellationToken cancel)
    {
        Interlocked.Increment(ref _reads);
        return inner.ReadAsync(read, cancel);
    }

    public Task<T> WriteAsync<T>(Func<StateContext, CancellationToken, Task<T>> write, CancellationToken cancel) => inner.WriteAsync(write, cancel);
}

/// <summary>A node alone, that nobody tells anything.</summary>
internal sealed class LocalCluster : ICluster
{
    public string Node => "bench";

    public Task PublishAsync(string kind, string payload, CancellationToken cancel) => Task.CompletedTask;

    public IDisposable Subscribe(string kind, Func<ClusterEvent?, CancellationToken, Task> handle) => new MemoryStream();
}

/// <summary>Nothing that is measured here is audited.</summary>
internal sealed class NoAudit : IAudit
{
    public ValueTask KeepAsync(AuditEvent audit, CancellationToken cancel) => throw new InvalidOperationException($"{audit.Type} was not expected.");

    public void Note(AuditEvent audit) => throw new InvalidOperationException($"{audit.Type} was not expected.");
}
