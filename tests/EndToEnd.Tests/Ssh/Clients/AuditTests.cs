using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>What ssh-audit says of a gateway with its defaults.</summary>
[Collection(ClientGateways.Name)]
public sealed class AuditTests(ClientGateway gateway)
{
    /// <summary>What is younger than ssh-audit 2.5 (Debian 12), and what it took for an experiment then; later versions know and recommend them.</summary>
    private static readonly string[] TooYoung =
    [
        "(kex) mlkem768x25519-sha256 -- [warn] unknown algorithm",
        "(kex) sntrup761x25519-sha512 -- [warn] unknown algorithm",
        "(kex) sntrup761x25519-sha512@openssh.com -- [warn] using experimental algorithm",
        "(kex) kex-strict-s-v00@openssh.com -- [warn] unknown algorithm",
    ];

    [Fact]
    public async Task It_warns_of_nothing_but_what_is_younger_than_it()
    {
        SshRun run = await gateway.RunAsync(["ssh-audit", "-n", "-t", "20", "127.0.0.1:" + gateway.Port]);
        Assert.Equal("", run.Error);
        string[] lines = [.. run.Output.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Contains(lines, line => line.StartsWith("(enc) aes256-gcm@openssh.com -- [info]", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("(key) ssh-ed25519 -- [info]", StringComparison.Ordinal));
        Assert.Empty(lines.Where(line => line.Contains("[warn]", StringComparison.Ordinal) || line.Contains("[fail]", StringComparison.Ordinal)).Except(TooYoung));
    }
}
