using System.Net;
using System.Net.Sockets;
using Sallyport.Proxy.Upstream;
using Xunit;

namespace Sallyport.Proxy.Tests.Upstream;

public sealed class DiallerTests
{
    [Fact]
    public async Task A_connection_sends_at_once_and_notices_a_dead_peer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using Socket socket = await Dialler.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromSeconds(30), default);
        Assert.True(socket.NoDelay);
        Assert.NotEqual(0, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
    }

    [Fact]
    public async Task A_refused_connection_is_an_IOException_that_names_the_target()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound, not listening: nobody else can listen here
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        IOException failure = await Assert.ThrowsAsync<IOException>(() => Dialler.ConnectAsync("127.0.0.1", port, TimeSpan.FromSeconds(30), default));
        Assert.Contains($"127.0.0.1:{port}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_connection_is_cancelled() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Dialler.ConnectAsync("127.0.0.1", 1, TimeSpan.FromSeconds(30), new CancellationToken(true)));
}
