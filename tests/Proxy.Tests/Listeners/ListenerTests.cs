using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Listeners;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Listeners;

public sealed class ListenerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Connections_over_the_limit_are_reset_and_the_others_stay(string address)
    {
        using var logs = new Logs();
        var slots = new UnauthenticatedSlots(inAll: 100, perSource: 2);
        var accepted = new BlockingCollection<(Socket Socket, UnauthenticatedSlots.Slot Slot)>();
        using var listener = new Listener(
            new ListenerConfig { Name = "pg", Address = new IPEndPoint(IPAddress.Parse(address), 0) }, slots, (socket, slot) => accepted.Add((socket, slot)), logs.Log);
        listener.Start();
        IPEndPoint at = listener.LocalEndPoint;

        using Socket first = await ConnectAsync(at);
        using Socket second = await ConnectAsync(at);
        Assert.True(accepted.TryTake(out (Socket Socket, UnauthenticatedSlots.Slot Slot) one, Patience));
        Assert.True(accepted.TryTake(out (Socket Socket, UnauthenticatedSlots.Slot Slot) two, Patience));
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using Socket third = await ConnectAsync(at);
            await third.ReceiveAsync(new byte[1]);
        });
        one.Slot.Release();
        using Socket fourth = await ConnectAsync(at);
        Assert.True(accepted.TryTake(out (Socket Socket, UnauthenticatedSlots.Slot Slot) _, Patience));

        Assert.True(listener.IsAlive(Environment.TickCount64));
        await listener.StopAsync();
        Assert.False(listener.IsAlive(Environment.TickCount64));
        await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(at));
        Assert.Contains("connections-refused reason=unauthenticated-limit", logs.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_that_is_taken_is_an_error()
    {
        using var logs = new Logs();
        var slots = new UnauthenticatedSlots(1, 1);
        using var first = new Listener(new ListenerConfig { Name = "a", Address = new IPEndPoint(IPAddress.Loopback, 0) }, slots, (_, _) => { }, logs.Log);
        Assert.Throws<SocketException>(() => new Listener(new ListenerConfig { Name = "b", Address = first.LocalEndPoint }, slots, (_, _) => { }, logs.Log));
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address);
        return socket;
    }
}
