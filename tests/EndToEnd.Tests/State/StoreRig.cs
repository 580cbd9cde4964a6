using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>A state of its own for a test, on one database or the other, opened as often as the test likes.</summary>
internal sealed class StoreRig : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MemoryStream _lines = new();
    private readonly List<IAsyncDisposable> _open = [];

    private StoreRig(StoreConfig config)
    {
        Log = new Log(_lines, LogFormat.Text, journal: false, TimeProvider.System);
        string key = _folder.At("store.key");
        File.WriteAllText(key, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Config = config with { Key = new SecretReference(SecretSource.File, key, default) };
        if (config.Postgres is null)
            Config = Config with { Sqlite = new ConfigPath(_folder.At("state/state.db"), default) };
    }

    public StoreConfig Config { get; }

    public Log Log { get; }

    public static StoreRig Sqlite() => new(new StoreConfig { Key = null! });

    public static async Task<StoreRig> PostgresAsync(PostgresServer server, int? port = null)
    {
        string database = $"state_{Guid.NewGuid():N}";
        await server.SqlAsync($"CREATE DATABASE {database} OWNER {PostgresServer.AppUser}", "postgres");
        Environment.SetEnvironmentVariable("STATE_PASSWORD", PostgresServer.AppPassword);
        return new StoreRig(new StoreConfig
        {
            Key = null!,
            Postgres = new PostgresStoreConfig
            {
                Host = PostgresServer.Host,
                Port = port ?? server.Port,
                Database = database,
                User = PostgresServer.AppUser,
                Password = new SecretReference(SecretSource.Env, "STATE_PASSWORD", default),
                TlsMode = TargetTlsMode.VerifyFull,
                CertificateAuthority = new ConfigPath(server.CaFile, default),
            },
        });
    }

    public string At(string name) => _folder.At(name);

    public async Task<StateStore> OpenAsync()
    {
        StateStore store = await StateStore.OpenAsync(Config, TimeProvider.System, Log, CancellationToken.None);
        lock (_open)
            _open.Add(store);
        return store;
    }

    /// <summary>A node's cluster, on a store of its own.</summary>
    public async Task<ClusterBus> BusAsync(string node)
    {
        ClusterBus bus = await ClusterBus.OpenAsync(node, await OpenAsync(), TimeProvider.System, Log, CancellationToken.None);
        lock (_open)
            _open.Add(bus);
        return bus;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable open in Enumerable.Reverse(_open))
            await open.DisposeAsync();
        Log.Dispose();
        _folder.Dispose();
    }
}
