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
}
