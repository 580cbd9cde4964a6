using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Tests.Doubles;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Tests.Transport;

/// <summary>Every key exchange, cipher, MAC, host key and compression, at every chunking, with data both ways.</summary>
public sealed class SuiteTests
{
    private static readonly SshTransportOptions Everything = new()
    {
        KeyExchanges = [SshAlgorithms.Curve25519],
        HostKeys = SshAlgorithms.HostKeys,
        Ciphers = SshAlgorithms.Ciphers,
        Macs = SshAlgorithms.Macs,
    };

    public static IEnumerable<object[]> KeyExchanges => from kex in SshAlgorithms.KeyExchanges from chunks in Chunks.Names select (object[])[kex, chunks];

    public static IEnumerable<object[]> Ciphers =>
        from cipher in SshAlgorithms.Ciphers
        from mac in cipher.EndsWith("-ctr", StringComparison.Ordinal) ? SshAlgorithms.Macs : [""]
        from chunks in Chunks.Names
        select (object[])[cipher, mac, chunks];

    [Theory]
    [MemberData(nameof(KeyExchanges))]
    public async Task Every_key_exchange(string kex, string chunks)
    {
        await using TransportPair pair = new(Everything with { KeyExchanges = [kex] }, chunks: Chunks.Sizes(chunks));
        await pair.LogInAsync();
        Assert.StartsWith(kex + " ", pair.Server.Negotiated, StringComparison.Ordinal);
        Assert.Equal(pair.Server.SessionId, pair.Client.SessionId);
        await Speech.BothWaysAsync(pair, 3, 1000);
    }

    [Theory]
    [MemberData(nameof(Ciphers))]
    public async Task Every_cipher_and_mac(string cipher, string mac, string chunks)
    {
        SshTransportOptions options = Everything with { Ciphers = [cipher], Macs = mac.Length == 0 ? Everything.Macs : [mac] };
        await using TransportPair pair = new(options, chunks: Chunks.Sizes(chunks));
        await pair.LogInAsync();
        string suite = mac.Length == 0 ? cipher : $"{cipher}/{mac}";
        Assert.Equal($"curve25519-sha256 ssh-ed25519 {suite} {suite} none", pair.Client.Negotiated);
        await Speech.BothWaysAsync(pair, 40, chunks == "one-byte" ? 300 : 5000);
    }

    [Theory]
    [InlineData("ssh-ed25519", "ssh-ed25519")]
    [InlineData("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256")]
    [InlineData("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384")]
    [InlineData("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521")]
    [InlineData("ssh-rsa", "rsa-sha2-512")]
    [InlineData("ssh-rsa", "rsa-sha2-256")]
    public async Task Every_host_key(string type, string algorithm)
    {
        var key = SshPrivateKey.Generate(type);
        var known = new KnownKeys();
        await using TransportPair pair = new(Everything with { HostKeys = [algorithm] }, hostKeys: known, keys: new SshServerKeys([key]));
        await pair.HandshakeAsync();
        Assert.Contains($" {algorithm} ", pair.Client.Negotiated, StringComparison.Ordinal);
        Assert.Equal([key.PublicBlob.ToArray()], known.Judged);
    }

    [Theory]
    [MemberData(nameof(ChunkNames))]
    public async Task Compression_begins_with_the_login_and_begins_anew_with_new_keys(string chunks)
    {
        SshTransportOptions options = Everything with { Compressions = [SshAlgorithms.ZlibOpenSsh], RekeyBytes = 20_000 };
        await using TransportPair pair = new(options, chunks: Chunks.Sizes(chunks));
        await pair.HandshakeAsync();
        await Speech.BothWaysAsync(pair, 1, 100, SshMessageNumber.ServiceRequest);
        pair.Server.Authenticated();
        pair.Client.Authenticated();
        await Speech.BothWaysAsync(pair, 60, 3000);
        long before = pair.ClientEnd.BytesSent;
        await Speech.SendAsync(pair.Client, pair.Server, [SshMessageNumber.ChannelData, .. new byte[30_000]]);

        // An exchange of keys may fall into it, of some thousand bytes.
        Assert.InRange(pair.ClientEnd.BytesSent - before, 1, 12_000);
    }

    public static TheoryData<string> ChunkNames => [.. Chunks.Names];
}
