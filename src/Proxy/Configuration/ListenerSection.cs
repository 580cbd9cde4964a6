using System.Collections.Immutable;
using System.Net;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>listeners</c>.</summary>
internal static class ListenerSection
{
    private static readonly Dictionary<string, string> Protocols = new(StringComparer.Ordinal) { ["postgres"] = "postgres", ["ssh"] = "ssh", ["http"] = "http" };

    public static ImmutableArray<ListenerConfig> Read(YamlMap document, ConfigFiles files)
    {
        if (!document.Require("listeners"))
            return [];
        var names = new HashSet<string>(StringComparer.Ordinal);
        var listeners = ImmutableArray.CreateBuilder<ListenerConfig>();
        foreach (YamlMap map in document.Maps("listeners", 64))
        {
            if (Listener(map, files) is not { } listener)
                continue;
            if (!names.Add(listener.Name))
                map.Error("name", $"The name \"{listener.Name}\" is taken.");
            listeners.Add(listener);
        }

        return listeners.ToImmutable();
    }

    private static ListenerConfig? Listener(YamlMap map, ConfigFiles files)
    {
        string name = map.Require("name") ? ConfigReader.Name(map, "name") ?? "" : "";
        string protocol = map.Require("protocol") && map.TryWord("protocol", Protocols, out string? word) ? word : "";
        IPEndPoint? address = ListenAddress.Read(map, protocol switch { "ssh" => 2222, "http" => 8443, _ => 6432 });
        if (protocol == "ssh")
        {
            SshListenerConfig ssh = SshListenerSection.Read(map, files);
            return address is null ? null : new ListenerConfig { Name = name, Address = address, Ssh = ssh };
        }

        bool plaintext = ListenAddress.AllowsPlaintext(map, address, "A listener", "name");
        (ConfigPath? certificate, ConfigPath? key) = ListenAddress.Tls(map, files);
        ConfigPath? clientAuthority = map.Map("tls") is { } tls ? files.Optional(tls, "client-ca") : null;
        if (plaintext && clientAuthority is not null)
            map.Error("plaintext", "Who comes unencrypted shows no certificate: leave out \"plaintext\", or \"client-ca\".");
        HttpListenerConfig? http = protocol == "http" ? HttpListenerSection.Read(map, plaintext) : null;
        return address is null ? null : new ListenerConfig
        {
            Name = name,
            Address = address,
            Certificate = certificate,
            Key = key,
            ClientAuthority = clientAuthority,
            Plaintext = plaintext,
            Http = http,
        };
    }
}
