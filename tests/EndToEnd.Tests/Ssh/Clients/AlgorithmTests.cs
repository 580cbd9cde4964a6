using System.Security.Cryptography;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Protocols.Ssh.Transport;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>Every algorithm that the installed OpenSSH offers by itself carries a megabyte both ways, or is one that is refused on purpose.</summary>
public sealed class AlgorithmTests(AlgorithmGateway gateway) : IClassFixture<AlgorithmGateway>
{
    /// <summary>What parts of names say that it is never spoken here: broken hashes, CBC, and the MAC that nothing else has (UMAC).</summary>
    private static readonly string[] Refused = ["sha1", "md5", "cbc", "umac"];

    public static TheoryData<string> KeyExchanges => [.. AlgorithmGateway.Default("kexalgorithms").Where(SshAlgorithms.KeyExchanges.Contains)];

    public static TheoryData<string, string> Suites
    {
        get
        {
            var suites = new TheoryData<string, string>();
            foreach (string cipher in AlgorithmGateway.Default("ciphers").Where(SshAlgorithms.Ciphers.Contains))
            {
                foreach (string mac in cipher.EndsWith("-ctr", StringComparison.Ordinal) ? AlgorithmGateway.Default("macs").Where(SshAlgorithms.Macs.Contains) : [""])
                    suites.Add(cipher, mac);
            }

            return suites;
        }
    }

    [Theory]
    [MemberData(nameof(KeyExchanges))]
    public Task Every_key_exchange(string name) => PassesAsync("-o", "KexAlgorithms=" + name, "-c", SshAlgorithms.Aes128Gcm);

    [Theory]
    [MemberData(nameof(Suites))]
    public Task Every_cipher_and_mac(string cipher, string mac) =>
        mac.Length == 0 ? PassesAsync("-c", cipher) : PassesAsync("-c", cipher, "-m", mac);

    [Fact]
    public async Task What_is_not_spoken_is_refused_with_a_reason()
    {
        (string Option, string Words, string[] Names)[] kinds =
        [
            ("KexAlgorithms=", "no matching key exchange method found", [.. AlgorithmGateway.Known("kex").Except(SshAlgorithms.KeyExchanges)]),
            ("Ciphers=", "no matching cipher found", [.. AlgorithmGateway.Known("cipher").Except(SshAlgorithms.Ciphers)]),
            ("Ciphers=aes128-ctr", "no matching MAC found", [.. AlgorithmGateway.Known("mac").Except(SshAlgorithms.Macs)]),
        ];
        foreach ((string option, string words, string[] names) in kinds)
        {
            Assert.NotEmpty(names);
            // A name that nobody has thought about is neither: the test says so when OpenSSH learns one.
            Assert.All(names, name => Assert.Contains(Refused, part => name.Contains(part, StringComparison.Ordinal)));
            foreach (string[] some in names.Chunk(4))
            {
                SshRun[] runs = await Task.WhenAll(some.Select(name => gateway.EchoAsync(
                    gateway.Megabyte, ["-o", "LogLevel=INFO", .. option.EndsWith('=') ? (string[])["-o", option + name] : ["-o", option, "-m", name]])));
                Assert.All(runs, run => Assert.Contains(words, run.Error, StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [InlineData("ssh-ed25519")]
    [InlineData("ecdsa-sha2-nistp256")]
    [InlineData("rsa-sha2-256")]
    [InlineData("rsa-sha2-512")]
    public Task Every_host_key(string name) => PassesAsync("-o", "HostKeyAlgorithms=" + name, "-o", "UserKnownHostsFile=" + gateway.At("known-" + name));

    [Theory]
    [InlineData("ed25519", "")]
    [InlineData("ecdsa-256", "")]
    [InlineData("ecdsa-384", "")]
    [InlineData("ecdsa-521", "")]
    [InlineData("rsa-3072", "rsa-sha2-256")]
    [InlineData("rsa-3072", "rsa-sha2-512")]
    public Task Every_user_key(string type, string signature) =>
        PassesAsync([.. Only(type), .. signature.Length == 0 ? (string[])[] : ["-o", "PubkeyAcceptedAlgorithms=" + signature]]);

    [Fact]
    public async Task A_signature_over_sha1_opens_nothing()
    {
        SshRun run = await gateway.EchoAsync(gateway.Megabyte, [.. Only("rsa-3072"), "-o", "PubkeyAcceptedAlgorithms=ssh-rsa"]);
        Assert.Contains("Permission denied", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compressed()
    {
        await PassesAsync("-C");
        string text = gateway.At("text");
        await File.WriteAllLinesAsync(text, Enumerable.Range(0, 200_000).Select(i => $"line {i}"));
        Passed(await gateway.EchoAsync(text, "-C"));
    }

    /// <summary>Some hundred key exchanges while data goes both ways.</summary>
    [Theory]
    [InlineData("aes128-gcm@openssh.com")]
    [InlineData("chacha20-poly1305@openssh.com")]
    public async Task New_keys_every_megabyte(string cipher)
    {
        string file = gateway.At("sixty-four-" + cipher);
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(64 << 20));
        Passed(await gateway.EchoAsync(file, "-c", cipher, "-o", "RekeyLimit=1M", "-o", "KexAlgorithms=curve25519-sha256"));
    }

    /// <summary>
    /// libssh2 before 1.11, which curl and PHP use, has no MAC over what is encrypted, and works where the others are allowed. It prefers ECDSA host keys.
    /// </summary>
    [Fact]
    public async Task Curl_with_an_old_libssh2()
    {
        byte[] content = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(gateway.At("up"), content);
        string hostKey = (await File.ReadAllTextAsync(gateway.Daemon.At("host-keys/ssh_host_ecdsa_key.pub"))).Split(' ')[1];
        string remote = gateway.Remote("curl");
        string[] curl = ["curl", "-sS", "--user", SshDaemon.User + ":", "--key", gateway.KeyFile("ecdsa-256"), "--hostpubsha256", Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(hostKey)))];
        string url = $"sftp://127.0.0.1:{gateway.Port}{remote}";
        SshRun up = await gateway.RunAsync([.. curl, "-T", gateway.At("up"), url]);
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        Assert.Equal(content, await File.ReadAllBytesAsync(remote));
        SshRun down = await gateway.RunAsync([.. curl, "-o", gateway.At("down"), url]);
        Assert.Equal((0, ""), (down.ExitCode, down.Error));
        Assert.Equal(content, await File.ReadAllBytesAsync(gateway.At("down")));
    }

    private string[] Only(string type) => ["-i", gateway.KeyFile(type), "-o", "IdentityFile=none"];

    private async Task PassesAsync(params string[] options) => Passed(await gateway.EchoAsync(gateway.Megabyte, options));

    private static void Passed(SshRun run) => Assert.Equal((0, "begun\n", ""), (run.ExitCode, run.Error, run.Output));
}
