using System.Collections.Immutable;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads what is under <c>ssh</c> of a listener.</summary>
internal static class SshListenerSection
{
    private const int MostMethods = 16;

    private const int MostNames = 64;

    private static readonly Dictionary<string, SshMethod> Methods = new(StringComparer.Ordinal)
    {
        ["publickey"] = SshMethod.PublicKey,
        ["password"] = SshMethod.Password,
        ["keyboard-interactive"] = SshMethod.KeyboardInteractive,
    };

    public static SshListenerConfig Read(YamlMap listener, ConfigFiles files)
    {
        if (listener.RequiredMap("ssh") is not { } map)
            return new SshListenerConfig { HostKeys = default };
        var config = new SshListenerConfig
        {
            HostKeys = files.Required(map, "host-keys"),
            HostCertificates = [.. map.Texts("host-certificates", maxCount: MostNames).Select(text => new ConfigPath(files.Absolute(text.Value), text.Mark))],
            HostNames = [.. map.Texts("host-names", 253, MostNames).Select(text => HostName(map, text))],
            Algorithms = SshAlgorithmsSection.Read(map),
            Methods = [.. map.Texts("methods", 256, MostMethods).Select(text => Sequence(map, text))],
        };
        ImmutableArray<HostKeyKind> kinds = [.. map.Words("host-key-types", KebabNames.Of<HostKeyKind>()).Distinct()];
        return kinds.IsEmpty ? config : config with { HostKeyKinds = kinds };
    }

    /// <summary>A host certificate's principal is compared whole: a pattern there would be a name that nobody asks for.</summary>
    private static string HostName(YamlMap map, YamlText text)
    {
        if (!HostPort.IsName(text.Value) && !System.Net.IPAddress.TryParse(text.Value, out _))
            map.Error("host-names", $"\"{text.Value}\" is no host name or address.");
        return text.Value;
    }

    /// <summary>Factors joined by '+': <c>publickey+keyboard-interactive</c>.</summary>
    private static ImmutableArray<SshMethod> Sequence(YamlMap map, YamlText text)
    {
        var factors = ImmutableArray.CreateBuilder<SshMethod>();
        foreach (string word in text.Value.Split('+'))
        {
            if (Methods.TryGetValue(word, out SshMethod method))
                factors.Add(method);
            else
                map.Error("methods", $"\"{word}\" is no way to log in: publickey, password, keyboard-interactive, several in sequence joined by '+'.", Nearest.Of(word, Methods.Keys));
        }

        return factors.ToImmutable();
    }
}
