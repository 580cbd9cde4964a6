using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>Tunnels lead only where a rule says.</summary>
[Collection(SshServers.Name)]
public sealed class ForwardRuleTests(RulesDaemon rules) : IClassFixture<RulesDaemon>
{
    [Fact]
    public async Task What_may_be_reached_is_reached()
    {
        int port = FreePort.Next();
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. rules.Daemon.Options(), "-N", "-L", $"{port}:127.0.0.1:{rules.Open.Port}", SshDaemon.User + "@127.0.0.1"]);
        Assert.Equal("allowed", await EchoServer.AskAsync(port, "allowed"));
    }

    [Theory]
    [InlineData("127.0.0.1:SHUT", "default")]
    [InlineData("localhost:OPEN", "default")]
    [InlineData("127.1:OPEN", "box/inside")]
    [InlineData("0x7f000001:OPEN", "box/inside")]
    [InlineData("10.1.2.3:OPEN", "box/inside")]
    [InlineData("db.corp.example:5432", "box/inside")]
    public async Task What_may_not_be_reached_is_refused_with_the_reason(string destination, string rule)
    {
        string to = destination.Replace("SHUT", rules.Shut.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("OPEN", rules.Open.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        SshRun run = await SshRun.OfAsync(["ssh", "-o", "LogLevel=INFO", .. rules.Daemon.Options(), "-W", to, SshDaemon.User + "@127.0.0.1"]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("open failed: administratively prohibited: sallyport: refused by policy: no connection to " + to, run.Error, StringComparison.Ordinal);
        Assert.Contains($"Rule {rule}. ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_display_that_no_rule_forwards_is_refused_with_the_reason()
    {
        using var folder = new TempFolder();
        var environment = new Dictionary<string, string> { ["DISPLAY"] = "127.0.0.1:9", ["XAUTHORITY"] = folder.At("none") };
        SshRun run = await SshRun.OfAsync(
            ["ssh", "-Y", "-o", "LogLevel=DEBUG1", .. rules.Daemon.Options(), SshDaemon.User + "@127.0.0.1", "printenv DISPLAY; true"], environment: environment);
        Assert.Equal((0, ""), (run.ExitCode, run.Output));
        Assert.Contains("sallyport: refused by policy: X11 is not forwarded. Rule default.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listener_is_had_where_a_rule_says()
    {
        int port;
        do
            port = FreePort.Next();
        while (port is < 20000 or > 60999);
        await using ChildProcess ssh = ChildProcess.Start(
            ["ssh", .. rules.Daemon.Options(), "-N", "-o", "ExitOnForwardFailure=yes", "-R", $"127.0.0.1:{port}:127.0.0.1:{rules.Shut.Port}", SshDaemon.User + "@127.0.0.1"]);
        Assert.Equal("back", await EchoServer.AskAsync(port, "back"));
    }

    [Theory]
    [InlineData("127.0.0.1:19999")]
    [InlineData("0.0.0.0:30000")]
    [InlineData("10.0.0.1:30000")]
    public async Task No_other_listener_is_had(string listener)
    {
        SshRun run = await SshRun.OfAsync(
            ["ssh", "-o", "LogLevel=INFO", .. rules.Daemon.Options(), "-N", "-o", "ExitOnForwardFailure=yes", "-R", $"{listener}:127.0.0.1:{rules.Shut.Port}", SshDaemon.User + "@127.0.0.1"]);
        Assert.Equal(255, run.ExitCode);
        Assert.Contains("remote port forwarding failed for listen port", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_of_the_target_is_not_reached()
    {
        using var folder = new TempFolder();
        string here = folder.At("here");
        await using ChildProcess ssh = ChildProcess.Start(
            ["ssh", "-o", "LogLevel=INFO", .. rules.Daemon.Options(), "-N", "-L", $"{here}:/run/some.sock", SshDaemon.User + "@127.0.0.1"]);
        while (!File.Exists(here))
            await Task.Delay(10);
        using var client = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await client.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(here));
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
        await ssh.WaitForOutputAsync("refused by policy: no connection to /run/some.sock. Rule default.");
    }
}
