using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>Policy in the middle of a session: another document, a command that is seen in a terminal, exact commands.</summary>
[Collection(SshServers.Name)]
public sealed class LiveRuleTests(SshServerFixture sshd) : IAsyncLifetime
{
    private const string Policy = """
        policy: live
        rules:
          - {id: terminal, effect: allow, verbs: [terminal]}
          - {id: all, effect: allow, verbs: [exec, files-read, files-write, subsystem], unparsed: true}
          - id: no-recursive-rm
            effect: deny
            verbs: [exec, terminal-command]
            commands: ["rm -{r|R|--recursive,f|--force}"]
            hint: Remove files by name.
        """;

    private const string Exact = """
        policy: live
        rules:
          - id: exact
            effect: allow
            verbs: [exec]
            commands: ["echo hello", "cat /etc/hostname", "tail -n * /etc/*.conf"]
          - {id: files, effect: allow, verbs: [files-read], paths: ["/etc/**"]}
        """;

    private SshDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, Policy);

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task A_command_that_is_seen_in_a_terminal_ends_the_session()
    {
        using var folder = new TempFolder();
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. _daemon.Options(), "-tt", SshDaemon.User + "@127.0.0.1"]);
        await ssh.Input.WriteAsync("PS1='> '; stty -echoctl; echo ready-$((1+1))\n");
        await ssh.Input.FlushAsync();
        await ssh.WaitForOutputAsync("ready-2");
        await ssh.Input.WriteAsync($"echo allowed-$((2+2))\n");
        await ssh.Input.FlushAsync();
        await ssh.WaitForOutputAsync("allowed-4");
        await ssh.Input.WriteAsync($"rm -rf {folder.At("nothing")}\n");
        await ssh.Input.FlushAsync();

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("this command may not be run here, so the session ends. Rule live/no-recursive-rm. Remove files by name.", ssh.Error, StringComparison.Ordinal);
        Recorded recorded = (await SshRecordings.CompleteAsync(_daemon)).Single();
        Assert.Equal("command-denied", recorded.End!.Reason);
        Assert.Contains(recorded.Events, e => e.Name == "command" && e.Detail.Contains("rm -rf", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_only_shown_in_a_terminal_ends_nothing()
    {
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. _daemon.Options(), "-tt", SshDaemon.User + "@127.0.0.1"]);
        await ssh.Input.WriteAsync("PS1='> '\nprintf '%s\\n' 'never run rm -rf / here'\nexit 4\n");
        await ssh.Input.FlushAsync();
        Assert.Equal(4, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Another_policy_counts_for_the_next_command_of_a_live_session()
    {
        await using SshMux mux = await SshMux.OpenAsync(_daemon);
        Assert.Equal("before\n", (await mux.RunAsync("echo before")).Output);

        _daemon.WritePolicy(Exact);
        await _daemon.ReloadAsync();

        SshRun after = await mux.RunAsync("echo before");
        Assert.Equal((126, ""), (after.ExitCode, after.Output));
        Assert.Contains("Rule default.", after.Error, StringComparison.Ordinal);
        foreach (string refused in new[] { "echo hello world", "echo 'hello' > /tmp/x", "/bin/echo hello", "echo hello; id", "tail -n 1 /etc/../srv/x.conf", "tail -n 1 /etc/ssh/x.conf", "sh -c 'echo hello'" })
            Assert.True((await mux.RunAsync(refused)).ExitCode == 126, refused);
        foreach (string allowed in new[] { "echo hello", "cat /etc/hostname", "tail -n 1 /etc/nsswitch.conf", "echo hello; cat /etc/hostname" })
            Assert.True((await mux.RunAsync(allowed)).ExitCode is 0 or 1, allowed);
        Assert.False(mux.Master.HasExited);
    }
}
