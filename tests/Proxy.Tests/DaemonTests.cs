using System.Net;
using System.Net.Sockets;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Cli;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests;

public sealed class DaemonTests : IDisposable
{
    private const string Text = """
        identity: { local: { issuer: "https://local", key: local.pem } }
        listeners: [{ name: pg, protocol: postgres, address: "127.0.0.1:0", plaintext: loopback-only }]
        targets: { db: { protocol: postgres, address: "db:5432", tls: { ca: ca.pem }, credential: { user: u, password: { file: secret } } } }
        policies: policies
        recordings: { directory: rec }
        """;

    private const string GoodPolicy = "policy: p\nrules: [{ id: r, effect: allow, verbs: [select] }]\n";

    private readonly TemporaryDirectory _directory = new();
    private readonly Logs _logs = new();

    public DaemonTests()
    {
        _directory.Write("ca.pem", TestCertificates.Authority("ca").ExportCertificatePem());
        _directory.Write("secret", "s");
        Directory.CreateDirectory(_directory["policies"]);
        _directory.Write("policies/p.yaml", GoodPolicy);
        Proxy.Identity.LocalKey.Create(_directory["local.pem"]);
        _directory.Write("sallyport.yaml", Text);
    }

    public void Dispose()
    {
        _logs.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("policies/p.yaml", "policy: p\nrulez: []\n")]
    [InlineData("ca.pem", "not a certificate")]
    [InlineData("local.pem", "not a key")]
    public async Task A_reload_with_one_bad_file_takes_up_nothing(string file, string content)
    {
        await using Daemon daemon = await CreateAsync();
        string before = daemon.Status;
        string good = File.ReadAllText(_directory[file]);
        _directory.Write(file, content);
        if (file != "policies/p.yaml")
            _directory.Write("policies/p.yaml", GoodPolicy.Replace("select", "delete", StringComparison.Ordinal));
        (bool reloaded, IReadOnlyList<Diagnostic> diagnostics) = await daemon.ReloadAsync();
        Assert.False(reloaded);
        Assert.NotEmpty(diagnostics);
        Assert.Equal(before, daemon.Status);

        _directory.Write(file, good);
        Assert.True((await daemon.ReloadAsync()).Reloaded);
        Assert.NotEqual(before, daemon.Status);
    }

    [Fact]
    public async Task A_reload_tells_the_errors_of_all_files_at_once()
    {
        await using Daemon daemon = await CreateAsync();
        _directory.Write("policies/p.yaml", "policy: p\nrulez: []\n");
        _directory.Write("ca.pem", "");
        string all = string.Join('\n', (await daemon.ReloadAsync()).Diagnostics);
        Assert.Contains("ca.pem", all, StringComparison.Ordinal);
        Assert.Contains("rulez", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_drain_stops_accepting_and_is_not_taken_for_a_hang_before()
    {
        await using Daemon daemon = await CreateAsync();
        await daemon.StartAsync();
        IPEndPoint address = daemon.Listeners[0].LocalEndPoint;
        Assert.Null(daemon.Stuck());
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
            await socket.ConnectAsync(address);

        await daemon.DrainAsync(TimeSpan.FromMinutes(5), CancellationToken.None);
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(address));
        Assert.NotNull(daemon.Stuck());
    }

    [Fact]
    public async Task Commands_say_by_their_exit_code_what_happened()
    {
        string config = _directory["sallyport.yaml"];
        Assert.Equal(ExitCode.Done, await CommandLine.RunAsync(["serve", "--config", config, "--check"]));
        Assert.Equal(ExitCode.Done, await CommandLine.RunAsync(["token", "create", "--config", config, "--subject", "a"]));
        Assert.Equal(ExitCode.Failed, await CommandLine.RunAsync(["token", "create", "--config", config, "--subject", "a", "--ttl", "2d"]));
        Assert.Equal(ExitCode.Failed, await CommandLine.RunAsync(["keys", "create", "--config", config]));
        Assert.Equal(ExitCode.Usage, await CommandLine.RunAsync(["token", "create", "--config", config, "--subject", "a", "--kind", "0"]));
        Assert.Equal(ExitCode.Usage, await CommandLine.RunAsync(["serve"]));
        Assert.Equal(ExitCode.Config, await CommandLine.RunAsync(["serve", "--config", _directory["none.yaml"]]));
        string[] explain = ["explain", "--config", config, "--subject", "a", "--target", "db", "--sql"];
        Assert.Equal(ExitCode.Done, await CommandLine.RunAsync([.. explain, "select 1 from t"]));
        Assert.Equal(ExitCode.Denied, await CommandLine.RunAsync([.. explain, "select 1 from t; drop table t"]));
        _directory.Write("policies/p.yaml", GoodPolicy.Replace("allow", "hold", StringComparison.Ordinal));
        Assert.Equal(ExitCode.Held, await CommandLine.RunAsync([.. explain, "select 1 from t"]));
        File.Delete(_directory["secret"]);
        Assert.Equal(ExitCode.Config, await CommandLine.RunAsync(["serve", "--config", config, "--check"]));
    }

    private Task<Daemon> CreateAsync()
    {
        var bag = new DiagnosticBag();
        DaemonConfig config = ConfigReader.Read(_directory["sallyport.yaml"], bag)!;
        PolicyStore policy = PolicyLoader.Load(config, TimeProvider.System, out _)!;
        return Daemon.OpenAsync(config, Materials.Load(config, bag)!, policy, _logs.Log);
    }
}
