using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Peers;

/// <summary>PgBouncer in session mode: a server connection per client connection, as Sallyport has; SCRAM on both sides.</summary>
internal sealed class PgBouncer : IPeer
{
    private readonly Server _server;

    private PgBouncer(Server server, Endpoint endpoint)
    {
        _server = server;
        Endpoint = endpoint;
    }

    public string Name => "pgbouncer";

    public Endpoint Endpoint { get; }

    public int? ProcessId => _server.Id;

    public static async Task<PgBouncer> StartAsync(Workspace workspace, BenchDatabase database)
    {
        int port = Workspace.FreePort();
        workspace.Write("pgbouncer.users", $"\"{BenchDatabase.User}\" \"{database.Password}\"\n");
        string settings = workspace.Write("pgbouncer.ini", $"""
            [databases]
            {BenchDatabase.Name} = host=127.0.0.1 port={database.Server.Port} dbname={BenchDatabase.Name}

            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = scram-sha-256
            auth_file = {workspace.At("pgbouncer.users")}
            pool_mode = session
            default_pool_size = 250
            max_client_conn = 500
            server_tls_sslmode = disable
            log_connections = 0
            log_disconnections = 0
            """);
        Server server = await Server.StartAsync("PgBouncer", port, workspace.At("pgbouncer.log"), "postgres", ["pgbouncer", settings]);
        return new PgBouncer(server, new Endpoint(port, BenchDatabase.Name, BenchDatabase.User, database.Password));
    }

    public Task VerifyAsync() => Check.AccountsAsync(this);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
