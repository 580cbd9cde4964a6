using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Auth;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Compare.Ssh;

/// <summary>
/// A client inside the benchmark, built of the transport and the login that the gateway has for targets: no process is started, and curve25519 is the key
/// exchange, with everyone.
/// </summary>
internal sealed class LightClient(int port, string user, byte[] key, SshCipherCase cipher)
{
    private const uint Window = 1 << 20;
    private const uint Packet = 32 << 10;

    private readonly SshTransportOptions _options = SshTransportOptions.Default with
    {
        KeyExchanges = [SshAlgorithms.Curve25519],
        HostKeys = ["ssh-ed25519"],
        Ciphers = [cipher.Name],
        Macs = [cipher.Mac ?? SshAlgorithms.HmacSha256Etm],
        Compressions = [SshAlgorithms.NoCompression],
    };

    /// <summary>One session: connects, logs in, runs a command, waits for its end.</summary>
    /// <exception cref="InvalidOperationException">The command failed.</exception>
    public async Task RunAsync(string command)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        using var turn = new SshTurn();
        await using SshTransport transport = SshTransport.Client(new SocketDuplex(socket), new AnyHostKey(), _options, turn, TimeProvider.System);
        await transport.HandshakeAsync(CancellationToken.None);
        await new SshTargetAuth(transport, new TargetCredential(user, "") { PrivateKey = key }).RunAsync(CancellationToken.None);
        await transport.WriteAsync(new SshWriter().Byte(SshMessageNumber.ChannelOpen).String("session").UInt32(0).UInt32(Window).UInt32(Packet).ToArray(), CancellationToken.None);
        byte[] opened = await UntilAsync(transport, SshMessageNumber.ChannelOpenConfirmation);
        uint channel = BinaryPrimitives.ReadUInt32BigEndian(opened.AsSpan(5));
        await transport.WriteAsync(
            new SshWriter().Byte(SshMessageNumber.ChannelRequest).UInt32(channel).String("exec").Boolean(true).String(command).ToArray(), CancellationToken.None);
        await UntilAsync(transport, SshMessageNumber.ChannelSuccess);
        byte[] status = await UntilAsync(transport, SshMessageNumber.ChannelRequest);
        if (status.Length != ExitStatusLength || BinaryPrimitives.ReadUInt32BigEndian(status.AsSpan(^4)) != 0)
            throw new InvalidOperationException($"{command} failed.");
        await UntilAsync(transport, SshMessageNumber.ChannelClose);
        await transport.DisconnectAsync(SshDisconnectReason.ByApplication, "done");
    }

    /// <summary>byte, uint32 channel, string "exit-status", boolean, uint32 status (RFC 4254 6.10).</summary>
    private const int ExitStatusLength = 1 + 4 + 4 + 11 + 1 + 4;

    private static async Task<byte[]> UntilAsync(SshTransport transport, byte number)
    {
        while (true)
        {
            Memory<byte> message = await transport.ReadAsync(CancellationToken.None);
            if (message.IsEmpty)
                throw new InvalidOperationException($"The server has closed before message {number}: {transport.PeerDisconnect}");
            byte got = message.Span[0];
            if (got == number)
                return message.ToArray();
            if (got is SshMessageNumber.ChannelOpenFailure or SshMessageNumber.ChannelFailure)
                throw new InvalidOperationException($"Message {got} came instead of {number}.");
        }
    }

    /// <summary>The benchmark started the servers itself, on loopback.</summary>
    private sealed class AnyHostKey : IHostKeys
    {
        public IReadOnlyList<string> KnownTypes => ["ssh-ed25519"];

        public HostKeyStatus Judge(ReadOnlyMemory<byte> blob) => HostKeyStatus.Trusted;
    }
}
