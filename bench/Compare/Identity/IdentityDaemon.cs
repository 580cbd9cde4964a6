using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Sallyport.Compare.Peers;
using Sallyport.Compare.Postgres;
using Sallyport.Compare.Processes;
using Sallyport.Contract;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;

namespace Sallyport.Compare.Identity;

/// <summary>The daemon as it is deployed with people and agents: TLS, a SQLite store, the broker and the admin API, masks, rules and recordings.</summary>
internal sealed partial class IdentityDaemon : IAsyncDisposable
{
    /// <summary>Whoever is in this group gets in, reads, and waits for approval to delete.</summary>
    public const string Members = "bench";

    /// <summary>Whoever is only in this one is known, and gets nowhere.</summary>
    public const string Strangers = "strangers";

    private const string LocalIssuer = "https://sallyport.example";

    private const string Policy = $"""
        policy: bench
        match:
          groups: {Members}
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
          - id: deletes
            effect: hold
            verbs: delete
            approval:
              groups: [approvers]
              timeout: 12h
        mask:
          - id: filler
            columns: [public.pgbench_accounts.filler, public.pgbench_tellers.filler]
            with: redact
        computed: keep

        """;

    private readonly Workspace _workspace;
    private readonly string _name;
    private readonly X509Certificate2 _certificate;
    private readonly string _metrics;
    private readonly string _admin;
    private readonly ECDsa _localKey;
    private readonly HttpClient _metricsClient = new();

    private IdentityDaemon(Workspace workspace, BenchDatabase database, string name)
    {
        _workspace = workspace;
        _name = name;
        _certificate = NewCertificate();
        int metrics = Workspace.FreePort();
        _metrics = $"http://127.0.0.1:{metrics}/metrics";
        int admin = Workspace.FreePort();
        _admin = $"https://localhost:{admin}";
        Broker = new Uri($"https://localhost:{Workspace.FreePort()}");
        Config = Configure(database, metrics, admin);
        LocalKey.Create(At("token.key"));
        _localKey = LocalKey.Read(At("token.key"));
    }

    /// <summary>The configuration file.</summary>
    public string Config { get; }

    /// <summary>Where the broker is.</summary>
    public Uri Broker { get; }

    /// <summary>Port of the listener that speaks TLS.</summary>
    public int TlsPort { get; } = Workspace.FreePort();

    /// <summary>Port of the plaintext listener, for pgbench.</summary>
    public int PlaintextPort { get; } = Workspace.FreePort();

    /// <summary>Its process, once it was started.</summary>
    public Server Server { get; private set; } = null!;

    /// <summary>The store, to be opened beside the daemon.</summary>
    public StoreConfig Store => new()
    {
        Sqlite = new ConfigPath(At("state/sallyport.db"), default),
        Key = new SecretReference(SecretSource.File, At("store.key"), default),
    };

    /// <summary>What clients of the TLS listener do.</summary>
    public RawLogin Client => new(TlsPort, _certificate);

    /// <summary>Writes its files, makes the first user, and starts it.</summary>
    public static async Task<IdentityDaemon> StartAsync(Workspace workspace, BenchDatabase database, string name)
    {
        IdentityDaemon daemon = Prepare(workspace, database, name);
        try
        {
            // An agent needs a person who answers for it.
            await ToolAsync("init", "--config", daemon.Config, "--user", "owner");
            daemon.Server = await Server.StartAsync(name, daemon.PlaintextPort, workspace.At(name + ".log"), null, [Executable, "serve", "--config", daemon.Config]);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Only writes its files.</summary>
    public static IdentityDaemon Prepare(Workspace workspace, BenchDatabase database, string name) => new(workspace, database, name);

    /// <summary>The daemon's executable.</summary>
    public static string Executable { get; } =
        SallyportPeer.Executable ?? throw new InvalidOperationException("SALLYPORT_BIN does not name the folder of the built daemon: use eng/bench.");

    /// <summary>Its configuration, without the store and all that stands on it.</summary>
    public string WithoutStore()
    {
        string config = File.ReadAllText(Config);
        return config[..(config.IndexOf("\nstore:", StringComparison.Ordinal) + 1)];
    }

    /// <summary>A token of the local issuer.</summary>
    public string LocalToken(string subject, string group, bool admin = false) => TokenMinter.Mint(
        _localKey,
        LocalIssuer,
        admin ? "sallyport-admin" : "sallyport",
        new TokenMinter.Request { Subject = subject, Groups = [group], Kind = IdentityKind.Human, Lifetime = TimeSpan.FromHours(12) },
        DateTimeOffset.UtcNow);

    /// <summary>Registers an agent, and returns its secret.</summary>
    public async Task<string> RegisterAsync(string agent, string group)
    {
        string token = _workspace.Write($"{_name}/admin.token", LocalToken("root", "administrators", admin: true));
        return await ToolAsync(
            "agents", "register", agent, "--owner", "owner", "--purpose", "measuring", "--group", group, "--token-minutes", "60", "--url", _admin, "--token-file", token, "--ca", At("listener.crt"));
    }

    /// <summary>A client of the broker that trusts its certificate.</summary>
    public HttpClient NewBrokerClient() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(_certificate.RawDataMemory.Span) },
    })
    {
        BaseAddress = Broker,
    };

    /// <summary>A counter of the daemon's own, over all its labels.</summary>
    public async Task<double> CounterAsync(string name)
    {
        string text = await _metricsClient.GetStringAsync(_metrics);
        return text.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && Sample().Match(line) is { Success: true } sample && sample.Groups[1].Value == name)
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
            await Server.DisposeAsync();
        _metricsClient.Dispose();
        _localKey.Dispose();
        _certificate.Dispose();
    }

    private static async Task<string> ToolAsync(params string[] arguments) => (await Tool.RunAsync(Executable, arguments)).Trim();

    private string At(string file) => _workspace.At($"{_name}/{file}");

    private static X509Certificate2 NewCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7));
    }

    private void WriteOwn(string file, string text)
    {
        string path = _workspace.Write($"{_name}/{file}", text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private string Configure(BenchDatabase database, int metrics, int admin)
    {
        using ECDsa key = _certificate.GetECDsaPrivateKey()!;
        _workspace.Write($"{_name}/policies/bench.yaml", Policy);
        _workspace.Write($"{_name}/listener.crt", _certificate.ExportCertificatePem());
        WriteOwn("listener.key", key.ExportPkcs8PrivateKeyPem());
        WriteOwn("password", database.Password);
        WriteOwn("store.key", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        return _workspace.Write($"{_name}/sallyport.yaml", $"""
            node: {_name}
            identity:
              local:
                issuer: {LocalIssuer}
                key: token.key
            listeners:
              - name: tls
                protocol: postgres
                address: 127.0.0.1:{TlsPort}
                tls: {Tls}
              - name: plaintext
                protocol: postgres
                address: 127.0.0.1:{PlaintextPort}
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
              directory: recordings
            limits:
              unauthenticated-per-source: 1000
            store:
              sqlite:
                file: state/sallyport.db
              key:
                file: store.key
            audit:
              file: state/audit.jsonl
            broker:
              address: 127.0.0.1:{Broker.Port}
              url: {Broker.OriginalString}
              tls: {Tls}
            admin:
              address: 127.0.0.1:{admin}
              url: {_admin}
              tls: {Tls}
              metrics:
                address: 127.0.0.1:{metrics}
              roles:
                administrator: administrators

            """);
    }

    private const string Tls = "{certificate: listener.crt, key: listener.key}";

    [GeneratedRegex(@"^(\w+)[{ ]")]
    private static partial Regex Sample();
}
