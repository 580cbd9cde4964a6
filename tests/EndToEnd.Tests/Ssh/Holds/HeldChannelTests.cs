using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Holds;

/// <summary>What is held waits on its own channel; all others go on, and are judged as ever.</summary>
[Collection(SshServers.Name)]
public sealed class HeldChannelTests(HoldingSsh holding) : IClassFixture<HoldingSsh>
{
    [Fact]
    public async Task A_held_command_runs_once_it_is_approved_and_gets_all_of_its_input()
    {
        string input = string.Concat(Enumerable.Range(100_000, 300_000).Select(i => $"{i}\n"));
        await using SshMux mux = await SshMux.OpenAsync(holding.Daemon);
        await using ChildProcess ssh = mux.Start([], "sort -r");
        Task typed = TypeAsync(ssh, input);
        string id = await HoldingSsh.WaitingAsync(ssh);
        Assert.Contains("A lead must approve this.", ssh.Error, StringComparison.Ordinal);

        Assert.Equal((0, "meanwhile\n"), (await mux.RunAsync("echo meanwhile")) is var run ? (run.ExitCode, run.Output) : default);
        Assert.Equal(126, (await mux.RunAsync("id")).ExitCode);
        Assert.Equal("", ssh.Output);
        await holding.DecideAsync("approve", id);

        await typed;
        Assert.Equal(0, await ssh.WaitForExitAsync());
        Assert.Equal(string.Concat(Enumerable.Range(100_000, 300_000).Reverse().Select(i => $"{i}\n")), ssh.Output);
    }

    [Fact]
    public async Task What_is_denied_or_expires_does_not_run_and_the_connection_goes_on()
    {
        string denied = Path.Combine(holding.Files, "denied");
        await using SshMux mux = await SshMux.OpenAsync(holding.Daemon);
        await using ChildProcess late = mux.Start([], "uname -a");
        await using ChildProcess ssh = mux.Start([], "touch " + denied);
        ssh.Input.Close();
        string expires = await HoldingSsh.WaitingAsync(late);

        await holding.DecideAsync("deny", await HoldingSsh.WaitingAsync(ssh), "--reason", "not today");

        Assert.Equal(126, await ssh.WaitForExitAsync());
        Assert.Contains("not today", ssh.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(denied));
        Assert.Equal(126, await late.WaitForExitAsync());
        Assert.Equal("", late.Output);
        Assert.Equal("expired", await holding.Control.StatusAsync(holding.Daemon, expires));
        Assert.Equal("goes on\n", (await mux.RunAsync("echo goes on")).Output);
    }

    [Fact]
    public async Task A_client_that_goes_takes_it_back_and_nothing_runs()
    {
        string file = Path.Combine(holding.Files, "interrupted");
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. holding.Daemon.Options(), SshDaemon.User + "@127.0.0.1", "touch " + file]);
        string id = await HoldingSsh.WaitingAsync(ssh);

        ssh.Signal(UnixSignal.Int);
        await ssh.WaitForExitAsync();

        while (await holding.Control.StatusAsync(holding.Daemon, id) == "pending")
            await Task.Delay(50);
        Assert.Equal("withdrawn", await holding.Control.StatusAsync(holding.Daemon, id));
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_grant_covers_the_same_command_again_and_no_other()
    {
        string file = Path.Combine(holding.Files, "granted");
        await using SshMux mux = await SshMux.OpenAsync(holding.Daemon);
        await using ChildProcess first = mux.Start([], "touch " + file);
        first.Input.Close();
        await holding.DecideAsync("approve", await HoldingSsh.WaitingAsync(first), "--grant", "digest", "--for", "10m");
        Assert.Equal(0, await first.WaitForExitAsync());
        File.Delete(file);

        SshRun again = await mux.RunAsync("touch " + file);

        Assert.Equal((0, ""), (again.ExitCode, again.Error));
        Assert.True(File.Exists(file));
        await using ChildProcess other = mux.Start([], "touch " + file + "x");
        await holding.DecideAsync("deny", await HoldingSsh.WaitingAsync(other));
        Assert.Equal(126, await other.WaitForExitAsync());
    }

    [Fact]
    public async Task The_end_of_a_grant_ends_what_runs_under_it_and_not_what_was_approved_beside_it()
    {
        await using SshMux mux = await SshMux.OpenAsync(holding.Daemon);
        await using ChildProcess first = mux.Start([], "sort -u");
        first.Input.Close();
        await holding.DecideAsync("approve", await HoldingSsh.WaitingAsync(first), "--grant", "digest", "--for", "10m");
        Assert.Equal(0, await first.WaitForExitAsync());
        await using ChildProcess granted = mux.Start([], "sort -u");
        await using ChildProcess approved = mux.Start([], "sort -n");
        await holding.DecideAsync("approve", await HoldingSsh.WaitingAsync(approved));

        await holding.EndGrantAsync();

        Assert.Equal(126, await granted.WaitForExitAsync());
        Assert.Contains("What this was approved by has ended.", granted.Error, StringComparison.Ordinal);
        await TypeAsync(approved, "10\n9\n");
        Assert.Equal(0, await approved.WaitForExitAsync());
        Assert.Equal("9\n10\n", approved.Output);
    }

    [Fact]
    public async Task A_tunnel_waits_for_its_approval()
    {
        using var echo = new EchoServer();
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. holding.Daemon.Options(), "-W", $"127.0.0.1:{echo.Port}", SshDaemon.User + "@127.0.0.1"]);
        await ssh.Input.WriteAsync("through\n");
        await ssh.Input.FlushAsync();
        string id = await holding.PendingAsync($"127.0.0.1:{echo.Port}");
        Assert.Equal("", ssh.Output);

        await holding.DecideAsync("approve", id);

        await ssh.WaitForOutputAsync("through");
    }

    [Fact]
    public async Task An_operation_of_sftp_waits_and_the_rest_of_the_batch_comes_after_it()
    {
        using var folder = new TempFolder();
        string there = Directory.CreateDirectory(Path.Combine(holding.Files, "batch")).FullName;
        File.WriteAllText(Path.Combine(there, "a"), "a");
        File.WriteAllText(Path.Combine(there, "b"), "b");
        string batch = folder.Write("batch", $"rm {there}/a\n-rm {there}/b\nput {folder.Write("up", "up")} {there}/up\nls -1 {there}\n");
        await using ChildProcess sftp = ChildProcess.Start(["sftp", "-b", batch, .. holding.Daemon.Options("-P"), $"{SshDaemon.User}@127.0.0.1"]);

        string first = await holding.PendingAsync($"{there}/a");
        Assert.True(File.Exists(Path.Combine(there, "a")));
        Assert.False(File.Exists(Path.Combine(there, "up")));
        await holding.DecideAsync("approve", first);
        await holding.DecideAsync("deny", await holding.PendingAsync($"{there}/b"), "--reason", "keep it");

        Assert.Equal(0, await sftp.WaitForExitAsync());
        Assert.Equal([Path.Combine(there, "b"), Path.Combine(there, "up")], Directory.EnumerateFiles(there).Order(StringComparer.Ordinal));
    }

    private static async Task TypeAsync(ChildProcess ssh, string input)
    {
        await ssh.Input.WriteAsync(input);
        ssh.Input.Close();
    }
}
