using System.Security.Cryptography;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>PuTTY's plink and psftp.</summary>
[Collection(ClientGateways.Name)]
public sealed class PuttyTests(ClientGateway gateway) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    public async Task InitializeAsync()
    {
        SshRun run = await gateway.RunAsync(["puttygen", gateway.Daemon.KeyFile, "-O", "private", "-o", _folder.At("ada.ppk")]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Plink_runs_a_command_with_input_and_output_kept_apart()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));
        SshRun run = await PlinkAsync(text, "cat; echo error >&2; exit 9");
        Assert.Equal((9, "error\n"), (run.ExitCode, run.Error));
        Assert.Equal(text, run.Output);
    }

    [Fact]
    public async Task Plink_has_a_terminal()
    {
        SshRun run = await PlinkAsync("", "-t", "test -t 0 && stty size && exit 4");
        Assert.Equal((4, "24 80\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Psftp_moves_files_there_and_back()
    {
        byte[] content = RandomNumberGenerator.GetBytes(2_000_000);
        await File.WriteAllBytesAsync(_folder.At("up"), content);
        string remote = Directory.CreateDirectory(gateway.Remote("psftp")).FullName;
        string batch = _folder.Write("batch", $"cd {remote}\nput {_folder.At("up")} a\nmv a b\nls\nget b {_folder.At("down")}\nrm b\n");
        SshRun run = await gateway.RunAsync(["psftp", .. Options, "-b", batch, "127.0.0.1"]);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains("local:" + _folder.At("up"), run.Output, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllBytesAsync(_folder.At("down")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(remote));
    }

    private string[] Options => ["-batch", "-P", gateway.Port, "-l", SshDaemon.User, "-i", _folder.At("ada.ppk"), "-hostkey", gateway.HostKey.Split(' ')[1]];

    private Task<SshRun> PlinkAsync(string input, params string[] arguments)
    {
        string[] last = [.. arguments[..^1], "127.0.0.1", arguments[^1]];
        return gateway.RunAsync(["plink", "-ssh", "-no-antispoof", .. Options, .. last], input);
    }
}
