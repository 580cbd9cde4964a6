using System.Collections.Immutable;
using System.Net;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>listeners</c>.</summary>
internal static class ListenerSection
{
    private static readonly Dictionary<string, bool> Plaintext = new(StringComparer.Ordinal) { ["never"] = false, ["loopback-only"] = true };

    private static readonly Dictionary<string, string> Protocols = new(StringComparer.Ordinal) { ["postgres"] = "postgres" };

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
        if (map.Require("protocol"))
            map.TryWord("protocol", Protocols, out _);
        IPEndPoint? address = Address(map);
        bool plaintext = map.TryWord("plaintext", Plaintext, out bool allowed) && allowed;
        if (plaintext && address is not null && !IPAddress.IsLoopback(address.Address))
            map.Error("plaintext", $"{address.Address} is no loopback address: tokens would cross a network unencrypted.");

        YamlMap? tls = map.Map("tls");
        ConfigPath? certificate = tls is null ? null : files.Required(tls, "certificate");
        ConfigPath? key = tls is null ? null : files.Required(tls, "key");
        if (tls is null && !plaintext && !map.Has("tls"))
            map.Error("name", "A listener needs \"tls\", or, on a loopback address only, \"plaintext: loopback-only\".");
        return address is null ? null : new ListenerConfig { Name = name, Address = address, Certificate = certificate, Key = key, Plaintext = plaintext };
    }

    /// <summary>An address, not a name: what a name means can change, and with it who can connect.</summary>
    private static IPEndPoint? Address(YamlMap map)
    {
        string text = map.RequiredText("address");
        if (text.Length == 0)
            return null;
        if (HostPort.TryParse(text, lowest: 0, out HostPort at) && IPAddress.TryParse(at.Host, out IPAddress? address))
            return new IPEndPoint(address, at.Port);
        map.Error("address", $"\"{text}\" is not an address and port, such as 127.0.0.1:6432 or [::]:6432.");
        return null;
    }
}
