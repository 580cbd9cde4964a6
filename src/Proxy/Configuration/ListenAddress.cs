using System.Net;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads where something listens, and by what certificate: the same for clients, the broker and the admin API.</summary>
internal static class ListenAddress
{
    private static readonly Dictionary<string, bool> Plaintext = new(StringComparer.Ordinal) { ["never"] = false, ["loopback-only"] = true };

    /// <summary>An address, not a name: what a name means can change, and with it who can connect.</summary>
    /// <param name="example">A port for the message.</param>
    public static IPEndPoint? Read(YamlMap map, int example)
    {
        string text = map.RequiredText("address");
        if (text.Length == 0)
            return null;
        if (HostPort.TryParse(text, lowest: 0, out HostPort at) && IPAddress.TryParse(at.Host, out IPAddress? address))
            return new IPEndPoint(address, at.Port);
        map.Error("address", $"\"{text}\" is not an address and port, such as 127.0.0.1:{example} or [::]:{example}.");
        return null;
    }

    /// <summary>Certificate chain and private key (PEM), under <c>tls</c>; null where that is not there.</summary>
    public static (ConfigPath? Certificate, ConfigPath? Key) Tls(YamlMap map, ConfigFiles files) =>
        map.Map("tls") is { } tls ? (files.Required(tls, "certificate"), files.Required(tls, "key")) : (null, null);

    /// <summary>True: tokens may come unencrypted, which must be said and is for loopback addresses only. Without it there must be <c>tls</c>.</summary>
    /// <param name="what">What listens, as the beginning of a sentence.</param>
    /// <param name="place">The key at which its lack is told.</param>
    public static bool AllowsPlaintext(YamlMap map, IPEndPoint? address, string what, string place)
    {
        bool plaintext = map.TryWord("plaintext", Plaintext, out bool allowed) && allowed;
        if (plaintext && address is not null && !IPAddress.IsLoopback(address.Address))
            map.Error("plaintext", $"{address.Address} is no loopback address: tokens would cross a network unencrypted.");
        if (!plaintext && !map.Has("tls"))
            map.Error(place, $"{what} needs \"tls\", or, on a loopback address only, \"plaintext: loopback-only\".");
        return plaintext;
    }
}
