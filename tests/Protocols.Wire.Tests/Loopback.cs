using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Sallyport.Contract;

namespace Sallyport.Protocols.Wire.Tests;

/// <summary>Two ends of a real TCP connection: ours is a duplex, the peer's a plain socket.</summary>
internal sealed class Loopback : IAsyncDisposable
{
    private Loopback(Socket ours, Socket peer)
    {
        Duplex = new SocketDuplex(ours);
        Peer = peer;
    }

    public SocketDuplex Duplex { get; }

    public Socket Peer { get; }

    public static async Task<Loopback> ConnectAsync()
    {
        (Socket ours, Socket peer) = await SocketsAsync();
        return new Loopback(ours, peer);
    }

    /// <summary>Two duplexes that speak to each other.</summary>
    public static async Task<(IDuplex A, IDuplex B)> DuplexesAsync()
    {
        (Socket a, Socket b) = await SocketsAsync();
        return (new SocketDuplex(a), new SocketDuplex(b));
    }

    /// <summary>Reads until at least <paramref name="count"/> bytes are in the buffer, consuming none before; then consumes all.</summary>
    public static async Task<byte[]> CollectAsync(PipeReader input, int count)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync();
            Assert.True(read.Buffer.IsSingleSegment);
            if (read.Buffer.Length >= count || read.IsCompleted)
            {
                byte[] bytes = read.Buffer.ToArray();
                input.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Duplex.DisposeAsync();
        Peer.Dispose();
    }

    private static async Task<(Socket Ours, Socket Peer)> SocketsAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndPoint!);
        return (await listener.AcceptAsync(), peer);
    }
}
