using Sallyport.Compare.Http;
using Sallyport.Compare.Processes;

namespace Sallyport.Compare.Peers;

/// <summary>Sallyport as it is deployed: a bearer token with every request, policy by method and path, and recording.</summary>
internal sealed class HttpSallyport : IHttpPeer
{
    private const string Policy = """
        policy: bench
        match:
          groups: bench
          targets: bench
        rules:
          - id: read
            effect: allow
            verbs: http-read
            paths: ["/api/v1/**", "/large"]
          - id: no-admin
            effect: deny
            verbs: [http-read, http-write]
            paths: ["/admin/**"]

        """;

    private readonly Server _server;
    private readonly int _port;
    private readonly string _token;
    private readonly string _recordings;

    private HttpSallyport(Server server, int port, string token, string recordings)
    {
        _server = server;
        _port = port;
        _token = token;
        _recordings = recordings;
    }

    public string Name => "sallyport";

    public string Url => $"https://127.0.0.1:{_port}";

    public IReadOnlyList<string> Headers => [$"authorization: Bearer {_token}", ":authority: bench.localhost"];

    public int? ProcessId => _server.Id;

    public static async Task<HttpSallyport> StartAsync(Workspace workspace, HttpMaterial material)
    {
        string executable = SallyportPeer.Executable ?? throw new InvalidOperationException("SALLYPORT_BIN does not name the folder of the built daemon: use eng/bench.");
        int port = Workspace.FreePort();
        workspace.Write("http/policies/bench.yaml", Policy);
        string config = workspace.Write("http/sallyport.yaml", $"""
            node: bench
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            listeners:
              - name: web
                protocol: http
                address: 127.0.0.1:{port}
                tls:
                  certificate: {material.Certificate}
                  key: {material.Key}
            targets:
              bench:
                protocol: http
                address: 127.0.0.1:{material.Http2Port}
                hosts: [bench.localhost, 127.0.0.1]
                plain-http2: true
                tls:
                  mode: disable
            policies: policies
            recordings:
              directory: recordings

            """);
        await Tool.RunAsync(executable, ["keys", "create", "--config", config]);
        string token = (await Tool.RunAsync(executable, ["token", "create", "--config", config, "--subject", "bench", "--groups", "bench", "--kind", "service", "--ttl", "12h"])).Trim();
        Server server = await Server.StartAsync("sallyport", port, workspace.At("sallyport-http.log"), null, [executable, "serve", "--config", config]);
        return new HttpSallyport(server, port, token, workspace.At("http/recordings"));
    }

    /// <summary>Recordings of finished sessions are deleted: a hundred million requests would fill the disk.</summary>
    public void Tidy()
    {
        foreach (string file in Directory.EnumerateFiles(_recordings, "*", SearchOption.AllDirectories))
            File.Delete(file);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
