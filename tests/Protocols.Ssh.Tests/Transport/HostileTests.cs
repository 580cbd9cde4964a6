using System.Buffers.Binary;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

/// <summary>Peers that lie about lengths, change bytes, drop packets, or never finish.</summary>
public sealed class HostileTests
{
    private static readonly SshTransportOptions Plain = new() { KeyExchanges = [SshAlgorithms.Curve25519], Macs = SshAlgorithms.Macs };

    public static IEnumerable<object[]> Suites =>
        from cipher in new[] { SshAlgorithms.Aes128Gcm, SshAlgorithms.ChaCha20Poly1305, SshAlgorithms.Aes256Ctr }
        from mac in cipher == SshAlgorithms.Aes256Ctr ? new[] { SshAlgorithms.HmacSha256Etm, SshAlgorithms.HmacSha512 } : [""]
        select (object[])[cipher, mac];

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(4u)]
    [InlineData(5u)]
    [InlineData(13u)]
    [InlineData(35004u)]
    [InlineData(262144u)]
    [InlineData((uint)int.MaxValue)]
    [InlineData(1u << 31)]
    [InlineData(uint.MaxValue)]
    public async Task A_packet_length_out_of_bounds_ends_it_at_once(uint length)
    {
        await using RawClient client = await RawClient.StartAsync(Plain);
        byte[] head = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(head, length);
        await client.SendRawAsync(head);
        Assert.Equal("packet length", (await client.EndAsync()).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(255)]
    public async Task Padding_that_is_too_short_or_leaves_no_message_ends_it(byte padding)
    {
        await using RawClient client = await RawClient.StartAsync(Plain);
        byte[] packet = RawClient.Packet([SshMessageNumber.Ignore, 0, 0, 0, 0]);
        packet[4] = padding;
        await client.SendRawAsync(packet);
        Assert.Equal("padding", (await client.EndAsync()).Message);
    }

    [Theory]
    [InlineData("SSH-1.5-old\r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\r\nSSH-2.0-x\r\n")]
    [InlineData("SSH-2.0-a\0b\r\n")]
    [InlineData("SSH-3.0-x\r\n")]
    public async Task A_client_that_is_not_one_is_told_so(string version)
    {
        await using RawClient client = await RawClient.StartAsync(Plain, version);
        Assert.Equal(SshDisconnectReason.ProtocolVersionNotSupported, (await client.EndAsync()).DisconnectReason);
    }

    [Fact]
    public async Task An_identification_string_has_255_bytes_at_most()
    {
        await using RawClient client = await RawClient.StartAsync(Plain, "SSH-2.0-" + new string('x', 300));
        Assert.Contains("too long", (await client.EndAsync()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SSH-2.0-raw\r\n")]
    [InlineData("SSH-2.0-OpenSSH_8.0\r\n")]
    public async Task Without_strict_key_exchange_chacha20_is_not_spoken(string version)
    {
        await using RawClient client = await RawClient.StartAsync(Plain with { Ciphers = [SshAlgorithms.ChaCha20Poly1305] }, version);
        await client.SendAsync(RawClient.KexInit(Plain with { Ciphers = [SshAlgorithms.ChaCha20Poly1305] }, strict: false));
        Assert.Contains("CVE-2023-48795", (await client.EndAsync()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SshAlgorithms.Aes128Gcm, "")]
    [InlineData(SshAlgorithms.Aes128Ctr, SshAlgorithms.HmacSha256Etm)]
    [InlineData(SshAlgorithms.Aes256Ctr, SshAlgorithms.HmacSha512)]
    public async Task Without_strict_key_exchange_AES_is_spoken(string cipher, string mac)
    {
        SshTransportOptions options = Plain with { Ciphers = [cipher], Macs = mac.Length == 0 ? Plain.Macs : [mac] };
        await using RawClient client = await RawClient.StartAsync(options);
        await client.SendAsync(RawClient.KexInit(options, strict: false));
        await client.SendAsync([SshMessageNumber.KexFirst, 1, 2, 3]);
        Assert.Equal("malformed key exchange message", (await client.EndAsync()).Message);
    }

    [Theory]
    [InlineData("OpenSSH_8.0", true)]
    [InlineData("OpenSSH_for_Windows_9.5", true)]
    [InlineData("AsyncSSH_2.10.1", true)]
    [InlineData("OpenSSH_9.2p1 Debian-2+deb12u3", true)]
    [InlineData("OpenSSH_9.6", false)]
    [InlineData("OpenSSH_10.0p2", false)]
    [InlineData("OpenSSH_", false)]
    [InlineData("libssh_0.10.6", false)]
    public async Task Clients_that_may_be_too_old_for_strict_key_exchange_speak_first(string software, bool first)
    {
        await using RawClient client = await RawClient.StartAsync(Plain, $"SSH-2.0-{software}\r\n");
        // Who prefers chacha20 is agreed with by the next of its ciphers, when we have seen what it is before we offer ours.
        SshTransportOptions theirs = Plain with { Ciphers = [SshAlgorithms.ChaCha20Poly1305, SshAlgorithms.Aes128Ctr] };
        await client.SendAsync(RawClient.KexInit(theirs, strict: false));
        await client.SendAsync([SshMessageNumber.KexFirst, 1, 2, 3]);
        Assert.Contains(first ? "malformed key exchange message" : "CVE-2023-48795", (await client.EndAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_guess_is_ignored_and_a_right_one_is_taken()
    {
        await using RawClient wrong = await RawClient.StartAsync(Plain);
        await wrong.SendAsync(RawClient.KexInit(Plain with { KeyExchanges = [SshAlgorithms.Group14, SshAlgorithms.Curve25519] }, strict: true, follows: true));
        await wrong.SendAsync([SshMessageNumber.KexFirst, 1, 2, 3]);
        await wrong.SendAsync([SshMessageNumber.KexFirst, 0, 0, 0, 0]);
        Assert.Equal("the client's public value is not one", (await wrong.EndAsync()).Message);

        await using RawClient right = await RawClient.StartAsync(Plain);
        await right.SendAsync(RawClient.KexInit(Plain, strict: true, follows: true));
        await right.SendAsync([SshMessageNumber.KexFirst, 1, 2, 3]);
        Assert.Equal("malformed key exchange message", (await right.EndAsync()).Message);
    }

    [Fact]
    public async Task A_public_value_of_small_order_ends_it()
    {
        await using RawClient client = await RawClient.StartAsync(Plain);
        await client.SendAsync(RawClient.KexInit(Plain, strict: true));
        await client.SendAsync(new SshWriter().Byte(SshMessageNumber.KexFirst).String(new byte[32]).ToArray());
        Assert.Equal("key-exchange-failed", (await client.EndAsync()).End.Reason);
    }

    /// <summary>Terrapin: a packet in front of the exchange, and the first one behind it taken away.</summary>
    [Theory]
    [MemberData(nameof(Suites))]
    public async Task A_packet_removed_behind_the_first_exchange_is_noticed(string cipher, string mac)
    {
        await using TransportPair pair = await new TransportPair(Of(cipher, mac)).LogInAsync();
        int sent = 0;
        pair.ClientEnd.Tap = bytes => sent++ == 0 ? default : bytes;
        await pair.Client.WriteAsync(new byte[] { SshMessageNumber.ChannelData, 1 }, default);
        await pair.Client.WriteAsync(new byte[] { SshMessageNumber.ChannelData, 2 }, default);
        await Assert.ThrowsAsync<SshEndException>(() => pair.Server.ReadAsync(default).AsTask());
    }

    [Fact]
    public async Task A_packet_put_in_front_of_a_strict_exchange_is_noticed_by_both_sides()
    {
        foreach (bool toServer in new[] { true, false })
        {
            await using var pair = new TransportPair(Plain);
            MemoryDuplex from = toServer ? pair.ClientEnd : pair.ServerEnd;
            int sends = 0;
            from.Tap = bytes => sends++ == 1 ? (byte[])[.. RawClient.Packet([SshMessageNumber.Ignore, 0, 0, 0, 0]), .. bytes.Span] : bytes;
            Task server = pair.Server.HandshakeAsync(default).AsTask();
            Task client = pair.Client.HandshakeAsync(default).AsTask();
            SshEndException end = await Assert.ThrowsAsync<SshEndException>(() => toServer ? server : client);
            Assert.Contains("strict", end.Message, StringComparison.Ordinal);
            await Assert.ThrowsAnyAsync<Exception>(() => toServer ? client : server);
        }
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task Every_changed_byte_of_a_packet_is_noticed(string cipher, string mac)
    {
        // The length field is left alone: a length that is too long only makes the receiver wait.
        for (int at = 4; at < 48; at += 3)
        {
            await using TransportPair pair = await new TransportPair(Of(cipher, mac)).LogInAsync();
            pair.ClientEnd.Tap = bytes =>
            {
                byte[] changed = bytes.ToArray();
                changed[Math.Min(at, changed.Length - 1)] ^= 0x10;
                return changed;
            };
            await pair.Client.WriteAsync(new byte[24], default);
            SshEndException end = await Assert.ThrowsAsync<SshEndException>(() => pair.Server.ReadAsync(default).AsTask());
            Assert.Equal(SshDisconnectReason.MacError, end.DisconnectReason);
        }
    }

    [Fact]
    public async Task Packets_before_the_login_are_smaller()
    {
        await using TransportPair pair = await new TransportPair(Plain).HandshakeAsync();
        await Speech.SendAsync(pair.Client, pair.Server, [SshMessageNumber.UserauthRequest, .. new byte[34000]]);
        await pair.Client.WriteAsync(new byte[36000], default);
        await Assert.ThrowsAsync<SshEndException>(() => pair.Server.ReadAsync(default).AsTask());
    }

    /// <summary>A peer that does not answer our KEXINIT may go on sending what it sends; we keep nothing of it, write nothing, and end in time.</summary>
    [Fact]
    public async Task A_stalled_rekey_buffers_nothing_and_ends()
    {
        SshTransportOptions eager = Plain with { RekeyBytes = 1000, KeyExchangeTime = TimeSpan.FromSeconds(2) };
        await using TransportPair pair = await new TransportPair(eager, Plain).LogInAsync();
        await pair.Server.WriteAsync(new byte[2000].AsMemory(), default);
        Assert.False(pair.Server.TryWrite([SshMessageNumber.ChannelData]));
        byte[] data = [SshMessageNumber.ChannelData, .. new byte[8000]];
        for (int i = 0; i < 200; i++)
            await Speech.SendAsync(pair.Client, pair.Server, data);
        Task waiting = pair.Server.WritableAsync(default).AsTask();
        SshEndException end = await Assert.ThrowsAsync<SshEndException>(() => pair.Server.ReadAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("key-exchange-failed", end.End.Reason);
        // Whoever reads from somebody else and writes here knows why, too: it may be the first to say so.
        Assert.Same(end, (await Assert.ThrowsAsync<IOException>(() => waiting)).InnerException);
    }

    [Fact]
    public async Task Answers_owed_during_a_stalled_rekey_are_bounded()
    {
        await using TransportPair pair = await new TransportPair(Plain with { RekeyBytes = 1000 }, Plain).LogInAsync();
        await pair.Server.WriteAsync(new byte[2000].AsMemory(), default);
        Task<Memory<byte>> read = pair.Server.ReadAsync(default).AsTask();
        byte[] ping = [SshMessageNumber.Ping, .. new byte[1000]];
        for (int i = 0; i < 1100; i++)
            await pair.Client.WriteAsync(ping, default);
        await Assert.ThrowsAsync<SshEndException>(() => read.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData(HostKeyStatus.Unknown, "host-key-unknown")]
    [InlineData(HostKeyStatus.Mismatch, "host-key-mismatch")]
    [InlineData(HostKeyStatus.Revoked, "host-key-revoked")]
    public async Task A_host_key_that_is_not_trusted_ends_it(HostKeyStatus status, string reason)
    {
        await using var pair = new TransportPair(Plain, hostKeys: new KnownKeys(status));
        Task server = pair.Server.HandshakeAsync(default).AsTask();
        SshEndException end = await Assert.ThrowsAsync<SshEndException>(() => pair.Client.HandshakeAsync(default).AsTask());
        Assert.Equal((reason, SshDisconnectReason.HostKeyNotVerifiable), (end.End.Reason, end.DisconnectReason));
        await Assert.ThrowsAsync<SshEndException>(() => server);
        Assert.StartsWith("9: ", pair.Server.PeerDisconnect, StringComparison.Ordinal);
    }

    private static SshTransportOptions Of(string cipher, string mac) => Plain with { Ciphers = [cipher], Macs = mac.Length == 0 ? Plain.Macs : [mac] };
}
