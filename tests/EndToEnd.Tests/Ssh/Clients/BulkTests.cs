using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>A file larger than any buffer or window, whose bytes nothing can foretell.</summary>
public sealed class LargeFile : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    /// <summary>300 MB, or as many GiB as SALLYPORT_SSH_GIB says.</summary>
    public static long Size { get; } = Environment.GetEnvironmentVariable("SALLYPORT_SSH_GIB") is { Length: > 0 } gib
        ? long.Parse(gib, CultureInfo.InvariantCulture) << 30
        : 300_000_000;

    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(120 + (Size / 10_000_000));

    public string Path => _folder.At("large");

    public string At(string name) => _folder.At(name);

    public async Task InitializeAsync()
    {
        SshRun run = await SshRun.OfAsync(["bash", "-c", $"head -c {Size} /dev/urandom >'{Path}'"], within: Time);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }
}

/// <summary>Large files there and back with new keys every 16 MB, and a reader that stops.</summary>
[Collection(ClientGateways.Name)]
public sealed class BulkTests(ClientGateway gateway, LargeFile file) : IClassFixture<LargeFile>, IDisposable
{
    private const string Host = "127.0.0.1";
    private const int Unread = 1_000_000_000;
    private static readonly string[] Rekeying = ["-o", "RekeyLimit=16M", "-o", "KexAlgorithms=curve25519-sha256"];

    private readonly string _remote = gateway.Remote("large");

    private string Back => file.At("back");

    private string There => $"{SshDaemon.User}@{Host}:{_remote}";

    private string Shell => "ssh " + string.Join(' ', Options("-p"));

    public void Dispose()
    {
        File.Delete(_remote);
        File.Delete(Back);
    }

    [Fact]
    public async Task Scp_of_old()
    {
        await RunAsync(["scp", "-O", .. Options("-P"), file.Path, There]);
        await RunAsync(["scp", "-O", .. Options("-P"), There, Back]);
        await IsWholeAsync();
    }

    [Fact]
    public async Task Sftp()
    {
        string batch = file.At("batch");
        await File.WriteAllTextAsync(batch, $"put {file.Path} {_remote}\nget {_remote} {Back}\n");
        await RunAsync(["sftp", "-b", batch, .. Options("-P"), $"{SshDaemon.User}@{Host}"]);
        await IsWholeAsync();
    }

    [Fact]
    public async Task Rsync()
    {
        await RunAsync(["rsync", "-W", "--inplace", "-e", Shell, file.Path, There]);
        await RunAsync(["rsync", "-W", "--inplace", "-e", Shell, There, Back]);
        await IsWholeAsync();
    }

    [Fact]
    public async Task Input_and_output_of_a_command()
    {
        await RunAsync(["bash", "-c", $"{Shell} {SshDaemon.User}@{Host} 'cat >{_remote}' <{file.Path}"]);
        await RunAsync(["bash", "-c", $"{Shell} {SshDaemon.User}@{Host} 'cat {_remote}' >{Back}"]);
        await IsWholeAsync();
    }

    /// <summary>What nobody reads stays at the target: the gateway keeps none of it, and loses none.</summary>
    [Fact]
    public async Task A_reader_that_stops()
    {
        string result = file.At("result");
        long before = Memory();
        string[] options = [.. gateway.Daemon.Options(), $"{SshDaemon.User}@{Host}", $"echo begun >&2; head -c {Unread} /dev/zero"];
        await using ChildProcess ssh = ChildProcess.Start(
            ["bash", "-c", $"exec ssh \"$@\" > >(cmp -n {Unread} - /dev/zero && echo whole >{result}.new; mv {result}.new {result})", "bash", .. options]);
        await ssh.WaitForOutputAsync("begun");
        ssh.Signal(UnixSignal.Stop);
        long most = await MostMemoryAsync(() => Task.Delay(2000));
        Assert.False(File.Exists(result), "1 GB was read by a process that is stopped");
        ssh.Signal(UnixSignal.Continue);
        most = Math.Max(most, await MostMemoryAsync(() => ssh.WaitForExitAsync(LargeFile.Time)));
        for (int i = 0; i < 200 && !File.Exists(result); i++)
            await Task.Delay(25);
        Assert.Equal("whole\n", await File.ReadAllTextAsync(result));
        Assert.InRange(most - before, long.MinValue, 60_000_000);
    }

    private string[] Options(string port) => [.. Rekeying, .. gateway.Daemon.Options(port)];

    private static async Task RunAsync(string[] command)
    {
        SshRun run = await SshRun.OfAsync(command, within: LargeFile.Time);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    private async Task IsWholeAsync()
    {
        await RunAsync(["cmp", file.Path, _remote]);
        await RunAsync(["cmp", file.Path, Back]);
    }

    /// <summary>Resident bytes of the daemon: pages, from proc(5) statm.</summary>
    private long Memory() =>
        long.Parse(File.ReadAllText($"/proc/{gateway.Daemon.Process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    /// <summary>The most it had while that went on.</summary>
    private async Task<long> MostMemoryAsync(Func<Task> act)
    {
        Task done = act();
        long most = Memory();
        while (!done.IsCompleted)
        {
            await Task.WhenAny(done, Task.Delay(50));
            most = Math.Max(most, Memory());
        }

        await done;
        return most;
    }
}
