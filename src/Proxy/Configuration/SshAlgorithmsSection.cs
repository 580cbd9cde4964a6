using System.Collections.Immutable;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>algorithms</c> of SSH listeners and targets: names as they are on the wire, in order of preference.</summary>
internal static class SshAlgorithmsSection
{
    private static readonly string[] KeyExchanges =
    [
        "mlkem768x25519-sha256", "sntrup761x25519-sha512", "sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521", "diffie-hellman-group-exchange-sha256", "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
    ];

    private static readonly string[] Ciphers = ["chacha20-poly1305@openssh.com", "aes256-gcm@openssh.com", "aes128-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr"];

    private static readonly string[] Macs = ["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"];

    private static readonly string[] Keys =
        ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"];

    private static readonly string[] FidoKeys = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];

    public static SshAlgorithmsConfig Read(YamlMap map) => map.Map("algorithms") is { } own
        ? new SshAlgorithmsConfig
        {
            KeyExchanges = Names(own.Words("kex", Words(KeyExchanges))),
            Ciphers = Names(own.Words("ciphers", Words(Ciphers))),
            Macs = Names(own.Words("macs", Words(Macs))),
            HostKeys = Names(own.Words("host-key", Words(Keys))),
            PublicKeys = Names(own.Words("public-key", Words([.. Keys, .. FidoKeys]))),
        }
        : new SshAlgorithmsConfig();

    private static Dictionary<string, string> Words(string[] names) => names.ToDictionary(name => name, StringComparer.Ordinal);

    private static ImmutableArray<string> Names(IReadOnlyList<string> names) => [.. names.Distinct(StringComparer.Ordinal)];
}
