using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>Dropbear's dbclient, the ssh of small machines.</summary>
[Collection(ClientGateways.Name)]
public sealed class DropbearTests(ClientGateway gateway) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();

    public async Task InitializeAsync()
    {
        SshRun run = await gateway.RunAsync(["dropbearconvert", "openssh", "dropbear", gateway.Daemon.KeyFile, _folder.At("ada")]);
        Assert.Equal(0, run.ExitCode);
    }

    public Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task It_runs_a_command()
    {
        string text = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i}\n"));
        SshRun run = await gateway.RunAsync([.. Client(), "cat; exit 6"], text);
        Assert.True(run.ExitCode == 6, run.Error);
        Assert.Equal(text, run.Output);
    }

    [Fact]
    public async Task It_forwards_a_port()
    {
        using var echo = new EchoServer();
        int port = FreePort.Next();
        await using ChildProcess client = ChildProcess.Start([.. Client("-N", "-L", $"127.0.0.1:{port}:127.0.0.1:{echo.Port}")], gateway.Home);
        Assert.Equal("by dropbear", await EchoServer.AskAsync(port, "by dropbear"));
    }

    private string[] Client(params string[] options) => ["dbclient", "-y", "-i", _folder.At("ada"), "-p", gateway.Port, .. options, SshDaemon.User + "@127.0.0.1"];
}
