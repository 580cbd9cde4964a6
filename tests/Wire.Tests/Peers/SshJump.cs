using System.Net;
using System.Net.Sockets;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>A connection to a target inside a client's connection to the gateway, as <c>ssh -J</c> makes it: a socket pair, and what carries its bytes in a channel.</summary>
internal sealed class SshJump : IAsyncDisposable
{
    private readonly Socket _near;
    private readonly Task _carrying;

    private SshJump(Socket near, SshPeer client, Task carrying)
    {
        _near = near;
        Client = client;
        _carrying = carrying;
    }

    /// <summary>The client inside.</summary>
    public SshPeer Client { get; }

    /// <param name="number">The gateway's number of the channel; the client's is 100 more.</param>
    public static async Task<SshJump> OpenAsync(Rig.SshRig rig, SshPeer outer, uint number, string target)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Task<Socket> accepting = listener.AcceptSocketAsync();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        Socket far = await accepting;

        Func<ReadOnlyMemory<byte>, bool>? others = outer.Takes;
        outer.Takes = message => others?.Invoke(message) == true || Take(near, message.Span, 100 + number);
        await outer.SendAsync(SshMsg.OpenTcp(100 + number, target, 22, window: uint.MaxValue));
        await outer.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        return new SshJump(near, SshPeer.Client(far, rig.ClientOptions, Rig.AnyHostKey.Instance), CarryAsync(near, outer, number));
    }

    public async ValueTask DisposeAsync()
    {
        _near.Close(0);
        await _carrying;
        await Client.DisposeAsync();
    }

    private static bool Take(Socket near, ReadOnlySpan<byte> message, uint channel)
    {
        if (message.Length < 5 || SshMsg.Field(message[..5].ToArray(), 1) != channel || message[0] is not (SshMessageNumber.ChannelData or SshMessageNumber.ChannelWindowAdjust))
            return false;
        if (message[0] == SshMessageNumber.ChannelData)
            near.Send(message[9..]);
        return true;
    }

    private static async Task CarryAsync(Socket near, SshPeer outer, uint number)
    {
        byte[] buffer = new byte[4096];
        try
        {
            for (int count = await near.ReceiveAsync(buffer); count > 0; count = await near.ReceiveAsync(buffer))
                await outer.SendAsync(SshMsg.Data(number, buffer[..count]));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // Either connection has ended: the test is over.
            return;
        }
    }
}
