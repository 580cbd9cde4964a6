using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Cluster;

/// <summary>
/// A database of its own for the state of several daemons, and what they must have in common: the key of the store, the local issuer's key, and the
/// certificate of whatever stands before them.
/// </summary>
internal sealed class SharedStore
{
    private readonly PostgresServer _server;
    private readonly string _key = SallyportDaemon.NewStoreKey();
    private readonly Dictionary<string, string> _files;

    private SharedStore(PostgresServer server)
    {
        _server = server;
        (string certificate, string key) = Pem.NewServer();
        _files = new Dictionary<string, string> { ["listener.crt"] = certificate, ["listener.key"] = key, ["token.key"] = Pem.NewKey() };
    }

    /// <summary>Its name at the server.</summary>
    public string Database { get; } = $"cluster_{Guid.NewGuid():N}";

    /// <summary>Where all of them say that their broker is: tokens of one must be tokens of all.</summary>
    public int BrokerPort { get; } = FreePort.Next();

    public static async Task<SharedStore> CreateAsync(PostgresServer server)
    {
        var store = new SharedStore(server);
        await server.SqlAsync($"CREATE DATABASE {store.Database} OWNER {PostgresServer.AppUser}", "postgres");
        return store;
    }

    /// <summary>Starts one of the daemons.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="port">Where it finds the store; the server itself when null.</param>
    /// <param name="grace">How long it goes on without the store.</param>
    public Task<SallyportDaemon> StartAsync(DaemonSetup setup, string node, int? port = null, string grace = "5m") =>
        SallyportDaemon.StartAsync(_server, setup with
        {
            Control = true,
            Node = node,
            StoreKey = _key,
            BrokerPort = BrokerPort,
            Files = _files,
            Store = $$"""
              postgres:
                address: {{PostgresServer.Host}}:{{port ?? _server.Port}}
                database: {{Database}}
                user: {{PostgresServer.AppUser}}
                password: { file: target.password }
                tls: { ca: {{_server.CaFile}} }
              grace: {{grace}}
            """,
        });

    /// <summary>Asks the store.</summary>
    public Task<object?> SqlAsync(string sql) => _server.SqlAsync(sql, Database);

    /// <summary>Asks the store until it answers as expected.</summary>
    public Task WaitForAsync(string sql, object expected) => _server.WaitForAsync(sql, expected, Database);

    /// <summary>Everything in it, as text.</summary>
    public async Task<string> DumpAsync()
    {
        PsqlTarget direct = _server.DirectPsql("postgres", Database);
        await using ChildProcess dump = ChildProcess.Start(["pg_dump", "--data-only", "--inserts"], new Dictionary<string, string>
        {
            ["PGHOST"] = direct.Host,
            ["PGPORT"] = direct.Port.ToString(),
            ["PGDATABASE"] = direct.Database,
            ["PGUSER"] = direct.User,
            ["PGPASSWORD"] = direct.Password,
        });
        int code = await dump.WaitForExitAsync();
        return code == 0 ? dump.Output : throw new InvalidOperationException($"pg_dump: {code}\n{dump.Error}");
    }
}
