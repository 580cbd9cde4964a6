using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Cli.Client;
using Sallyport.Proxy.Http;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Http;

/// <summary>What <c>sallyport kubeconfig</c> writes, as the real kubectl reads it.</summary>
public sealed class KubeConfigTests : IDisposable
{
    private const string Theirs = """
        # written by hand
        apiVersion: v1
        kind: Config
        preferences: {colors: true}
        clusters:
        - cluster: {server: "https://own.example:6443", certificate-authority-data: aGk=}
          name: own
        - {name: sallyport-gone, cluster: {server: "https://gate.example:8443/k8s/gone"}}
        contexts:
        - {name: own, context: {cluster: own, user: me, namespace: mine}}
        - {name: sallyport-prod, context: {cluster: sallyport-prod, user: sallyport, namespace: shop}}
        - {name: sallyport-gone, context: {cluster: sallyport-gone, user: sallyport}}
        current-context: own
        users:
        - {name: me, user: {token: "t: #1"}}
        """;

    private static readonly KubeCluster[] Clusters = [new("sallyport-prod", "https://gate.example:8443/k8s/prod"), new("sallyport-v1.2", "https://gate.example:8443/k8s/v1.2")];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_new_one_has_a_context_for_each_cluster()
    {
        JsonNode view = View(KubeConfigFile.With(null, "sallyport", "sallyport-", Clusters, "-----BEGIN", ["/usr/bin/a \"b\"", "kube-token", "--broker", "https://gate.example"], null));
        Assert.Equal(["sallyport-prod", "sallyport-v1.2"], Names(view, "contexts"));
        Assert.Equal("sallyport-prod", view["current-context"]!.GetValue<string>());
        Assert.Equal("https://gate.example:8443/k8s/prod", view["clusters"]![0]!["cluster"]!["server"]!.GetValue<string>());
        Assert.Equal("LS0tLS1CRUdJTg==", view["clusters"]![0]!["cluster"]!["certificate-authority-data"]!.GetValue<string>());
        JsonNode exec = view["users"]![0]!["user"]!["exec"]!;
        Assert.Equal(("client.authentication.k8s.io/v1", "/usr/bin/a \"b\"", "IfAvailable"), (exec["apiVersion"]!.GetValue<string>(), exec["command"]!.GetValue<string>(), exec["interactiveMode"]!.GetValue<string>()));
        Assert.Equal(["kube-token", "--broker", "https://gate.example"], exec["args"]!.AsArray().Select(word => word!.GetValue<string>()));
    }

    [Fact]
    public void What_is_theirs_stays_and_what_is_no_longer_ours_goes()
    {
        string text = KubeConfigFile.With(Theirs, "sallyport", "sallyport-", Clusters, null, ["/bin/sallyport", "kube-token"], null);
        JsonNode view = View(text);
        Assert.Equal(["own", "sallyport-prod", "sallyport-v1.2"], Names(view, "clusters"));
        Assert.Equal(["own", "sallyport-prod", "sallyport-v1.2"], Names(view, "contexts"));
        Assert.Equal(["me", "sallyport"], Names(view, "users").Order(StringComparer.Ordinal));
        Assert.Equal("own", view["current-context"]!.GetValue<string>());
        Assert.Equal("t: #1", view["users"]!.AsArray().Single(user => user!["name"]!.GetValue<string>() == "me")!["user"]!["token"]!.GetValue<string>());
        Assert.Equal(["mine", "shop"], view["contexts"]!.AsArray().Select(context => context!["context"]!["namespace"]?.GetValue<string>()).OfType<string>());

        // Once more changes nothing.
        Assert.Equal(text, KubeConfigFile.With(text, "sallyport", "sallyport-", Clusters, null, ["/bin/sallyport", "kube-token"], null));
        Assert.Equal("sallyport-v1.2", View(KubeConfigFile.With(text, "sallyport", "sallyport-", Clusters, null, ["/bin/sallyport"], "sallyport-v1.2"))["current-context"]!.GetValue<string>());
    }

    [Fact]
    public void Two_logins_do_not_take_each_others_clusters()
    {
        string text = KubeConfigFile.With(null, "sallyport:https://a.example/oidc", "sallyport-", Clusters, null, ["x", "--broker", "https://a.example/oidc"], null);
        KubeCluster[] others = [new("b-prod", "https://b.example/k8s/prod"), new("b-old", "https://b.example/k8s/old")];
        text = KubeConfigFile.With(text, "sallyport:https://b.example/oidc", "b-", others, null, ["x", "--broker", "https://b.example/oidc"], null);
        Assert.Equal(["a.example", "b.example"], View(text)["users"]!.AsArray().Select(user => new Uri(user!["user"]!["exec"]!["args"]![1]!.GetValue<string>()).Host));

        // The same prefix for both: neither the other's entries nor those that somebody has made go.
        Assert.Throws<ClientException>(() => KubeConfigFile.With(text, "sallyport:https://c.example/oidc", "b-", [others[0]], null, ["x"], null));
        text = text.Replace("contexts:\n", "contexts:\n- {name: b-mine, context: {cluster: b-old, user: 'sallyport:https://b.example/oidc', namespace: own}}\n- {name: b-theirs, context: {cluster: b-theirs, user: me}}\n", StringComparison.Ordinal);
        Assert.Contains("b-old", Names(View(KubeConfigFile.With(text, "sallyport:https://c.example/oidc", "b-", [], null, ["x"], null)), "contexts"));
        JsonNode view = View(KubeConfigFile.With(text, "sallyport:https://b.example/oidc", "b-", [others[0]], null, ["x"], null));
        Assert.Equal(["b-mine", "b-prod", "b-theirs", "sallyport-prod", "sallyport-v1.2"], Names(view, "contexts").Order(StringComparer.Ordinal));
        Assert.Contains("b-old", Names(view, "clusters"));
    }

    [Fact]
    public void What_has_a_name_of_ours_and_is_not_stays()
    {
        const string theirs = "clusters:\n- {name: sallyport-prod, cluster: {server: 'https://own.example'}}\n";
        Assert.Throws<ClientException>(() => KubeConfigFile.With(theirs, "sallyport", "sallyport-", Clusters, null, ["x"], null));
        Assert.Contains("sallyport-prod", Names(View(KubeConfigFile.With(theirs, "sallyport", "sallyport-", [], null, ["x"], null)), "clusters"));
    }

    [Theory]
    [InlineData("- a\n- b")]
    [InlineData("clusters: {a: b}")]
    [InlineData("a: [")]
    [InlineData("a: b\n---\na: c")]
    public void What_is_no_kubeconfig_is_left_alone(string before) =>
        Assert.Throws<ClientException>(() => KubeConfigFile.With(before, "sallyport", "sallyport-", Clusters, null, ["x"], null));

    [Fact]
    public void What_kubectl_leaves_empty_is_filled()
    {
        string path = _directory.Write("config", "");
        Run(path, _directory.Path, "config", "set-cluster", "x");
        Run(path, _directory.Path, "config", "delete-cluster", "x");
        Assert.Equal(["sallyport-prod", "sallyport-v1.2"], Names(View(KubeConfigFile.With(File.ReadAllText(path), "sallyport", "sallyport-", Clusters, null, ["x"], null)), "clusters"));
    }

    [Theory]
    [InlineData(null, "https://gate.example:8443", "proxy.example", "https://gate.example:8443")]
    [InlineData(null, null, "proxy.example", "https://proxy.example:9443")]
    [InlineData(null, null, "2001:db8::1", "https://[2001:db8::1]:9443")]
    [InlineData("https://other.example/x", "https://gate.example:8443", null, "https://other.example")]
    [InlineData(null, null, null, null)]
    [InlineData(null, "http://gate.example:8443", "proxy.example", null)]
    [InlineData(null, "file:///etc", "proxy.example", null)]
    [InlineData("http://other.example", null, null, null)]
    [InlineData("http://127.0.0.1:8080", null, null, "http://127.0.0.1:8080")]
    public void Where_the_gateway_is(string? named, string? said, string? host, string? expected)
    {
        var known = new HttpClientJson([new HttpListenerJson("web", 9443, said, true)], []);
        string? Where() => KubeConfigCommand.Where(named is null ? null : new Uri(named), known, new ClientConfig { Host = host });
        if (expected is null)
            Assert.Throws<ClientException>(() => Where());
        else
            Assert.Equal(expected, Where());
    }

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1:9443")]
    [InlineData("::1", "http://[::1]:9443")]
    [InlineData("proxy.example", null)]
    public void A_listener_without_TLS_gets_tokens_of_this_machine_only(string host, string? expected)
    {
        string Where(params HttpListenerJson[] listeners) => KubeConfigCommand.Where(null, new HttpClientJson(listeners, []), new ClientConfig { Host = host });
        var plain = new HttpListenerJson("plain", 9443, null, false);
        if (expected is null)
            Assert.Throws<ClientException>(() => Where(plain));
        else
            Assert.Equal(expected, Where(plain));
        Assert.EndsWith(":9444", Where(plain, new HttpListenerJson("web", 9444, null, true)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "https://broker.example", "https://broker.example/oidc")]
    [InlineData("https://named.example/oidc", "https://broker.example", "https://named.example/oidc")]
    [InlineData(null, null, "https://only.example/oidc")]
    public void The_plugin_is_told_which_login(string? named, string? configured, string issuer)
    {
        var logins = new SavedLogins(_directory["logins"]);
        var session = new ClientSession(new ClientConfig { Broker = configured is null ? null : new Uri(configured) }, logins, TimeProvider.System);
        logins.Save(new SavedLogin { Issuer = "https://only.example/oidc" });
        Assert.Equal(issuer, session.Issuer(named is null ? null : new Uri(named)));
        logins.Save(new SavedLogin { Issuer = "https://second.example/oidc" });
        if (named is null && configured is null)
            Assert.Throws<ClientException>(() => session.Issuer(null));
    }

    [Theory]
    [InlineData(null, "client.authentication.k8s.io/v1", false)]
    [InlineData("""{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":true}}""", "client.authentication.k8s.io/v1", true)]
    [InlineData("""{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":{"interactive":false}}""", "client.authentication.k8s.io/v1beta1", false)]
    [InlineData("""{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}""", "client.authentication.k8s.io/v1", false)]
    public void A_question_is_answered_in_its_version(string? question, string version, bool interactive)
    {
        var asked = ExecCredential.Read(question);
        Assert.Equal((version, interactive), (asked.ApiVersion, asked.IsInteractive));
        JsonNode answer = JsonNode.Parse(asked.Answer(new SavedToken("secret", DateTimeOffset.UnixEpoch.AddHours(1))))!;
        Assert.Equal((version, "ExecCredential", "secret", "1970-01-01T01:00:00Z"), (
            answer["apiVersion"]!.GetValue<string>(), answer["kind"]!.GetValue<string>(), answer["status"]!["token"]!.GetValue<string>(), answer["status"]!["expirationTimestamp"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("""{"apiVersion":"client.authentication.k8s.io/v1alpha1","kind":"ExecCredential"}""")]
    [InlineData("""{"apiVersion":"client.authentication.k8s.io/v1","kind":"Other"}""")]
    [InlineData("""{"kind":"ExecCredential"}""")]
    [InlineData("""[]""")]
    [InlineData("""{"apiVersion":1}""")]
    [InlineData("nonsense")]
    public void A_question_in_another_form_is_not(string question) => Assert.Throws<ClientException>(() => ExecCredential.Read(question));

    /// <summary>The real kubectl starts the real plugin, which finds the saved login, and sends its token.</summary>
    [Fact]
    public async Task Kubectl_gets_its_token_from_the_plugin()
    {
        string home = _directory["config-home"];
        var logins = new SavedLogins(Path.Combine(home, "sallyport", "logins"));
        logins.Save(new SavedLogin { Issuer = "https://gate.example/oidc", Tokens = new() { [ClientSession.DataScope] = new SavedToken("token-1", DateTimeOffset.UtcNow.AddHours(1)) } });
        using X509Certificate2 authority = TestCertificates.Authority("gate");
        using X509Certificate2 certificate = TestCertificates.Leaf(authority, "127.0.0.1");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        await using WebApplication server = builder.Build();
        server.Map("/{**path}", (HttpRequest request) => Results.Json(new { gitVersion = "v1.32.4", buildDate = $"{request.Path} {request.Headers.Authorization}" }));
        await server.StartAsync();
        string plugin = Path.Combine(Repository.Root, "artifacts/bin/Proxy/release/sallyport");
        string kubeconfig = _directory.Write("plugin", KubeConfigFile.With(
            null, "sallyport", "sallyport-", [new("sallyport-prod", server.Urls.First() + "/k8s/prod")], authority.ExportCertificatePem(), [plugin, "kube-token", "--broker", "https://gate.example/oidc"], null));
        Assert.Equal("/k8s/prod/version Bearer token-1", JsonNode.Parse(Run(kubeconfig, home, "version", "-o", "json"))!["serverVersion"]!["buildDate"]!.GetValue<string>());

        logins.Remove("https://gate.example/oidc");
        (int code, string error) = RunFailing(kubeconfig, home, "version");
        Assert.NotEqual(0, code);
        Assert.Contains("sallyport login", error, StringComparison.Ordinal);
    }

    private JsonNode View(string text)
    {
        string path = _directory.Write("view", text);
        return JsonNode.Parse(Run(path, _directory.Path, "config", "view", "--raw", "-o", "json"))!;
    }

    private static string[] Names(JsonNode view, string list) => [.. view[list]!.AsArray().Select(entry => entry!["name"]!.GetValue<string>())];

    private static string Run(string kubeconfig, string home, params string[] arguments)
    {
        (int code, string output, string error) = Start(kubeconfig, home, arguments);
        Assert.True(code == 0, error);
        return output;
    }

    private static (int Code, string Error) RunFailing(string kubeconfig, string home, params string[] arguments)
    {
        (int code, _, string error) = Start(kubeconfig, home, arguments);
        return (code, error);
    }

    private static (int Code, string Output, string Error) Start(string kubeconfig, string home, string[] arguments)
    {
        var start = new ProcessStartInfo("kubectl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["XDG_CONFIG_HOME"] = home;
        using Process kubectl = Process.Start(start)!;
        kubectl.StandardInput.Close();
        Task<string> error = kubectl.StandardError.ReadToEndAsync();
        string output = kubectl.StandardOutput.ReadToEnd();
        kubectl.WaitForExit();
        return (kubectl.ExitCode, output, error.Result);
    }
}
