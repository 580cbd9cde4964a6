using System.Security.Cryptography.X509Certificates;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

public sealed class MaterialsTests : IDisposable
{
    private const string Text = """
        identity:
          issuers: [{ name: ci, issuer: "https://ci", audience: a, jwks: { file: keys.json } }]
          local: { issuer: "https://local", key: local.pem }
        listeners: [{ name: pg, protocol: postgres, address: "127.0.0.1:0", tls: { certificate: cert.pem, key: key.pem } }]
        targets: { db: { protocol: postgres, address: "db:5432", tls: { ca: ca.pem }, credential: { user: u, password: { file: secret } } } }
        policies: policies
        recordings: { directory: rec }
        """;

    private readonly TemporaryDirectory _directory = new();

    public MaterialsTests()
    {
        X509Certificate2 authority = TestCertificates.Authority("ca");
        X509Certificate2 leaf = TestCertificates.Leaf(authority, "localhost");
        _directory.Write("ca.pem", authority.ExportCertificatePem());
        _directory.Write("cert.pem", $"{leaf.ExportCertificatePem()}\n{authority.ExportCertificatePem()}");
        _directory.Write("key.pem", TestCertificates.KeyPem(leaf));
        _directory.Write("keys.json", TestIssuer.Shared.Jwks);
        _directory.Write("secret", "s");
        LocalKey.Create(_directory["local.pem"]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Good_files_are_loaded()
    {
        Materials materials = Load(out IReadOnlyList<Diagnostic> diagnostics)!;
        Assert.Empty(diagnostics);
        Assert.True(materials.ListenerTls["pg"].ServerCertificateContext!.TargetCertificate.HasPrivateKey);
        Assert.Equal(2, materials.IssuerKeys["ci"].Count);
        Assert.Equal(1, materials.IssuerKeys["local"].Count);
        Assert.Single(materials.Targets[0].Info.Tls!.CertificateChainPolicy!.CustomTrustStore);
    }

    [Fact]
    public void Every_secret_that_is_missing_is_reported_at_once()
    {
        _directory.Write("store.key", new string('a', 64));
        File.SetUnixFileMode(_directory["store.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(Load(out IReadOnlyList<Diagnostic> diagnostics, Text + """

            store: { postgres: { address: "db:5432", database: d, user: u, password: { file: gone.1 } }, key: { file: store.key } }
            audit: { file: audit.jsonl }
            broker:
              address: "127.0.0.1:0"
              url: https://id.example.com
              providers: [{ name: corp, type: oidc, issuer: "https://corp.example", client-id: c, client-secret: { file: gone.2 } }]
            admin: { address: "127.0.0.1:0", plaintext: loopback-only, roles: { viewer: v }, sign-in: { issuer: "https://corp.example", client: c, secret: { file: gone.3 } } }
            approvals:
              webhooks: [{ name: siem, url-from: { file: gone.4 }, secret: { file: gone.5 } }]
            """));
        Assert.All(Enumerable.Range(1, 5), n => Assert.Contains(diagnostics, d => d.Message.Contains($"gone.{n}", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("keys.json", 2)]
    [InlineData("local.pem", 3)]
    [InlineData("cert.pem", 4)]
    [InlineData("key.pem", 4)]
    [InlineData("ca.pem", 5)]
    [InlineData("secret", 5)]
    public void A_missing_file_is_told_where_it_is_named(string file, int line)
    {
        File.Delete(_directory[file]);
        Assert.Null(Load(out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Contains(diagnostics, d => d.Line == line && d.Message.Contains(file, StringComparison.Ordinal));
        Assert.Single(diagnostics);
    }

    [Theory]
    [InlineData("keys.json", "{}")]
    [InlineData("keys.json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}")]
    [InlineData("cert.pem", "nothing")]
    [InlineData("key.pem", "nothing")]
    [InlineData("ca.pem", "nothing")]
    [InlineData("secret", "")]
    public void A_useless_file_is_told(string file, string content)
    {
        _directory.Write(file, content);
        Assert.Null(Load(out IReadOnlyList<Diagnostic> diagnostics));
        Assert.NotEmpty(diagnostics);
    }

    [Fact]
    public void A_key_of_another_certificate_is_told()
    {
        _directory.Write("key.pem", TestCertificates.KeyPem(TestCertificates.Authority("other")));
        Assert.Null(Load(out IReadOnlyList<Diagnostic> diagnostics));
        Assert.Single(diagnostics);
    }

    [Fact]
    public void All_bad_files_are_told_at_once()
    {
        foreach (string file in (string[])["keys.json", "cert.pem", "ca.pem", "secret"])
            File.Delete(_directory[file]);
        Load(out IReadOnlyList<Diagnostic> diagnostics);
        Assert.Equal(4, diagnostics.Count);
    }

    private Materials? Load(out IReadOnlyList<Diagnostic> diagnostics, string text = Text)
    {
        var bag = new DiagnosticBag();
        DaemonConfig config = ConfigReader.Read(_directory.Write("sallyport.yaml", text), bag)!;
        Materials? materials = Materials.Load(config, bag);
        diagnostics = bag.Items;
        return materials;
    }
}
