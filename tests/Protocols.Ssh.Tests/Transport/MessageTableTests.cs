using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

/// <summary>Every message number in every state of the transport (RFC 4250 4.1, RFC 4253 7.1 and 11.4, OpenSSH PROTOCOL 1.9 and 1.10).</summary>
public sealed class MessageTableTests
{
    private static readonly SshTransportOptions Plain = new() { KeyExchanges = [SshAlgorithms.Curve25519], Ciphers = [SshAlgorithms.Aes128Gcm] };
    private static readonly byte[] Marker = [SshMessageNumber.ServiceRequest, 9, 9];

    private enum Fate
    {
        Shown,
        Ignored,
        Answered,
        Ended,
        Violation,
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Between_key_exchanges(bool loggedIn)
    {
        for (int number = 0; number < 256; number++)
        {
            await using TransportPair pair = new(Plain);
            await (loggedIn ? pair.LogInAsync() : pair.HandshakeAsync());
            Assert.True((Free((byte)number, loggedIn), number) == (await SendAsync(pair, (byte)number), number), $"message {number}");
        }
    }

    [Fact]
    public async Task From_the_peers_KEXINIT_to_its_NEWKEYS()
    {
        for (int number = 0; number < 256; number++)
        {
            await using TransportPair pair = await new TransportPair(Plain).LogInAsync();
            await pair.Client.WriteAsync(SshKexInit.Ours(Plain, ["ssh-ed25519"], []).ToPayload(), default);
            Fate expected = number switch
            {
                1 => Fate.Ended,
                2 or 3 or 4 => Fate.Ignored,
                _ => Fate.Violation,
            };
            Fate actual = await SendAsync(pair, (byte)number, markerIsViolation: true);
            Assert.True((expected, number) == (actual, number), $"message {number}: {actual}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_the_first_key_exchange_nothing_but_its_messages_when_it_is_strict(bool strict)
    {
        for (int number = 0; number < 256; number++)
        {
            await using RawClient client = await RawClient.StartAsync(Plain);
            await client.SendAsync(RawClient.KexInit(Plain, strict));
            await client.SendAsync([(byte)number, 0, 0, 0, 0]);
            await client.SendAsync([SshMessageNumber.KexFirst, 0, 0, 0, 0]);
            SshEndException end = await client.EndAsync();
            bool isHarmless = number is 2 or 3 or 4 or >= 30 and <= 49;
            string expected = number switch
            {
                1 => "disconnected",
                >= 30 and <= 49 => number == 30 ? "key-exchange-failed" : "protocol-violation",
                _ when isHarmless && !strict => "key-exchange-failed",
                _ => "protocol-violation",
            };
            Assert.True(end.End.Reason == expected, $"message {number}: {end.End.Reason}, {end.Message}");
        }
    }

    [Fact]
    public async Task Before_KEXINIT_nothing_but_generic_messages_and_with_strict_not_even_those()
    {
        for (int number = 0; number < 256; number++)
        {
            if (number == SshMessageNumber.KexInit)
                continue;
            await using RawClient client = await RawClient.StartAsync(Plain);
            await client.SendAsync([(byte)number, 0, 0, 0, 0]);
            await client.SendAsync(RawClient.KexInit(Plain, strict: true));
            SshEndException end = await client.EndAsync();
            Assert.True(end.End.Reason == (number == 1 ? "disconnected" : "protocol-violation"), $"message {number}: {end.Message}");
            if (number is 2 or 3 or 4)
                Assert.Contains("strict", end.Message, StringComparison.Ordinal);
        }
    }

    private static Fate Free(byte number, bool loggedIn) => number switch
    {
        0 => Fate.Violation,
        1 => Fate.Ended,
        2 or 3 or 4 or 7 or 193 => Fate.Ignored,
        5 or 6 => Fate.Shown,
        >= 20 and <= 49 => Fate.Violation,
        >= 50 and <= 79 => Fate.Shown,
        >= 80 and <= 127 => loggedIn ? Fate.Shown : Fate.Violation,
        _ => Fate.Answered,
    };

    private static async Task<Fate> SendAsync(TransportPair pair, byte number, bool markerIsViolation = false)
    {
        await pair.Client.WriteAsync(new byte[] { number, 0, 0, 0, 0 }, default);
        await pair.Client.WriteAsync(Marker, default);
        long before = pair.ServerEnd.BytesSent;
        try
        {
            Memory<byte> read = await pair.Server.ReadAsync(default).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            if (read.IsEmpty)
                return Fate.Ended;
            if (read.Span[0] == number && read.Length == 5)
                return Fate.Shown;
            Assert.Equal(Marker, read.ToArray());
            await pair.Server.FlushAsync(default);
            if (pair.ServerEnd.BytesSent == before)
            {
                // An answer leaves with the next wait.
                using var soon = new CancellationTokenSource(0);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Server.ReadAsync(soon.Token).AsTask());
            }

            return pair.ServerEnd.BytesSent > before ? Fate.Answered : Fate.Ignored;
        }
        catch (SshEndException e)
        {
            Assert.Equal(SessionSide.Client, e.End.Side);
            return markerIsViolation && e.Message.Contains("during it", StringComparison.Ordinal) && number is 2 or 3 or 4 ? Fate.Ignored : Fate.Violation;
        }
    }
}
