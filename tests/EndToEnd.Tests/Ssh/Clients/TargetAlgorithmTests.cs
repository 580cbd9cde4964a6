using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>Targets that leave no choice are spoken to in what they have, by a gateway with its defaults.</summary>
[Collection(ClientGateways.Name)]
public sealed class TargetAlgorithmTests(ClientGateway gateway)
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
        SshDaemon daemon = gateway.Daemon;
        string config = await File.ReadAllTextAsync(daemon.ConfigFile);
        string Port(SshServer of) => "127.0.0.1:" + of.Port.ToString(CultureInfo.InvariantCulture);
        daemon.Write("sallyport.yaml", config.Replace(Port(gateway.Server), Port(server), StringComparison.Ordinal)
            .Replace(gateway.Server.KnownHostsFile, server.KnownHostsFile, StringComparison.Ordinal)
            .Replace(gateway.Server.CredentialFile, server.CredentialFile, StringComparison.Ordinal));
        try
        {
            await daemon.ReloadAsync();
            string text = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n"));
            SshRun run = await daemon.SshAsync(text, [SshDaemon.User + "@127.0.0.1", "cat; echo $SSH_CONNECTION >&2"]);
            Assert.Equal((0, text), (run.ExitCode, run.Output));
            Assert.EndsWith($" {server.Port}\n", run.Error, StringComparison.Ordinal);
        }
        finally
        {
            daemon.Write("sallyport.yaml", config);
            await daemon.ReloadAsync();
        }
    }
}
