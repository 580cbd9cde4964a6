using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Doubles;

/// <summary>A client that writes packets by hand, before there are keys.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly SshTurn _turn = new();
    private readonly SshTransport _server;
    private readonly MemoryDuplex _end;
    private readonly Task _handshake;

    private RawClient(SshTransportOptions options)
    {
        (MemoryDuplex serverEnd, _end) = MemoryDuplex.Pair();
        _server = SshTransport.Server(serverEnd, new SshServerKeys([TransportPair.HostKey]), options, _turn, TimeProvider.System);
        _handshake = _server.HandshakeAsync(default).AsTask();
    }

    public static async Task<RawClient> StartAsync(SshTransportOptions options, string version = "SSH-2.0-raw\r\n")
    {
        var client = new RawClient(options);
        await client.SendRawAsync(Encoding.Latin1.GetBytes(version));
        return client;
    }

    public static byte[] KexInit(SshTransportOptions options, bool strict, bool follows = false) =>
        (SshKexInit.Ours(options, ["ssh-ed25519"], strict ? [SshAlgorithms.StrictClient] : []) with { FirstKexPacketFollows = follows }).ToPayload();

    public async Task SendRawAsync(byte[] bytes) => await _end.SendAsync(bytes);

    public Task SendAsync(byte[] payload) => SendRawAsync(Packet(payload));

    public static byte[] Packet(byte[] payload)
    {
        int padding = new SshNoCipher().Padding(payload.Length);
        byte[] packet = new byte[5 + payload.Length + padding];
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)(packet.Length - 4));
        packet[4] = (byte)padding;
        payload.CopyTo(packet, 5);
        return packet;
    }

    public void Close() => _end.CloseOutput();

    /// <summary>How the server's handshake fails.</summary>
    public Task<SshEndException> EndAsync() => Assert.ThrowsAsync<SshEndException>(() => _handshake.WaitAsync(TimeSpan.FromSeconds(30)));

    /// <summary>Everything that the server has said, once it has ended.</summary>
    public Task<IReadOnlyList<byte[]>> SaidAsync() => SaidAsync(_end);

    /// <summary>The payloads of the packets in clear that came to this end, behind the identification string, up to its end.</summary>
    public static async Task<IReadOnlyList<byte[]>> SaidAsync(MemoryDuplex end)
    {
        ReadResult read = await end.Input.ReadAsync();
        while (!read.IsCompleted)
        {
            end.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await end.Input.ReadAsync();
        }

        byte[] all = read.Buffer.ToArray();
        var said = new List<byte[]>();
        for (int at = all.AsSpan().IndexOf((byte)'\n') + 1; at < all.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(at));
            said.Add(all[(at + 5)..(at + 4 + length - all[at + 4])]);
            at += 4 + length;
        }

        return said;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _end.DisposeAsync();
        _turn.Dispose();
    }
}
