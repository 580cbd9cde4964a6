using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Cli;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Ssh;

/// <summary>What policy says of an SSH client is explained, on the command line and through the admin API.</summary>
public sealed class SshExplainTests : IDisposable
{
    private const string Policy = """
        policy: web
        match: { groups: [ops] }
        rules:
          - { id: run, effect: allow, verbs: [exec], commands: ["**"] }
          - { id: no-rm, effect: deny, verbs: [exec], commands: ["rm -{r,f}"] }
          - { id: restart, effect: hold, verbs: [exec], commands: [restart **] }
          - { id: files, effect: allow, verbs: [files-read], paths: ["/srv/**"] }
          - { id: db, effect: allow, verbs: [forward-local], destinations: ["db:5432"] }
          - { id: shell, effect: allow, verbs: [shell, pty] }
          - { id: lang, effect: allow, verbs: [env], objects: [LANG] }
        """;

    private readonly TemporaryDirectory _directory = new();

    public SshExplainTests()
    {
        Directory.CreateDirectory(_directory["policies"]);
        _directory.Write("policies/web.yaml", Policy);
        _directory.Write("sallyport.yaml", """
            identity: { local: { issuer: "https://local", key: local.pem } }
            ssh: { authority: { user: user-ca } }
            listeners: [{ name: ssh, protocol: ssh, address: "127.0.0.1:0", ssh: { host-keys: keys } }]
            targets: { web1: { protocol: ssh, address: "web1:22", account: deploy, credential: { mint: { validity: 5m } }, host-keys: { pinned: ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] } } }
            policies: policies
            recordings: { directory: rec }
            """);
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(ExitCode.Done)]
    [InlineData(ExitCode.Done, "--exec", "uptime; df -h")]
    [InlineData(ExitCode.Denied, "--exec", "true && env X=1 rm -r -f /srv")]
    [InlineData(ExitCode.Denied, "--exec", "rm -\"r\"f /srv")]
    [InlineData(ExitCode.Held, "--exec", "restart shop")]
    [InlineData(ExitCode.Denied, "--exec", "echo x >/srv/x")]
    [InlineData(ExitCode.Done, "--exec", "scp -f /srv/a")]
    [InlineData(ExitCode.Done, "--shell")]
    [InlineData(ExitCode.Denied, "--subsystem", "sftp")]
    [InlineData(ExitCode.Done, "--env", "LANG")]
    [InlineData(ExitCode.Denied, "--env", "LD_PRELOAD")]
    [InlineData(ExitCode.Done, "--file-read", "/srv/x/../a")]
    [InlineData(ExitCode.Denied, "--file-read", "/srv/../etc/shadow")]
    [InlineData(ExitCode.Denied, "--file-write", "/srv/a")]
    [InlineData(ExitCode.Done, "--forward", "db:5432")]
    [InlineData(ExitCode.Denied, "--forward", "db:22")]
    [InlineData(ExitCode.Denied, "--remote-forward", "0.0.0.0:80")]
    [InlineData(ExitCode.Denied, "--shell", "--forward", "db:22")]
    [InlineData(ExitCode.Usage, "--forward", "db")]
    [InlineData(ExitCode.Usage, "--exec", "")]
    [InlineData(ExitCode.Usage, "--sql", "select 1")]
    public async Task The_command_says_by_its_exit_code_what_would_happen(int code, params string[] intent) =>
        Assert.Equal(code, await CommandLine.RunAsync(["explain", "--config", _directory["sallyport.yaml"], "--subject", "ada", "--groups", "ops", "--target", "web1", .. intent]));

    [Fact]
    public async Task The_admin_api_explains_an_ssh_client_by_a_draft()
    {
        string author = AdminRig.Token("alice", AdminRole.PolicyAuthor), administrator = AdminRig.Token("adam", AdminRole.Administrator);
        await using AdminHouse house = await AdminHouse.StartAsync();
        string settings = """{"settings":{"protocol":"ssh","address":"127.0.0.1:22","accounts":["deploy"],"credentialKind":"mint"},"reason":"new"}""";
        Assert.Equal(HttpStatusCode.OK, (await house.Rig.SendAsync(HttpMethod.Put, "/v1/targets/web1", administrator, settings)).Status);
        Assert.Equal(HttpStatusCode.OK, (await house.Rig.SendAsync(HttpMethod.Post, "/v1/policies/stored/web", author, new { yaml = Policy, comment = "x" })).Status);

        object ask = new { subject = "ada", groups = new[] { "ops" }, target = "web1", account = "deploy", exec = "uptime; rm -rf /", shell = true, fileRead = "/srv/a", draft = new { name = "web", version = 1 } };
        (HttpStatusCode status, string body) = await house.Rig.SendAsync(HttpMethod.Post, "/v1/policies/explain", author, ask);
        Assert.True(status == HttpStatusCode.OK, body);
        JsonArray actions = JsonNode.Parse(body)!["actions"]!.AsArray();
        Assert.Equal(["login", "exec uptime; rm -rf /", "pty", "shell", "file-read /srv/a"], actions.Select(action => (string?)action!["action"]));
        Assert.Equal(["allow", "deny", "allow", "allow", "allow"], actions.Select(action => (string?)action!["explanation"]!["verdict"]));
        Assert.Equal("web/no-rm", (string?)actions[1]!["explanation"]!["ruleId"]);

        foreach (string wrong in new[] { """{"subject":"ada","target":"web1","sql":"select 1"}""", """{"subject":"ada","target":"shop","exec":"id"}""", """{"subject":"ada","target":"web1","forward":"db"}""" })
        {
            (status, body) = await house.Rig.SendAsync(HttpMethod.Post, "/v1/policies/explain", author, JsonSerializer.Deserialize<JsonElement>(wrong));
            Assert.Equal((HttpStatusCode.BadRequest, "action-unfit"), (status, AdminRig.Word(body)));
        }
    }
}
