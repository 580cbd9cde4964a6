using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Postgres;

/// <summary>A throw-away PostgreSQL with pgbench's tables, owned by the role that every peer logs in with.</summary>
internal sealed class BenchDatabase : IAsyncDisposable
{
    public const string Name = "bench";
    public const string User = "bench";

    // 100 000 accounts each: about 150 MB, all of it in shared_buffers.
    private const int Scale = 10;

    private readonly string _socket;

    private BenchDatabase(Server server, string socket, string password)
    {
        Server = server;
        _socket = socket;
        Password = password;
    }

    public Server Server { get; }

    /// <summary>The role's password.</summary>
    public string Password { get; }

    /// <summary>Brings it up and fills it.</summary>
    public static async Task<BenchDatabase> StartAsync(Workspace workspace)
    {
        int port = Workspace.FreePort();
        string folder = workspace.At("pg");
        Server server = await Server.StartAsync("PostgreSQL", port, workspace.At("postgres.log"), null,
        [
            Path.Combine(Workspace.Root, "eng", "postgres"), "--leash", folder, port.ToString(),
            "shared_buffers=512MB", "autovacuum=off", "max_wal_size=2GB", "max_connections=300",
        ], stopSignal: "INT");
        var database = new BenchDatabase(server, Path.Combine(folder, "sock"), Workspace.Secret());
        try
        {
            await database.AsSuperuserAsync("postgres", $"CREATE ROLE {User} LOGIN PASSWORD '{database.Password}'");
            await database.AsSuperuserAsync("postgres", $"CREATE DATABASE {Name} OWNER {User}");
            await Tool.RunAsync("pgbench", ["-i", "-s", Scale.ToString(), "-q", "-h", database._socket, "-p", port.ToString(), "-U", User, Name]);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task AsSuperuserAsync(string name, string sql)
    {
        // The port answers a moment before the server does ("the database system is starting up").
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await Tool.RunAsync("psql", ["-X", "-q", "-h", _socket, "-p", Server.Port.ToString(), "-U", "postgres", "-d", name, "-c", sql]);
                return;
            }
            catch (InvalidOperationException e) when (attempt < 100 && e.Message.Contains("starting up", StringComparison.Ordinal))
            {
                await Task.Delay(50);
            }
        }
    }
}
