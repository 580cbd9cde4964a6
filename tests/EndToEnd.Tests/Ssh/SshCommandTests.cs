using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh;

/// <summary>OpenSSH's ssh runs commands on a target through the gateway.</summary>
[Collection(SshServers.Name)]
public sealed class SshCommandTests(SshServerFixture sshd) : IAsyncLifetime
{
    private SshDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll);

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task Output_error_output_and_status_come_apart_and_whole()
    {
        SshRun run = await _daemon.RunAsync("echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Input_reaches_the_command_until_its_end()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));
        SshRun run = await _daemon.SshAsync(text, [SshDaemon.User + "@127.0.0.1", "cat"]);
        Assert.Equal((0, text), (run.ExitCode, run.Output));
    }
}
