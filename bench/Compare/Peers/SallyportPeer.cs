using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Peers;

/// <summary>
/// Sallyport, twice: "sallyport" as it is deployed, with policy, masks on the very table that is read (another column of it, so that every
/// row must be looked at and none changes) and recording; and "sallyport-off", which allows everything and neither masks nor records.
/// </summary>
internal sealed class SallyportPeer : IPeer
{
    private const string Restricted = """
        policy: bench
        match:
          groups: bench
          targets: bench
        rules:
          - id: enter
            effect: allow
            verbs: login
          - id: read
            effect: allow
            verbs: read
            objects: [pgbench_accounts, pgbench_branches, public.*]
            no-object: true
          - id: no-schema-changes
            effect: deny
            verbs: ddl
          - id: where-please
            effect: deny
            verbs: [update, delete]
            where: absent
        mask:
          - id: filler
            columns: [public.pgbench_accounts.filler, public.pgbench_tellers.filler]
            with: redact
        computed: keep

        """;

    private const string AllowAll = """
        policy: bench
        match:
          targets: bench
        rules:
          - id: everything
            effect: allow
            verbs: all
            unparsed: true
            truncated: true

        """;

    private readonly Server _server;
    private readonly bool _restricted;

    private SallyportPeer(string name, Server server, Endpoint endpoint, bool restricted)
    {
        Name = name;
        _server = server;
        Endpoint = endpoint;
        _restricted = restricted;
    }

    public string Name { get; }

    public Endpoint Endpoint { get; }

    public int? ProcessId => _server.Id;

    /// <summary>Where the daemon's executable is; null when it was not built.</summary>
    public static string? Executable =>
        Environment.GetEnvironmentVariable("SALLYPORT_BIN") is { } folder && File.Exists(Path.Combine(folder, "sallyport")) ? Path.Combine(folder, "sallyport") : null;

    /// <summary>Starts one with masks and rules (<paramref name="restricted"/>) or one that allows everything.</summary>
    public static async Task<SallyportPeer> StartAsync(Workspace workspace, BenchDatabase database, bool restricted)
    {
        string executable = Executable ?? throw new InvalidOperationException("SALLYPORT_BIN does not name the folder of the built daemon: use eng/bench.");
        string name = restricted ? "sallyport" : "sallyport-off";
        int port = Workspace.FreePort();
        string config = Configure(workspace, name, port, database, restricted ? Restricted : AllowAll, recording: restricted);
        await Tool.RunAsync(executable, ["keys", "create", "--config", config]);
        string token = (await Tool.RunAsync(executable, ["token", "create", "--config", config, "--subject", "bench", "--groups", "bench", "--kind", "service", "--ttl", "12h"])).Trim();
        Server server = await Server.StartAsync(name, port, workspace.At(name + ".log"), null, [executable, "serve", "--config", config]);
        return new SallyportPeer(name, server, new Endpoint(port, BenchDatabase.Name, BenchDatabase.User, token), restricted);
    }

    public async Task VerifyAsync()
    {
        if (!_restricted)
        {
            await Check.AccountsAsync(this);
            return;
        }

        // As many rows and the same balances as without a proxy; the neighbouring column masked; and what policy forbids refused.
        await Check.EqualsAsync(this, "SELECT aid, abalance FROM pgbench_accounts WHERE aid = 4711", "4711|0");
        await Check.EqualsAsync(this, "SELECT filler FROM pgbench_accounts WHERE aid = 4711", "[redacted]");
        await Check.RefusedAsync(this, "DELETE FROM pgbench_history", "bench/where-please");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static string Configure(Workspace workspace, string name, int port, BenchDatabase database, string policy, bool recording)
    {
        workspace.Write($"{name}/policies/bench.yaml", policy);
        workspace.Write($"{name}/password", database.Password);
        return workspace.Write($"{name}/sallyport.yaml", $"""
            node: bench
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            listeners:
              - name: databases
                protocol: postgres
                address: 127.0.0.1:{port}
                plaintext: loopback-only
            targets:
              bench:
                protocol: postgres
                address: 127.0.0.1:{database.Server.Port}
                tls:
                  mode: disable
                credential:
                  user: {BenchDatabase.User}
                  password:
                    file: password
                database: {BenchDatabase.Name}
            policies: policies
            recordings:
              enabled: {(recording ? "true" : "false")}
              directory: recordings

            """);
    }
}
