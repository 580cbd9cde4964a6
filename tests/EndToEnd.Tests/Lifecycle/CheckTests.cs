using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Lifecycle;

/// <summary><c>serve --check</c>: everything that is wrong, at once.</summary>
public sealed class CheckTests
{
    [Fact]
    public async Task Every_error_is_named_with_file_and_line()
    {
        using var folder = new TempFolder();
        string config = folder.Write("sallyport.yaml", """
            node: gate-1
            identity:
              local: {issuer: "https://gate-1.example", key: missing.pem}
            listeners:
              - name: databases
                protocol: postgres
                adress: 127.0.0.1:6432
                tls: {certificate: missing.crt, key: missing.key}
              - name: open
                protocol: postgres
                address: 0.0.0.0:6433
                plaintext: loopback-only
            targets:
              shop:
                protocol: mysql
                address: db.internal
                credential: {user: app, password: hunter2}
                tls: {mode: verify-ful}
            policies: policies
            recordings: {directory: recordings, min-free: much}
            """);
        (int code, string output, string error) = await SallyportDaemon.CommandAsync("serve", "--config", config, "--check");

        Assert.Equal((78, ""), (code, output));
        foreach ((int line, string about) in new[] { (7, "adress"), (12, "loopback"), (15, "mysql"), (16, "db.internal"), (17, "password"), (18, "verify-ful"), (20, "much") })
            Assert.Matches($@"sallyport\.yaml:{line}:\d+: error: .*{about}", error);
        Assert.Contains("did you mean \"address\"?", error);
        Assert.DoesNotContain("hunter2", error);
    }

    [Fact]
    public async Task Errors_in_files_it_names_are_found_too()
    {
        using var folder = new TempFolder();
        folder.Write("policies/one.yaml", "policy: one\nrules:\n  - {id: a, effect: maybe, verbs: read}\n");
        folder.Write("policies/two.yaml", "policy: two\nrules:\n  - {id: a, effect: allow, verbs: reed}\n");
        folder.Write("listener.crt", "no certificate");
        string config = folder.Write("sallyport.yaml", """
            identity:
              local: {issuer: "https://gate-1.example", key: missing.pem}
            listeners:
              - {name: databases, protocol: postgres, address: "127.0.0.1:6432", tls: {certificate: listener.crt, key: missing.key}}
            targets:
              shop: {protocol: postgres, address: "db.internal:5432", credential: {user: app, password: {file: missing.password}}}
            policies: policies
            recordings: {directory: recordings}
            """);
        (int code, _, string error) = await SallyportDaemon.CommandAsync("serve", "--config", config, "--check");

        Assert.Equal(78, code);
        Assert.Matches(@"sallyport\.yaml:2:\d+: error: .*missing\.pem", error);
        Assert.Matches(@"sallyport\.yaml:4:\d+: error: ", error);
        Assert.Matches(@"sallyport\.yaml:6:\d+: error: .*missing\.password", error);
        Assert.Matches(@"one\.yaml:3:\d+: error: .*maybe", error);
        Assert.Matches(@"two\.yaml:3:\d+: error: .*reed", error);
        Assert.False(Directory.Exists(folder.At("recordings")));
    }
}
