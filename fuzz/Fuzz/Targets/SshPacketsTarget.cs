using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transport;
using Sallyport.Protocols.Wire;

namespace Sallyport.Fuzz.Targets;

/// <summary>
/// Packets under each cipher. The first byte says which; the rest is what comes over the wire, and then the payload of a packet that is sealed, opened, and
/// opened again with one bit turned: only the first may succeed.
/// </summary>
internal sealed class SshPacketsTarget : ITarget
{
    private static readonly SshSuite[] Suites =
    [
        Suite("aes128-gcm@openssh.com", ""), Suite("aes256-gcm@openssh.com", ""), Suite("chacha20-poly1305@openssh.com", ""),
        Suite("aes128-ctr", "hmac-sha2-256-etm@openssh.com"), Suite("aes256-ctr", "hmac-sha2-512-etm@openssh.com"), Suite("aes192-ctr", "hmac-sha2-256"),
    ];

    public string Name => "SshPackets";

    public long MaxAllocation(int inputLength) => (1 << 20) + 16L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
            return;
        SshSuite suite = Suites[input[0] % Suites.Length];
        Wire(suite, input[1..].ToArray(), compressed: (input[0] & 0x40) != 0, authenticated: (input[0] & 0x80) != 0);
        if (input.Length is > 1 and < 30_000)
            Sealed(suite, input[1..]);
    }

    private static SshSuite Suite(string cipher, string mac) => new(cipher, mac, "none");

    private static SshCipher Cipher(SshSuite suite) =>
        SshCiphers.Create(suite, new byte[SshCiphers.KeySize(suite.Cipher)], new byte[SshCiphers.IvSize(suite.Cipher)], new byte[suite.Mac.Length == 0 ? 0 : SshCiphers.MacKeySize(suite.Mac)]);

    private static void Wire(SshSuite suite, byte[] bytes, bool compressed, bool authenticated)
    {
        var faults = new SshFaults(SessionSide.Client) { Authenticated = authenticated };
        foreach (SshCipher? cipher in new[] { null, Cipher(suite) })
        {
            using var receiver = new SshReceiver(PipeReader.Create(new ReadOnlySequence<byte>(bytes.ToArray())), faults);
            if (cipher is not null)
                receiver.NewKeys(cipher, compressed, resetSequence: true);
            int last = -1;
            while (Next(receiver, out Memory<byte> payload) is var status and not ParseStatus.NeedMore)
            {
                if (status == ParseStatus.Malformed)
                {
                    OracleException.Require(receiver.Fault is not null, "malformed without a reason");
                    break;
                }

                OracleException.Require(payload.Length > 0, "an empty payload");
                OracleException.Require(++last < bytes.Length, "packets from nowhere");
            }
        }
    }

    private static ParseStatus Next(SshReceiver receiver, out Memory<byte> payload)
    {
        ParseStatus status;
        while ((status = receiver.TryTake(out payload)) == ParseStatus.NeedMore)
        {
            ValueTask<SshReceived> more = receiver.ReceiveAsync();
            OracleException.Require(more.IsCompleted, "a wait for what is there");
            if (more.Result == SshReceived.Ended)
                return ParseStatus.NeedMore;
        }

        return status;
    }

    private static void Sealed(SshSuite suite, ReadOnlySpan<byte> payload)
    {
        using SshCipher sender = Cipher(suite);
        int padding = sender.Padding(payload.Length);
        int length = 1 + payload.Length + padding;
        byte[] packet = new byte[4 + length + sender.TagSize];
        BinaryPrimitives.WriteUInt32BigEndian(packet, (uint)length);
        packet[4] = (byte)padding;
        payload.CopyTo(packet.AsSpan(5));
        sender.Seal(0, packet);
        byte[] turned = packet.ToArray();
        turned[payload[0] * 251 % turned.Length] ^= (byte)(1 << (payload[^1] & 7));

        OracleException.Require(Open(suite, packet, out Memory<byte> opened) == ParseStatus.Done && opened.Span.SequenceEqual(payload), "a packet that is not what was sealed");
        OracleException.Require(Open(suite, turned, out _) != ParseStatus.Done, "a forged packet");
    }

    private static ParseStatus Open(SshSuite suite, byte[] packet, out Memory<byte> payload)
    {
        using var receiver = new SshReceiver(PipeReader.Create(new ReadOnlySequence<byte>(packet)), new SshFaults(SessionSide.Client) { Authenticated = true });
        receiver.NewKeys(Cipher(suite), compressed: false, resetSequence: true);
        return Next(receiver, out payload);
    }
}
