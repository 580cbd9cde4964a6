using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>Terminals, shells, subsystems, variables, agents and screens are had only where a rule grants them.</summary>
[Collection(SshServers.Name)]
public sealed class SessionRuleTests(RulesDaemon rules) : IClassFixture<RulesDaemon>
{
    [Fact]
    public async Task Variables_of_the_list_are_set_and_others_are_not()
    {
        var environment = new Dictionary<string, string> { ["DEMO_SHOWN"] = "1", ["DEMO_HIDDEN"] = "2", ["LC_NAME"] = "C" };
        SshRun run = await SshRun.OfAsync(
            ["ssh", .. rules.Daemon.Options(), "-o", "SendEnv=DEMO_* LC_NAME", SshDaemon.User + "@127.0.0.1", "env | grep -E '^(DEMO|LC_NAME)' | sort"], environment: environment);
        Assert.Equal((0, "DEMO_SHOWN=1\nLC_NAME=C\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task A_shell_is_refused_with_the_reason()
    {
        await using ChildProcess ssh = rules.Mux.Start(["-T"]);
        ssh.Input.Close();
        Assert.Equal(126, await ssh.WaitForExitAsync());
        Assert.Contains("no shell was started. Rule default.", ssh.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_terminal_is_refused_and_the_command_runs_without()
    {
        SshRun run = await rules.Mux.RunAsync("tty", "", "-tt");
        Assert.Contains("not a tty", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_subsystem_is_refused_with_the_reason()
    {
        SshRun run = await rules.Mux.RunAsync("netconf", "", "-s");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("the subsystem was not started. Rule default.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_agent_stays_at_home()
    {
        using var folder = new TempFolder();
        string socket = folder.At("agent");
        await using ChildProcess agent = ChildProcess.Start(["ssh-agent", "-D", "-a", socket]);
        while (!File.Exists(socket))
            await Task.Delay(10);
        SshRun run = await SshRun.OfAsync(
            ["ssh", .. rules.Daemon.Options(), "-A", SshDaemon.User + "@127.0.0.1", "printenv SSH_AUTH_SOCK || echo none"], environment: new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = socket });
        Assert.Equal("none\n", run.Output);
    }

    [Fact]
    public async Task The_screen_stays_at_home()
    {
        SshRun run = await SshRun.OfAsync(
            ["ssh", .. rules.Daemon.Options(), "-Y", "-o", "XAuthLocation=/bin/false", SshDaemon.User + "@127.0.0.1", "printenv DISPLAY || echo none"], environment: new Dictionary<string, string> { ["DISPLAY"] = "localhost:7" });
        Assert.Equal("none\n", run.Output);
    }
}
