using System.Net;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Tests.Support;
using Sallyport.Recording;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

public sealed class ConfigReaderTests : IDisposable
{
    private const string Good = """
        node: gate-1
        identity:
          issuers:
            - name: corp
              issuer: https://login.example.com/realms/corp
              audience: [sallyport, sallyport-dev]
              algorithms: [RS256, ES256]
              claims: { subject: email, groups: roles, kind: typ, acting-for: on_behalf_of }
              kind: service
              authorized-parties: psql-helper
              clock-skew: 10s
              max-lifetime: 12h
            - name: ci
              issuer: https://ci.example.com
              audience: sallyport
              jwks: { file: keys/ci.json }
          local: { issuer: "https://gate-1", key: local.pem }
        listeners:
          - name: pg
            protocol: postgres
            address: "[::]:6432"
            tls: { certificate: cert.pem, key: /etc/ssl/key.pem }
          - name: loop
            protocol: postgres
            address: 127.0.0.1:6433
            plaintext: loopback-only
        targets:
          orders:
            protocol: postgres
            address: db.internal:5432
            tls: { mode: verify-ca, ca: ca.pem, server-name: db.example.com }
            credential: { user: app, password: { credential: orders } }
            database: orders
            databases: [orders, archive]
            weak-logins: [md5]
            connect-timeout: 3s
          legacy:
            protocol: postgres
            address: "[2001:db8::1]:5433"
            credential: { user: app, password: { env: LEGACY_PASSWORD } }
        policies: policies
        mask-key: { file: secrets/mask }
        recordings: { directory: /var/lib/sallyport, fsync: chunk, min-free: 2GiB }
        limits: { unauthenticated: 10, unauthenticated-per-source: 5, handshake: 5s, drain: 1m }
        log: { format: json }
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_key_is_read()
    {
        DaemonConfig config = Read(Good, out IReadOnlyList<Diagnostic> diagnostics)!;
        Assert.Empty(diagnostics);
        Assert.Equal("gate-1", config.Node);
        IssuerConfig corp = config.Issuers[0];
        Assert.Equal(["sallyport", "sallyport-dev"], corp.Rules.Audiences.AsEnumerable());
        Assert.Equal(["RS256", "ES256"], corp.Rules.Algorithms.AsEnumerable());
        Assert.Equal(("email", "roles", "typ", "on_behalf_of"), (corp.Rules.Claims.Subject, corp.Rules.Claims.Groups, corp.Rules.Claims.Kind, corp.Rules.Claims.ActingFor));
        Assert.Equal(IdentityKind.Service, corp.Rules.DefaultKind);
        Assert.Equal(["psql-helper"], corp.Rules.Parties.AsEnumerable());
        Assert.Equal(TimeSpan.FromSeconds(10), corp.Rules.ClockSkew);
        Assert.Equal(TimeSpan.FromHours(12), corp.Rules.LongestLifetime);
        Assert.True(corp.Discover);
        Assert.Equal(new Uri("https://login.example.com/realms/corp"), corp.KeysAddress);
        Assert.Equal(_directory["keys/ci.json"], config.Issuers[1].KeysFile!.Value.Path);
        Assert.Equal(_directory["local.pem"], config.Local!.Key.Path);
        Assert.Equal(["ES256"], config.Local.Rules.Algorithms.AsEnumerable());
        Assert.Equal(TimeSpan.FromHours(24), config.Local.Rules.LongestLifetime);

        Assert.Equal(new IPEndPoint(IPAddress.IPv6Any, 6432), config.Listeners[0].Address);
        Assert.Equal(_directory["cert.pem"], config.Listeners[0].Certificate!.Value.Path);
        Assert.Equal("/etc/ssl/key.pem", config.Listeners[0].Key!.Value.Path);
        Assert.False(config.Listeners[0].Plaintext);
        Assert.True(config.Listeners[1].Plaintext);

        TargetConfig orders = config.Targets[0];
        Assert.Equal(("orders", "db.internal", 5432, TargetTlsMode.VerifyCa, "db.example.com"), (orders.Name, orders.Host, orders.Port, orders.TlsMode, orders.ServerName));
        Assert.Equal(("app", SecretSource.Credential, "orders"), (orders.User, orders.Password!.Source, orders.Password.Name));
        Assert.Equal(["orders", "archive"], orders.Databases.AsEnumerable());
        Assert.Equal(["md5"], orders.WeakLogins.AsEnumerable());
        Assert.Equal(TimeSpan.FromSeconds(3), orders.ConnectTimeout);
        TargetConfig legacy = config.Targets[1];
        Assert.Equal(("2001:db8::1", 5433, TargetTlsMode.VerifyFull, "2001:db8::1"), (legacy.Host, legacy.Port, legacy.TlsMode, legacy.ServerName));
        Assert.Equal((SecretSource.File, _directory["secrets/mask"]), (config.MaskKey!.Source, config.MaskKey.Name));
        Assert.Equal(("/var/lib/sallyport", FsyncPolicy.Chunk, 2L << 30), (config.Recordings.Directory.Path, config.Recordings.Fsync, config.Recordings.MinFree));
        Assert.Equal(new LimitsConfig { Unauthenticated = 10, UnauthenticatedPerSource = 5, Handshake = TimeSpan.FromSeconds(5), Drain = TimeSpan.FromMinutes(1) }, config.Limits);
        Assert.Equal(LogFormat.Json, config.LogFormat);
    }

    [Fact]
    public void Workloads_are_read()
    {
        const string Workload = """
                  jwks: { file: keys/ci.json }
                  claims: { subject: "k8s:{kubernetes.io/namespace}:{kubernetes.io/serviceaccount/name}" }
                  require: { kubernetes.io/namespace: [batch, reports], event: push }
                  groups-always: [ci, builders]
                  kind-always: service
                  delegation: true
                  access-tokens-only: true
            """;
        IssuerRules rules = Read(Good.Replace("      jwks: { file: keys/ci.json }", Workload, StringComparison.Ordinal), out IReadOnlyList<Diagnostic> diagnostics)!.Issuers[1].Rules;
        Assert.Empty(diagnostics);
        Assert.NotNull(rules.Claims.SubjectTemplate);
        Assert.Equal(["kubernetes.io/namespace", "event"], rules.Required.Select(required => required.Path));
        Assert.Equal(["batch", "reports"], rules.Required[0].Values.AsEnumerable());
        Assert.Equal(["ci", "builders"], rules.GroupsAlways.AsEnumerable());
        Assert.Equal((IdentityKind.Service, true, true), (rules.FixedKind, rules.Delegation, rules.AccessTokensOnly));
    }

    [Theory]
    [InlineData("claims: { subject: \"{a}{b}\" }", "is no subject")]
    [InlineData("claims: { subject: \"{a\" }", "is no subject")]
    [InlineData("require: {}", "must name 1 to 64")]
    [InlineData("require: { a: [] }", "must not be empty")]
    [InlineData("kind-always: robot", "none of")]
    public void Workloads_that_make_no_sense_are_refused(string line, string message)
    {
        Assert.Null(Read(Good.Replace("jwks: { file: keys/ci.json }", "jwks: { file: keys/ci.json }\n      " + line, StringComparison.Ordinal), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains(diagnostics, diagnostic => diagnostic.ToString().Contains(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("node: gate-1", "nod: gate-1", 1, "node")]
    [InlineData("node: gate-1", "node: gate/1", 1, "\"node\" must be letters")]
    [InlineData("audience: [sallyport, sallyport-dev]", "audiense: x", 6, "audience")]
    [InlineData("audience: [sallyport, sallyport-dev]", "audience: []", 6, "must not be empty")]
    [InlineData("audience: [sallyport, sallyport-dev]", "audience: [sallyport, sallyport-admin]", 6, "would open it")]
    [InlineData("algorithms: [RS256, ES256]", "algorithms: [RS256, HS256]", 7, "HS256")]
    [InlineData("algorithms: [RS256, ES256]", "algorithms: none", 7, "none")]
    [InlineData("issuer: https://login.example.com/realms/corp", "issuer: http://login.example.com", 5, "https")]
    [InlineData("issuer: https://ci.example.com", "issuer: https://gate-1", 14, "twice")]
    [InlineData("name: ci", "name: corp", 13, "taken")]
    [InlineData("name: ci", "name: local", 13, "taken")]
    [InlineData("jwks: { file: keys/ci.json }", "jwks: { file: a, url: https://b }", 16, "exactly one")]
    [InlineData("jwks: { file: keys/ci.json }", "jwks: { url: http://b.example }", 16, "no address to fetch keys from")]
    [InlineData("kind: service", "kind: robot", 9, "robot")]
    [InlineData("clock-skew: 10s", "clock-skew: 10", 11, "10s")]
    [InlineData("clock-skew: 10s", "clock-skew: 1h", 11, "out of range")]
    [InlineData("protocol: postgres\n    address: \"[::]:6432\"", "protocol: postgrs\n    address: \"[::]:6432\"", 20, "postgres")]
    [InlineData("\"[::]:6432\"", "localhost:6432", 21, "not an address and port")]
    [InlineData("\"[::]:6432\"", "\"[::]:65536\"", 21, "not an address and port")]
    [InlineData("127.0.0.1:6433", "0.0.0.0:6433", 26, "no loopback address")]
    [InlineData("127.0.0.1:6433", "127.1:6433", 25, "not an address and port")]
    [InlineData("plaintext: loopback-only", "plaintext: always", 26, "loopback-only")]
    [InlineData("    plaintext: loopback-only\n", "", 23, "needs \"tls\"")]
    [InlineData("mode: verify-ca", "mode: verify-cs", 31, "verify-ca")]
    [InlineData("mode: verify-ca", "mode: prefer", 31, "prefer")]
    [InlineData("mode: verify-ca", "mode: require", 31, "no effect")]
    [InlineData("server-name: db.example.com", "servername: db.example.com", 31, "server-name")]
    [InlineData("password: { credential: orders }", "password: hunter2", 32, "must not stand in the configuration")]
    [InlineData("password: { credential: orders }", "password: { value: hunter2 }", 32, "exactly one of file, env, credential, command")]
    [InlineData("password: { credential: orders }", "password: { credential: ../orders }", 32, "not a name")]
    [InlineData("database: orders", "database: other", 33, "not among")]
    [InlineData("weak-logins: [md5]", "weak-logins: [trust]", 35, "trust")]
    [InlineData("  legacy:", "  leg/acy:", 38, "no name for a target")]
    [InlineData("address: db.internal:5432", "address: db.internal", 30, "not host:port")]
    [InlineData("address: db.internal:5432", "address: db.internal:0", 30, "not host:port")]
    [InlineData("policies: policies", "polices: policies", 41, "policies")]
    [InlineData("mask-key: { file: secrets/mask }", "mask-key: abc", 42, "must not stand in the configuration")]
    [InlineData("fsync: chunk", "fsync: always", 43, "always")]
    [InlineData("min-free: 2GiB", "min-free: 2GB", 43, "not a size")]
    [InlineData("handshake: 5s", "handshake: 0s", 44, "out of range")]
    [InlineData("handshake: 5s", "handshakes: 5s", 44, "handshake")]
    [InlineData("format: json", "format: xml", 45, "json")]
    public void A_mistake_is_told_with_its_line_and_what_was_meant(string good, string bad, int line, string told)
    {
        Assert.Contains(good, Good, StringComparison.Ordinal);
        DaemonConfig? config = Read(ReplaceFirst(Good, good, bad), out IReadOnlyList<Diagnostic> diagnostics);
        Assert.Null(config);
        Assert.Contains(diagnostics, d => d.Line == line && d.Column > 0 && d.ToString().Contains(told, StringComparison.Ordinal));
        Assert.DoesNotContain(diagnostics, d => d.ToString().Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        string bad = Good.Replace("node:", "nodes:", StringComparison.Ordinal).Replace("mode: verify-ca", "mode: x", StringComparison.Ordinal)
            .Replace("127.0.0.1:6433", "10.0.0.1:6433", StringComparison.Ordinal).Replace("format: json", "format: x", StringComparison.Ordinal)
            .Replace("drain: 1m", "drain: soon", StringComparison.Ordinal);
        Read(bad, out IReadOnlyList<Diagnostic> diagnostics);
        Assert.Equal([1, 26, 31, 44, 45], diagnostics.Select(d => d.Line).Distinct());
    }

    [Fact]
    public void What_is_missing_is_told()
    {
        Read("node: a", out IReadOnlyList<Diagnostic> diagnostics);
        string all = string.Join('\n', diagnostics);
        Assert.All(["identity", "listeners", "targets", "policies", "recordings"], key => Assert.Contains($"\"{key}\" is missing", all, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("a: b: c")]
    [InlineData("identity:\nlisteners:\ntargets:\npolicies:\nrecordings:\n")]
    [InlineData("identity: 1\nlisteners: 1\ntargets: 1\npolicies: {}\nrecordings: 1\nlimits: []\nlog: 1\nmask-key: []\n")]
    [InlineData("identity: {}\nlisteners: [{}]\ntargets: {a: {}}\npolicies: p\nrecordings: {}\n")]
    [InlineData("identity: {issuers: [1, {jwks: 1}], local: {}}\nlisteners: [a]\ntargets: {a: 1, b: {credential: {password: {}}, tls: {}}}\npolicies: p\nrecordings: {}\n")]
    public void Nonsense_is_refused_and_never_throws(string text)
    {
        Assert.Null(Read(text, out IReadOnlyList<Diagnostic> diagnostics));
        Assert.NotEmpty(diagnostics);
    }

    [Fact]
    public void A_missing_file_is_told()
    {
        var bag = new DiagnosticBag();
        Assert.Null(ConfigReader.Read(_directory["none.yaml"], bag));
        Assert.Single(bag.Items);
    }

    [Theory]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("[::1]:65535", true)]
    [InlineData("a-b.c_d:80", true)]
    [InlineData("::1:80", false)]
    [InlineData("[127.0.0.1]:80", false)]
    [InlineData("2130706433:80", false)]
    [InlineData("127.1:80", false)]
    [InlineData("a..b:80", false)]
    [InlineData("-a:80", false)]
    [InlineData("a:+80", false)]
    [InlineData("a: 80", false)]
    [InlineData("a:0", false)]
    [InlineData(":80", false)]
    [InlineData("user@host:80", false)]
    public void Addresses_have_one_meaning(string text, bool good) => Assert.Equal(good, HostPort.TryParse(text, lowest: 1, out _));

    [Fact]
    public void With_a_broker_no_other_issuer_is_needed()
    {
        Assert.NotNull(Read(WithBroker(WithoutIdentity, "127.0.0.1:8443"), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Empty(diagnostics);
        Assert.Null(Read(WithoutIdentity, out _));
    }

    [Fact]
    public void The_broker_is_not_configured_as_an_issuer_again()
    {
        Assert.Null(Read(WithBroker(Good.Replace("https://gate-1", "https://id.example.com/oidc", StringComparison.Ordinal), "127.0.0.1:8443"), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains("by either", Assert.Single(diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_that_would_listen_at_one_address_are_an_error()
    {
        Assert.Null(Read(WithBroker(Good, "127.0.0.1:6433"), out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains("127.0.0.1:6433", Assert.Single(diagnostics).Message, StringComparison.Ordinal);
    }

    private static string WithoutIdentity => Good[..Good.IndexOf("identity:", StringComparison.Ordinal)] + Good[Good.IndexOf("listeners:", StringComparison.Ordinal)..];

    private static string WithBroker(string text, string address) => $$"""
        {{text}}
        store: { sqlite: { file: state/s.db }, key: { file: store.key } }
        broker: { address: "{{address}}", url: "https://id.example.com" }
        """;

    private static string ReplaceFirst(string text, string old, string replacement)
    {
        int at = text.IndexOf(old, StringComparison.Ordinal);
        return string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + old.Length));
    }

    private DaemonConfig? Read(string text, out IReadOnlyList<Diagnostic> diagnostics)
    {
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(_directory.Write("sallyport.yaml", text), bag);
        diagnostics = bag.Items;
        return config;
    }
}
