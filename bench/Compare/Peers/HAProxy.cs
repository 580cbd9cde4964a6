using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Peers;

/// <summary>HAProxy in TCP mode: bytes in, bytes out, nothing understood.</summary>
internal sealed class HAProxy : IPeer
{
    private readonly Server _server;

    private HAProxy(Server server, Endpoint endpoint)
    {
        _server = server;
        Endpoint = endpoint;
    }

    public string Name => "haproxy";

    public Endpoint Endpoint { get; }

    public int? ProcessId => _server.Id;

    public static async Task<HAProxy> StartAsync(Workspace workspace, BenchDatabase database)
    {
        int port = Workspace.FreePort();
        string settings = workspace.Write("haproxy.cfg", $"""
            global
                maxconn 1000
            defaults
                mode tcp
                timeout connect 5s
                timeout client 1h
                timeout server 1h
            listen postgres
                bind 127.0.0.1:{port}
                server postgres 127.0.0.1:{database.Server.Port}

            """);
        Server server = await Server.StartAsync("HAProxy", port, workspace.At("haproxy.log"), null, ["haproxy", "-db", "-f", settings]);
        return new HAProxy(server, new Endpoint(port, BenchDatabase.Name, BenchDatabase.User, database.Password));
    }

    public Task VerifyAsync() => Check.AccountsAsync(this);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
