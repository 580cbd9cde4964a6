using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

public sealed class StoreSectionTests : IDisposable
{
    private const string Rest = """
        identity: { local: { issuer: "https://gate-1", key: local.pem } }
        listeners: { name: pg, protocol: postgres, address: "127.0.0.1:6432", plaintext: loopback-only }
        targets: { orders: { protocol: postgres, address: "db:5432", credential: { user: app, password: { credential: orders } } } }
        policies: policies
        recordings: { directory: recordings }

        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Without_a_store_there_is_none()
    {
        DaemonConfig config = Good("");
        Assert.Null(config.Store);
        Assert.Null(config.Audit);
    }

    [Fact]
    public void Sqlite_has_its_audit_beside_it()
    {
        DaemonConfig config = Good("store: { sqlite: { file: state/state.db }, key: { credential: store-key } }\n");
        Assert.Equal(_directory["state/state.db"], config.Store!.Sqlite!.Value.Path);
        Assert.Null(config.Store.Postgres);
        Assert.Equal((SecretSource.Credential, "store-key"), (config.Store.Key.Source, config.Store.Key.Name));
        Assert.Equal(TimeSpan.FromMinutes(5), config.Store.Grace);
        Assert.Equal(_directory["state/audit.jsonl"], config.Audit!.File.Path);
    }

    [Fact]
    public void Postgres_is_read_as_targets_are()
    {
        DaemonConfig config = Good("""
            store:
              postgres: { address: "db:5433", database: sallyport, user: gate, password: { command: [/usr/bin/vault, read, secret] }, tls: { mode: verify-ca, ca: ca.pem } }
              key: { file: store.key }
              grace: 30s
            audit: { file: /var/log/audit.jsonl }

            """);
        PostgresStoreConfig postgres = config.Store!.Postgres!;
        Assert.Equal(("db", 5433, "sallyport", "gate", TargetTlsMode.VerifyCa), (postgres.Host, postgres.Port, postgres.Database, postgres.User, postgres.TlsMode));
        Assert.Equal(SecretSource.Command, postgres.Password!.Source);
        Assert.Equal("/usr/bin/vault", postgres.Password.Name);
        Assert.Equal(["read", "secret"], postgres.Password.Arguments.AsEnumerable());
        Assert.Equal(_directory["ca.pem"], postgres.CertificateAuthority!.Value.Path);
        Assert.Equal(TimeSpan.FromSeconds(30), config.Store.Grace);
        Assert.Equal("/var/log/audit.jsonl", config.Audit!.File.Path);
    }

    [Theory]
    [InlineData("store: { key: { file: k } }", "exactly one of sqlite and postgres")]
    [InlineData("store: { sqlite: { file: s }, postgres: { address: \"d:1\", database: d, user: u, password: { file: p } }, key: { file: k } }", "exactly one of sqlite and postgres")]
    [InlineData("store: { sqlite: { file: s } }", "\"key\" is missing")]
    [InlineData("store: { sqlite: {}, key: { file: k } }", "\"file\" is missing")]
    [InlineData("store: { sqlite: { file: s }, key: hunter2 }", "must not stand in the configuration")]
    [InlineData("store: { sqlite: { file: s }, key: { command: vault } }", "no absolute path")]
    [InlineData("store: { sqlite: { file: s }, key: { command: [/bin/a], file: k } }", "exactly one of file, env, credential, command")]
    [InlineData("store: { sqlite: { file: s }, key: { file: k }, grace: 2h }", "out of range")]
    [InlineData("store: { sqlite: { file: s }, key: { file: k }, grce: 2m }", "\"grce\" is not known")]
    [InlineData("store: { postgres: { address: db, database: d, user: u, password: { file: p } }, key: { file: k } }\naudit: { file: a }", "not host:port")]
    [InlineData("store: { postgres: { address: \"d:1\", database: d, user: u, password: { file: p } }, key: { file: k } }", "audit's file must be named")]
    [InlineData("store: { postgres: { address: \"d:1\", database: d, user: u, password: { file: p }, tls: { mode: require, ca: c } }, key: { file: k } }\naudit: { file: a }", "no effect with mode require")]
    [InlineData("audit: { file: a }", "\"audit\" needs a \"store\"")]
    public void Mistakes_are_reported_with_their_place_and_never_with_a_secret(string yaml, string message)
    {
        var bag = new DiagnosticBag();
        Assert.Null(ConfigReader.Read(_directory.Write("c.yaml", Rest + yaml + "\n"), bag));
        Diagnostic error = Assert.Single(bag.Items);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
        Assert.Matches(@"c\.yaml:[678]:", error.ToString());
    }

    private DaemonConfig Good(string store)
    {
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(_directory.Write("c.yaml", Rest + store), bag);
        Assert.Empty(bag.Items);
        return config!;
    }
}
