using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Clients;

/// <summary>A gateway with its defaults; beside the target that takes everything there are some that take one thing only.</summary>
public sealed class ClientGateway() : SshGateway("")
{
    private readonly List<SshServer> _narrow = [];

    /// <summary>What those targets take: host key, key exchange, cipher, MAC.</summary>
    public static IReadOnlyList<(string HostKey, string Kex, string Cipher, string Mac)> Narrow { get; } =
    [
        ("ssh-ed25519", "curve25519-sha256", "chacha20-poly1305@openssh.com", "hmac-sha2-256"),
        ("rsa-sha2-256", "diffie-hellman-group16-sha512", "aes256-ctr", "hmac-sha2-512-etm@openssh.com"),
        ("rsa-sha2-512", "sntrup761x25519-sha512@openssh.com", "aes128-ctr", "hmac-sha2-256-etm@openssh.com"),
    ];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (SshServer server in _narrow)
            await server.DisposeAsync();
    }

    protected override async Task<string> TargetsAsync()
    {
        string targets = "";
        foreach ((string hostKey, string kex, string cipher, string mac) in Narrow)
        {
            SshServer server = await SshServer.StartAsync($"""
                HostKeyAlgorithms {hostKey}
                KexAlgorithms {kex}
                Ciphers {cipher}
                MACs {mac}
                """);
            targets += $$"""
                narrow-{{_narrow.Count}}:
                  protocol: ssh
                  address: 127.0.0.1:{{server.Port}}
                  credential: { private-key: { file: {{server.CredentialFile}} } }
                  host-keys: { known-hosts: {{server.KnownHostsFile}} }

                """;
            _narrow.Add(server);
        }

        return targets;
    }
}

[CollectionDefinition(Name)]
public sealed class ClientGateways : ICollectionFixture<ClientGateway>
{
    public const string Name = "ssh clients";
}
