using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>Targets that leave no choice are spoken to in what they have, by a gateway with its defaults.</summary>
public sealed class TargetAlgorithmTests
{
    [Theory]
    [InlineData("ssh-ed25519", "curve25519-sha256", "chacha20-poly1305@openssh.com", "hmac-sha2-256")]
    [InlineData("rsa-sha2-256", "diffie-hellman-group16-sha512", "aes256-ctr", "hmac-sha2-512-etm@openssh.com")]
    [InlineData("rsa-sha2-512", "sntrup761x25519-sha512@openssh.com", "aes128-ctr", "hmac-sha2-256-etm@openssh.com")]
    public async Task Host_key_key_exchange_cipher_and_mac(string hostKey, string kex, string cipher, string mac)
    {
        await using SshServer server = await SshServer.StartAsync($"""
            HostKeyAlgorithms {hostKey}
            KexAlgorithms {kex}
            Ciphers {cipher}
            MACs {mac}
            """);
        await using SshDaemon daemon = await SshDaemon.StartAsync(server, SshPolicies.AllowAll);
        string text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n"));
        SshRun run = await daemon.SshAsync(text, [SshDaemon.User + "@127.0.0.1", "cat"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(text, run.Output);
    }
}
