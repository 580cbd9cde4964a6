using System.Globalization;
using System.Security.Cryptography;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh;

/// <summary>Ordinary clients do through the gateway what they do without it.</summary>
[Collection(SshServers.Name)]
public sealed class SshClientsTests(SshServerFixture sshd) : IAsyncLifetime
{
    private SshDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll);

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Fact]
    public async Task A_terminal_has_its_size_its_input_and_its_end()
    {
        // script gives ssh a terminal of its own; -tt asks the target for one.
        SshRun run = await SshRun.OfAsync(
            ["ssh", .. _daemon.Options(), "-tt", SshDaemon.User + "@127.0.0.1"],
            "stty size | tr ' ' x; echo marker-$((40+2)); exit 3\n");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("marker-42", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-O")]
    [InlineData("-s")]
    public async Task Scp_copies_there_and_back(string protocol)
    {
        using var folder = new TempFolder();
        byte[] content = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(folder.At("up"), content);
        string remote = Path.Combine(sshd.Server.Files, "scp" + protocol);
        SshRun up = await SshRun.OfAsync(["scp", protocol, .. _daemon.Options("-P"), folder.At("up"), $"{SshDaemon.User}@127.0.0.1:{remote}"]);
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        Assert.Equal(content, await File.ReadAllBytesAsync(remote));
        SshRun down = await SshRun.OfAsync(["scp", protocol, .. _daemon.Options("-P"), $"{SshDaemon.User}@127.0.0.1:{remote}", folder.At("down")]);
        Assert.Equal((0, ""), (down.ExitCode, down.Error));
        Assert.Equal(content, await File.ReadAllBytesAsync(folder.At("down")));
    }

    [Fact]
    public async Task Sftp_lists_moves_and_removes()
    {
        using var folder = new TempFolder();
        string remote = Directory.CreateDirectory(Path.Combine(sshd.Server.Files, "sftp-" + Guid.NewGuid().ToString("N"))).FullName;
        folder.Write("a.txt", "hello\n");
        string batch = folder.Write("batch", $"cd {remote}\nput {folder.At("a.txt")} a.txt\nrename a.txt b.txt\nls -l\nmkdir d\nget b.txt {folder.At("back.txt")}\nrm b.txt\nrmdir d\n");
        SshRun run = await SshRun.OfAsync(["sftp", "-b", batch, .. _daemon.Options("-P"), $"{SshDaemon.User}@127.0.0.1"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("b.txt", run.Output, StringComparison.Ordinal);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(folder.At("back.txt")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(remote));
    }

    [Fact]
    public async Task Rsync_synchronises_both_ways()
    {
        using var folder = new TempFolder();
        for (int i = 0; i < 50; i++)
            folder.Write($"tree/{i % 5}/{i}", $"content {i}");
        string remote = Path.Combine(sshd.Server.Files, "rsync");
        string shell = "ssh " + string.Join(' ', _daemon.Options());
        SshRun up = await SshRun.OfAsync(["rsync", "-a", "-e", shell, folder.At("tree/"), $"{SshDaemon.User}@127.0.0.1:{remote}/"]);
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        SshRun down = await SshRun.OfAsync(["rsync", "-a", "-e", shell, $"{SshDaemon.User}@127.0.0.1:{remote}/", folder.At("copy/")]);
        Assert.Equal((0, ""), (down.ExitCode, down.Error));
        Assert.Equal("content 49", await File.ReadAllTextAsync(folder.At("copy/4/49")));
    }

    [Fact]
    public async Task Git_clones_and_pushes()
    {
        using var folder = new TempFolder();
        string repository = Path.Combine(sshd.Server.Files, "repo.git");
        var environment = new Dictionary<string, string>
        {
            ["GIT_SSH_COMMAND"] = "ssh " + string.Join(' ', _daemon.Options()),
            ["GIT_CONFIG_GLOBAL"] = folder.Write("gitconfig", "[user]\nname = Ada\nemail = ada@example.com\n[init]\ndefaultBranch = main\n[safe]\ndirectory = *\n"),
        };
        Assert.Equal(0, (await SshRun.OfAsync(["git", "init", "-q", "--bare", repository], environment: environment)).ExitCode);
        string url = $"{SshDaemon.User}@127.0.0.1:{repository}";
        SshRun clone = await SshRun.OfAsync(["git", "clone", "-q", url, folder.At("work")], environment: environment);
        Assert.Equal(0, clone.ExitCode);
        folder.Write("work/file", "content\n");
        string work = folder.At("work");
        foreach (string[] step in new string[][] { ["add", "file"], ["commit", "-q", "-m", "first"], ["push", "-q", "origin", "HEAD:main"] })
            Assert.Equal(0, (await SshRun.OfAsync(["git", "-C", work, .. step], environment: environment)).ExitCode);
        SshRun again = await SshRun.OfAsync(["git", "clone", "-q", "-b", "main", url, folder.At("again")], environment: environment);
        Assert.Equal((0, "content\n"), (again.ExitCode, await File.ReadAllTextAsync(folder.At("again/file"))));
    }

    [Fact]
    public async Task A_local_forward_carries_a_connection()
    {
        using var echo = new EchoServer();
        int port = FreePort.Next();
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. _daemon.Options(), "-N", "-L", $"{port}:127.0.0.1:{echo.Port}", SshDaemon.User + "@127.0.0.1"]);
        Assert.Equal("through the tunnel", await EchoServer.AskAsync(port, "through the tunnel"));
    }

    [Fact]
    public async Task A_dynamic_forward_carries_a_connection()
    {
        using var echo = new EchoServer();
        int port = FreePort.Next();
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. _daemon.Options(), "-N", "-D", port.ToString(CultureInfo.InvariantCulture), SshDaemon.User + "@127.0.0.1"]);
        byte[] connect = [4, 1, (byte)(echo.Port >> 8), (byte)echo.Port, 127, 0, 0, 1, 0];
        Assert.Equal("by socks", await EchoServer.AskAsync(port, "by socks", connect, 8));
    }

    [Fact]
    public async Task A_remote_forward_carries_a_connection_back()
    {
        using var echo = new EchoServer();
        int port = FreePort.Next();
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. _daemon.Options(), "-N", "-R", $"127.0.0.1:{port}:127.0.0.1:{echo.Port}", SshDaemon.User + "@127.0.0.1"]);
        Assert.Equal("and back", await EchoServer.AskAsync(port, "and back"));
    }

    [Fact]
    public async Task A_remote_forward_may_leave_the_port_to_the_target()
    {
        using var echo = new EchoServer();
        await using ChildProcess ssh = ChildProcess.Start(
            ["ssh", "-o", "LogLevel=INFO", .. _daemon.Options(), "-N", "-R", $"0:127.0.0.1:{echo.Port}", SshDaemon.User + "@127.0.0.1"]);
        await ssh.WaitForOutputAsync("Allocated port ");
        string text = ssh.Output + ssh.Error;
        int port = int.Parse(text[(text.IndexOf("Allocated port ", StringComparison.Ordinal) + 15)..].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.Equal("chosen", await EchoServer.AskAsync(port, "chosen"));
    }

    [Fact]
    public async Task Unix_sockets_are_forwarded_both_ways()
    {
        using var folder = new TempFolder();
        using var echo = new EchoServer();
        string here = folder.At("here.sock");
        string there = Path.Combine(sshd.Server.Files, "there.sock");
        int port = FreePort.Next();
        await using ChildProcess ssh = ChildProcess.Start(
            ["ssh", .. _daemon.Options(), "-N", "-R", $"{there}:127.0.0.1:{echo.Port}", "-L", $"{port}:{there}", "-L", $"{here}:127.0.0.1:{echo.Port}", SshDaemon.User + "@127.0.0.1"]);
        Assert.Equal("sockets", await EchoServer.AskAsync(port, "sockets"));
    }

    [Fact]
    public async Task Many_channels_share_one_connection()
    {
        using var folder = new TempFolder();
        string control = folder.At("control");
        string[] shared = [.. _daemon.Options(), "-o", "ControlPath=" + control];
        await using ChildProcess master = ChildProcess.Start(["ssh", .. shared, "-M", "-N", SshDaemon.User + "@127.0.0.1"]);
        await Eventually(() => File.Exists(control));
        SshRun[] runs = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SshRun.OfAsync(["ssh", .. shared, SshDaemon.User + "@127.0.0.1", $"echo {i}; exit {i}"])));
        for (int i = 0; i < runs.Length; i++)
            Assert.Equal((i, $"{i}\n"), (runs[i].ExitCode, runs[i].Output));
    }

    [Fact]
    public async Task The_agent_is_lent_when_policy_allows_it()
    {
        using var folder = new TempFolder();
        string socket = folder.At("agent");
        await using ChildProcess agent = ChildProcess.Start(["ssh-agent", "-D", "-a", socket]);
        await Eventually(() => File.Exists(socket));
        var environment = new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = socket };
        Assert.Equal(0, (await SshRun.OfAsync(["ssh-add", "-q", _daemon.KeyFile], environment: environment)).ExitCode);
        SshRun run = await SshRun.OfAsync(["ssh", .. _daemon.Options(), "-A", SshDaemon.User + "@127.0.0.1", "ssh-add -l"], environment: environment);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("ED25519", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_inside_the_connection_is_a_session_of_its_own()
    {
        using var folder = new TempFolder();
        string config = folder.Write("config", $"""
            Host gateway
              HostName 127.0.0.1
              Port {_daemon.Port}
              User anybody
            Host box
              ProxyJump gateway
              User {SshServer.Account}
            Host *
              IdentityFile {_daemon.KeyFile}
              IdentitiesOnly yes
              StrictHostKeyChecking accept-new
              UserKnownHostsFile {folder.At("known")}
            """);
        SshRun run = await SshRun.OfAsync(["ssh", "-F", config, "box", "echo inside"]);
        Assert.Equal((0, "inside\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Without_a_target_a_menu_asks_for_one()
    {
        SshRun run = await SshRun.OfAsync(["ssh", .. _daemon.Options(), "-tt", SshServer.Account + "@127.0.0.1"], "1\necho from-$((1+1)); exit 5\n");
        Assert.Contains("where to?", run.Output, StringComparison.Ordinal);
        Assert.Contains("from-2", run.Output, StringComparison.Ordinal);
        Assert.Equal(5, run.ExitCode);
    }

    [Fact]
    public async Task A_command_without_a_target_is_told_which_there_are()
    {
        SshRun run = await SshRun.OfAsync(["ssh", .. _daemon.Options(), SshServer.Account + "@127.0.0.1", "true"]);
        Assert.Equal(126, run.ExitCode);
        Assert.Contains("+TARGET", run.Error, StringComparison.Ordinal);
        Assert.Contains("box", run.Error, StringComparison.Ordinal);
    }

    private static async Task Eventually(Func<bool> condition)
    {
        for (int i = 0; i < 400 && !condition(); i++)
            await Task.Delay(25);
        Assert.True(condition());
    }
}
