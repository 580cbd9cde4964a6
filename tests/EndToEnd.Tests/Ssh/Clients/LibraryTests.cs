using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>Libraries that other programs speak SSH by: Debian's versions, with their own defaults.</summary>
[Collection(ClientGateways.Name)]
public sealed class LibraryTests(ClientGateway gateway)
{
    /// <summary>Too old for strict key exchange: AES-CTR with an EtM MAC is agreed.</summary>
    [Fact]
    public async Task Paramiko()
    {
        using var echo = new EchoServer();
        await gateway.PythonAsync("paramiko_client.py", Directory.CreateDirectory(gateway.Remote("paramiko")).FullName, echo.Port.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Asyncssh()
    {
        using var echo = new EchoServer();
        await gateway.PythonAsync("asyncssh_client.py", Directory.CreateDirectory(gateway.Remote("asyncssh")).FullName, echo.Port.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public Task Libssh() => gateway.PythonAsync("libssh_client.py");
}
