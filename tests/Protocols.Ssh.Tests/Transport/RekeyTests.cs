using Sallyport.Protocols.Ssh.Tests.Auth;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

public sealed class RekeyTests
{
    private static readonly SshTransportOptions Fast = new() { KeyExchanges = [SshAlgorithms.Curve25519] };

    public static IEnumerable<object[]> Cases =>
        from cipher in new[] { SshAlgorithms.Aes128Gcm, SshAlgorithms.ChaCha20Poly1305, SshAlgorithms.Aes256Ctr }
        from who in new[] { "client", "server", "both" }
        select (object[])[cipher, who];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Sixty_four_rekeys_lose_nothing_of_traffic_both_ways(string cipher, string who)
    {
        SshTransportOptions plain = Fast with { Ciphers = [cipher] };
        SshTransportOptions eager = plain with { RekeyBytes = 10_000 };
        await using TransportPair pair = new(who == "client" ? plain : eager, who == "server" ? plain : eager);
        await pair.LogInAsync();
        byte[] session = pair.Client.SessionId.ToArray();
        for (int round = 0; pair.Client.KeyExchanges <= 64; round++)
        {
            Assert.True(round < 100, $"{pair.Client.KeyExchanges} key exchanges");
            await Speech.BothWaysAsync(pair, 60, 2000);
        }

        Assert.Equal(session, pair.Server.SessionId.ToArray());
    }

    /// <summary>By packets, whoever counts them: RFC 4344 3.1.</summary>
    [Theory]
    [InlineData("client")]
    [InlineData("server")]
    [InlineData("both")]
    public async Task Packets_are_counted_and_nothing_is_lost(string who)
    {
        SshTransportOptions plain = Fast with { Ciphers = [SshAlgorithms.Aes128Gcm] };
        SshTransportOptions eager = plain with { RekeyPackets = 16 };
        await using TransportPair pair = new(who == "client" ? plain : eager, who == "server" ? plain : eager);
        await pair.LogInAsync();
        for (int round = 0; pair.Client.KeyExchanges <= 32; round++)
        {
            Assert.True(round < 100, $"{pair.Client.KeyExchanges} key exchanges");
            await Speech.BothWaysAsync(pair, 60, 200);
        }
    }

    /// <summary>Not before its time; at the first packet behind it, from whichever side that comes; once.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Time_is_up_at_the_next_packet(bool byServer)
    {
        var time = new ManualTime();
        SshTransportOptions plain = Fast with { Ciphers = [SshAlgorithms.Aes128Gcm] };
        SshTransportOptions hourly = plain with { RekeyTime = TimeSpan.FromHours(1) }, never = plain with { RekeyTime = TimeSpan.FromDays(100) };
        await using TransportPair pair = new(byServer ? hourly : never, byServer ? never : hourly, time: time);
        await pair.LogInAsync();
        for (int hour = 1; hour <= 3; hour++)
        {
            time.Advance(TimeSpan.FromMinutes(59));
            await Speech.BothWaysAsync(pair, 60, 2000);
            Assert.Equal(hour, pair.Server.KeyExchanges);
            time.Advance(TimeSpan.FromMinutes(1));
            await Speech.BothWaysAsync(pair, 60, 2000);
            await Speech.BothWaysAsync(pair, 60, 2000);
            Assert.Equal((hour + 1, hour + 1), (pair.Server.KeyExchanges, pair.Client.KeyExchanges));
        }
    }
}
