using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Http;

/// <summary>One daemon with HTTP listeners in front of one <see cref="HttpUpstreamServer"/>, for all tests of this folder; and two people.</summary>
public sealed class HttpFixture : IAsyncLifetime
{
    private const string Policy = """
        policy: web
        rules:
          - {id: pages, effect: allow, verbs: [http-read, http-write], paths: ["/**"]}
          - {id: secret, effect: deny, verbs: [http-read], paths: ["/secret/**"], hint: Ask somebody.}
          - {id: red, effect: deny, verbs: [http-read, grpc-call], details: {"header:x-team": [red]}, hint: Not the red ones.}
          - {id: calls, effect: allow, verbs: [grpc-call], objects: ['"test.v1.Echo".*']}
          - {id: drops, effect: deny, verbs: [grpc-call], objects: ["*.Drop*"], hint: "Ask Zoë: 100%."}
          - {id: methods, effect: allow, verbs: [mcp-method], objects: ["*"]}
          - {id: tools, effect: allow, verbs: [mcp-tool], objects: [greet, lookup]}
          - {id: orders, effect: allow, verbs: [mcp-tool], objects: [query], fields: {params.arguments.table: [orders]}}
          - {id: tables, effect: deny, verbs: [mcp-tool], objects: [drop], hint: Ask the owner.}
        mask:
          - {id: mails, detect: [email], with: redact}

        """;

    private readonly TempFolder _folder = new();
    private NotifySocket? _notify;
    private ChildProcess? _process;
    private HttpUpstreamServer? _server;

    public HttpUpstreamServer Server => _server ?? throw new InvalidOperationException("The server has not been started.");

    public int TlsPort { get; } = FreePort.Next();

    public int PlainPort { get; } = FreePort.Next();

    /// <summary>Of a listener that asks for a certificate.</summary>
    public int MutualPort { get; } = FreePort.Next();

    /// <summary>A certificate with its key: <c>client</c> of the right authority, <c>stranger</c> of its own, <c>server</c> of the right one and for servers.</summary>
    public string Certificate(string whose) => _folder.At(whose + ".pem");

    public string CaFile => _folder.At("listener.crt");

    public string Recordings => _folder.At("recordings");

    /// <summary>Of ada@example.com.</summary>
    public string Token { get; private set; } = "";

    /// <summary>Of bob@example.com.</summary>
    public string OtherToken { get; private set; } = "";

    public string Log => _process!.Output + _process.Error;

    public async Task InitializeAsync()
    {
        _server = await HttpUpstreamServer.StartAsync();
        (string certificate, string key) = Pem.NewServer();
        _folder.Write("listener.crt", certificate);
        _folder.Write("listener.key", key);
        (string Certificate, string Key) client = Pem.NewClient(), stranger = Pem.NewClient(), forServers = Pem.NewClient(isClient: false);
        _folder.Write("clients.crt", client.Certificate + "\n" + forServers.Certificate);
        foreach ((string name, (string, string) pair) in new[] { ("client", client), ("stranger", stranger), ("server", forServers) })
            _folder.Write(name + ".pem", pair.Item1 + "\n" + pair.Item2);
        _folder.Write("token.key", Pem.NewKey());
        _folder.Write("target.crt", _server.Authority);
        _folder.Write("target.secret", "canary-of-the-target\n");
        _folder.Write("policies/policy.yaml", Policy);
        _folder.Write("sallyport.yaml", $$"""
            node: test-node
            identity:
              local:
                issuer: https://sallyport.example
                key: token.key
            listeners:
              - name: tls
                protocol: http
                address: 127.0.0.1:{{TlsPort}}
                tls: {certificate: listener.crt, key: listener.key}
              - name: mutual
                protocol: http
                address: 127.0.0.1:{{MutualPort}}
                tls: {certificate: listener.crt, key: listener.key, client-ca: clients.crt}
              - name: plain
                protocol: http
                address: 127.0.0.1:{{PlainPort}}
                plaintext: loopback-only
            targets:
              app:
                protocol: http
                address: localhost:{{_server.TlsPort}}
                tls: {mode: verify-full, ca: target.crt}
                mcp: [/mcp]
                hosts: [app.localhost]
                credential:
                  bearer: {file: target.secret}
              named:
                protocol: http
                address: localhost:{{_server.TlsPort}}
                tls: {mode: verify-full, ca: target.crt}
                credential:
                  header:
                    name: X-Api-Key
                    value: {file: target.secret}
              old:
                protocol: http
                address: 127.0.0.1:{{_server.PlainPort}}
                tls: {mode: disable}
                credential:
                  basic:
                    user: gateway
                    password: {file: target.secret}
            policies: policies
            recordings:
              directory: recordings

            """);
        _notify = new NotifySocket(_folder.At("notify"));
        _process = ChildProcess.Start([Repository.Tool("sallyport"), "serve", "--config", _folder.At("sallyport.yaml")], new Dictionary<string, string> { ["NOTIFY_SOCKET"] = _notify.Path });
        Task ready = _notify.WaitForAsync("READY=1", TimeSpan.FromMinutes(2));
        Task<int> ended = _process.WaitForExitAsync(Timeout.InfiniteTimeSpan);
        if (await Task.WhenAny(ready, ended) == ended)
            throw new InvalidOperationException($"sallyport ended with {await ended}:\n{Log}");
        string[] tokens = await Task.WhenAll(TokenAsync("ada@example.com"), TokenAsync("bob@example.com"));
        (Token, OtherToken) = (tokens[0], tokens[1]);
    }

    public async Task DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_notify is not null)
            await _notify.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A client on a connection of its own. Relative addresses are those of the target.</summary>
    public HttpClient Client(string target = "app", string version = "2.0", bool tls = true, string? token = null) => new(Handler())
    {
        BaseAddress = new Uri(tls ? $"https://localhost:{TlsPort}/http/{target}/" : $"http://127.0.0.1:{PlainPort}/http/{target}/"),
        DefaultRequestVersion = new Version(version),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token) },
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Follows no redirects, and trusts the listener's CA.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.GZip,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(CaFile) },
            },
        },
    };

    private async Task<string> TokenAsync(string subject)
    {
        (int code, string output, string error) = await SallyportDaemon.CommandAsync(
            "token", "create", "--config", _folder.At("sallyport.yaml"), "--subject", subject, "--groups", "engineering", "--kind", "human", "--ttl", "1h");
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"token create: {code}\n{error}");
    }
}

[CollectionDefinition(Name)]
public sealed class HttpGateways : ICollectionFixture<HttpFixture>
{
    public const string Name = "http";
}
