using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Configuration;

/// <summary>What the configuration says of HTTP and Kubernetes.</summary>
public sealed class HttpSectionTests : IDisposable
{
    private const string Good = """
        identity: { local: { issuer: "https://local", key: local.pem } }
        listeners:
          - name: web
            protocol: http
            address: "127.0.0.1:0"
            plaintext: loopback-only
            url: https://gate.example:8443
            hold-wait: 5s
        targets:
          prod:
            protocol: kubernetes
            address: "kube.internal:6443"
            hosts: [Kube.Example, "2001:DB8:0::1"]
            tls: { server-name: kubernetes }
            credential: { bearer: { env: SALLYPORT_TEST_TOKEN } }
            impersonate: { prefix: "corp:", groups: [ops, "dev-*"], system-users: ["system:serviceaccount:ci:*"] }
          app:
            protocol: http
            address: "app.internal:443"
            credential: { basic: { user: gate, password: { env: SALLYPORT_TEST_TOKEN } } }
          old:
            protocol: http
            address: "127.0.0.1:8080"
            tls: { mode: disable }
            plain-http2: true
            credential: { header: { name: X-Api-Key, value: { env: SALLYPORT_TEST_TOKEN } } }
        policies: policies
        recordings: { enabled: false }
        """;

    private readonly TemporaryDirectory _directory = new();

    public HttpSectionTests()
    {
        Environment.SetEnvironmentVariable("SALLYPORT_TEST_TOKEN", "t");
        Directory.CreateDirectory(_directory["policies"]);
        Proxy.Identity.LocalKey.Create(_directory["local.pem"]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Everything_is_read()
    {
        DaemonConfig config = Read(Good, out IReadOnlyList<Diagnostic> diagnostics)!;
        Assert.Empty(diagnostics);
        HttpListenerConfig listener = config.Listeners[0].Http!;
        Assert.Equal(("https://gate.example:8443/", TimeSpan.FromSeconds(5)), (listener.Url!.AbsoluteUri, listener.HoldWait));

        TargetConfig prod = config.Targets[0];
        HttpTargetConfig http = prod.Http!;
        Assert.Equal(("http2", true, HttpCredentialKind.Bearer), (prod.Protocol, http.IsKubernetes, http.Credential));
        Assert.Equal(["kube.example", "2001:db8::1"], http.Hosts.AsEnumerable());
        Assert.Equal(("corp:", "ops dev-*", "system:serviceaccount:ci:*"), (http.Impersonation!.Prefix, string.Join(' ', http.Impersonation.Groups!), Assert.Single(http.Impersonation.SystemUsers)));

        TargetConfig app = config.Targets[1];
        Assert.Equal((HttpCredentialKind.Basic, "gate", TargetTlsMode.VerifyFull), (app.Http!.Credential, app.User, app.TlsMode));
        Assert.Null(app.Http.Impersonation);
        TargetConfig old = config.Targets[2];
        Assert.Equal((HttpCredentialKind.Header, "x-api-key", true), (old.Http!.Credential, old.Http.CredentialHeader, old.Http.PlainHttp2));
        Assert.NotNull(Materials.Load(config, new DiagnosticBag()));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void Impersonation_can_be_one_word(string word, bool on)
    {
        DaemonConfig config = Read(Good.Replace("impersonate: { prefix: \"corp:\", groups: [ops, \"dev-*\"], system-users: [\"system:serviceaccount:ci:*\"] }", $"impersonate: {word}", StringComparison.Ordinal), out _)!;
        Assert.Equal(on, config.Targets[0].Http!.Impersonation is not null);
        Assert.Null(config.Targets[0].Http!.Impersonation?.Groups);
    }

    /// <summary>Every mistake is told at its line, in words that say what to do.</summary>
    [Theory]
    [InlineData("hosts: [Kube.Example, \"2001:DB8:0::1\"]", "hosts: [\"kube.example:443\"]", 13, "no port")]
    [InlineData("hosts: [Kube.Example, \"2001:DB8:0::1\"]", "hosts: [\"*.example\"]", 13, "no star")]
    [InlineData("hold-wait: 5s", "tls: { certificate: a.pem, key: b.pem, client-ca: c.pem }", 6, "shows no certificate")]
    [InlineData("hosts: [Kube.Example, \"2001:DB8:0::1\"]", "host: [kube.example]", 13, "did you mean \"hosts\"")]
    [InlineData("protocol: kubernetes", "protocol: kubernets", 11, "did you mean \"kubernetes\"")]
    [InlineData("credential: { bearer: { env: SALLYPORT_TEST_TOKEN } }", "credential: { bearer: sha256~secret }", 15, "must not stand in the configuration")]
    [InlineData("credential: { bearer: { env: SALLYPORT_TEST_TOKEN } }", "credential: { berer: { env: X } }", 15, "exactly one of bearer, basic, header")]
    [InlineData("            credential: { bearer: { env: SALLYPORT_TEST_TOKEN } }\n", "", 11, "needs a \"credential\", or a client certificate")]
    [InlineData("tls: { server-name: kubernetes }", "tls: { mode: disable }", 14, "would cross a network unencrypted")]
    [InlineData("tls: { server-name: kubernetes }", "tls: { mode: require }", 14, "would go to whoever answers")]
    [InlineData("tls: { server-name: kubernetes }", "tls: { certificate: c.pem }", 14, "both \"certificate\" and \"key\"")]
    [InlineData("tls: { mode: disable }\n            plain", "tls: { mode: disable, certificate: c.pem, key: c.key }\n            plain", 24, "no effect with mode disable")]
    [InlineData("tls: { mode: disable }\n            plain", "plain", 24, "no effect with TLS")]
    [InlineData("prefix: \"corp:\"", "prefix: \"system:\"", 16, "cannot stand before names")]
    [InlineData("prefix: \"corp:\"", "prefix: sys", 16, "cannot stand before names")]
    [InlineData("prefix: \"corp:\"", "prefix: \"system:corp:\"", 16, "cannot stand before names")]
    [InlineData("\"dev-*\"", "\"*-dev\"", 16, "a star stands at the end only")]
    [InlineData("\"system:serviceaccount:ci:*\"", "ada", 16, "needs no leave")]
    [InlineData("user: gate,", "user: \"a:b\",", 20, "no colon")]
    [InlineData("user: gate,", "", 20, "\"user\" is missing")]
    [InlineData("X-Api-Key", "Connection", 26, "cannot be the field")]
    [InlineData("X-Api-Key", "Impersonate-User", 26, "cannot be the field")]
    [InlineData("X-Api-Key", "\"x key\"", 26, "cannot be the field")]
    [InlineData("            plain-http2: true", "            impersonate: true", 25, "Only Kubernetes")]
    [InlineData("          old:", "          APP:", 22, "are one host name")]
    [InlineData("address: \"app.internal:443\"", "address: \"app.internal:443\"\n            hosts: [kube.example]", 20, "leads to \"prod\" already")]
    [InlineData("url: https://gate.example:8443", "url: https://gate.example:8443/k8s", 7, "no path")]
    [InlineData("url: https://gate.example:8443", "url: http://gate.example:8443", 7, "http on loopback only")]
    [InlineData("url: https://gate.example:8443", "url: https://ada@gate.example:8443", 7, "is not an address")]
    [InlineData("hold-wait: 5s", "hold-wait: 2h", 8, "out of range")]
    [InlineData("127.0.0.1:0", "10.0.0.1:0", 6, "no loopback address")]
    [InlineData("            plaintext: loopback-only\n", "", 3, "needs \"tls\"")]
    public void Every_mistake_is_told(string good, string bad, int line, string told)
    {
        string text = Good.Replace("\r", "", StringComparison.Ordinal);
        // The listings above are indented as this file is; the text is not.
        good = Unindented(good);
        Assert.Contains(good, text, StringComparison.Ordinal);
        Assert.Null(Read(text.Replace(good, Unindented(bad), StringComparison.Ordinal), out IReadOnlyList<Diagnostic> diagnostics));
        string all = string.Join('\n', diagnostics);
        Assert.Contains(told, all, StringComparison.Ordinal);
        Assert.Contains(diagnostics, diagnostic => diagnostic.ToString().Contains(told, StringComparison.Ordinal) && diagnostic.Line == line);
        Assert.DoesNotContain("sha256~secret", all, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:6443", true)]
    [InlineData("[::1]:6443", true)]
    [InlineData("localhost:6443", true)]
    [InlineData("127.8.9.1:6443", true)]
    [InlineData("10.0.0.1:6443", false)]
    [InlineData("localhost.example:6443", false)]
    [InlineData("[::2]:6443", false)]
    public void Secrets_go_unencrypted_to_this_machine_only(string address, bool good)
    {
        string text = Good.Replace("kube.internal:6443", address, StringComparison.Ordinal).Replace("tls: { server-name: kubernetes }", "tls: { mode: disable }", StringComparison.Ordinal);
        Assert.Equal(good, Read(text, out _) is not null);
    }

    [Fact]
    public async Task A_target_sees_our_client_certificate()
    {
        using X509Certificate2 authority = TestCertificates.Authority("cluster");
        using X509Certificate2 server = TestCertificates.Leaf(authority, "127.0.0.1");
        using X509Certificate2 own = TestCertificates.Leaf(authority, "gate", usage: "1.3.6.1.5.5.7.3.2");
        _directory.Write("ca.pem", authority.ExportCertificatePem());
        _directory.Write("own.pem", own.ExportCertificatePem());
        _directory.Write("own.key", TestCertificates.KeyPem(own));
        string text = Good.Replace("kube.internal:6443", "127.0.0.1:6443", StringComparison.Ordinal)
            .Replace("tls: { server-name: kubernetes }", "tls: { ca: ca.pem, certificate: own.pem, key: own.key }", StringComparison.Ordinal)
            .Replace(Unindented("            credential: { bearer: { env: SALLYPORT_TEST_TOKEN } }\n"), "", StringComparison.Ordinal);
        var bag = new DiagnosticBag();
        Materials materials = Materials.Load(Read(text, out _)!, bag)!;
        Assert.Empty(bag.Items);

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<string?> seen = SeenAsync(listener, server);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsClientAsync(materials.Targets[0].Info.Tls!);
        Assert.Equal(own.Thumbprint, await seen);

        _directory.Write("own.key", TestCertificates.KeyPem(server));
        Assert.Null(Materials.Load(Read(text, out _)!, bag));
        Assert.Equal(14, Assert.Single(bag.Items).Line);
    }

    private static async Task<string?> SeenAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
        });
        return tls.RemoteCertificate?.GetCertHashString();
    }

    private static string Unindented(string text) => string.Join('\n', text.Split('\n').Select(line => line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line));

    private DaemonConfig? Read(string text, out IReadOnlyList<Diagnostic> diagnostics)
    {
        var bag = new DiagnosticBag();
        DaemonConfig? config = ConfigReader.Read(_directory.Write("sallyport.yaml", text), bag);
        diagnostics = bag.Items;
        return config;
    }
}
