using System.Collections.Immutable;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>algorithms</c> of an SSH listener: names as they are on the wire, in order of preference. Key types are named without their certificates.</summary>
internal static class SshAlgorithmsSection
{
    public static SshAlgorithmsConfig Read(YamlMap map) => map.Map("algorithms") is { } own
        ? new SshAlgorithmsConfig
        {
            KeyExchanges = Names(own.Words("kex", Words(SshAlgorithms.KeyExchanges))),
            Ciphers = Names(own.Words("ciphers", Words(SshAlgorithms.Ciphers))),
            Macs = Names(own.Words("macs", Words(SshAlgorithms.Macs))),
            HostKeys = Names(own.Words("host-key", Words(Plain(SshAlgorithms.HostKeys)))),
            PublicKeys = Names(own.Words("public-key", Words(Plain(SshTransportOptions.Default.UserSignatures)))),
        }
        : new SshAlgorithmsConfig();

    private static IEnumerable<string> Plain(IEnumerable<string> names) => names.Where(name => !Protocols.Ssh.Keys.SshKeyTypes.IsCertificate(name));

    private static Dictionary<string, string> Words(IEnumerable<string> names) => names.ToDictionary(name => name, StringComparer.Ordinal);

    private static ImmutableArray<string> Names(IReadOnlyList<string> names) => [.. names.Distinct(StringComparer.Ordinal)];
}
