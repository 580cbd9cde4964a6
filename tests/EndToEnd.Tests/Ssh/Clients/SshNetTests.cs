using System.Security.Cryptography;
using Renci.SshNet;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>SSH.NET.</summary>
[Collection(ClientGateways.Name)]
public sealed class SshNetTests(ClientGateway gateway) : IDisposable
{
    private readonly PrivateKeyFile _key = new(gateway.Daemon.KeyFile);

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task It_runs_commands()
    {
        using SshClient client = await ConnectedAsync(new SshClient(Info()));
        using SshCommand command = client.CreateCommand("echo out; echo err >&2; exit 11");
        await command.ExecuteAsync();
        Assert.Equal((11, "out\n", "err\n"), (command.ExitStatus, command.Result, command.Error));
    }

    [Fact]
    public async Task It_moves_files_by_sftp()
    {
        using SftpClient client = await ConnectedAsync(new SftpClient(Info()));
        byte[] content = RandomNumberGenerator.GetBytes(5_000_000);
        string remote = gateway.Remote("sshnet");
        using (var up = new MemoryStream(content))
            client.UploadFile(up, remote);
        Assert.Equal(content.Length, client.GetAttributes(remote).Size);
        using var down = new MemoryStream();
        client.DownloadFile(remote, down);
        Assert.Equal(content, down.ToArray());
        client.DeleteFile(remote);
        Assert.False(client.Exists(remote));
    }

    [Fact]
    public async Task It_forwards_a_port()
    {
        using var echo = new EchoServer();
        using SshClient client = await ConnectedAsync(new SshClient(Info()));
        using var forward = new ForwardedPortLocal("127.0.0.1", 0, "127.0.0.1", (uint)echo.Port);
        client.AddForwardedPort(forward);
        forward.Start();
        Assert.Equal("by SSH.NET", await EchoServer.AskAsync((int)forward.BoundPort, "by SSH.NET"));
        forward.Stop();
    }

    [Fact]
    public async Task It_has_a_shell()
    {
        using SshClient client = await ConnectedAsync(new SshClient(Info()));
        await using ShellStream shell = client.CreateShellStream("xterm", 90, 30, 0, 0, 4096);
        shell.WriteLine("stty size; echo marker-$((40+2))");
        string seen = shell.Expect("marker-42", TimeSpan.FromSeconds(30)) ?? "";
        Assert.Contains("30 90", seen, StringComparison.Ordinal);
    }

    private ConnectionInfo Info() => new("127.0.0.1", gateway.Daemon.Port, SshDaemon.User, new PrivateKeyAuthenticationMethod(SshDaemon.User, _key));

    private async Task<T> ConnectedAsync<T>(T client)
        where T : BaseClient
    {
        string known = "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(gateway.HostKey.Split(' ')[1]))).TrimEnd('=');
        client.HostKeyReceived += (_, shown) => shown.CanTrust = "SHA256:" + shown.FingerPrintSHA256 == known;
        await client.ConnectAsync(default);
        return client;
    }
}
