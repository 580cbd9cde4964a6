using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>What a listener for HTTP has beside its address and TLS.</summary>
internal sealed record HttpListenerConfig
{
    /// <summary>Where people reach it, for <c>sallyport kubeconfig</c>; null: the host they know the gateway by, and the listener's port.</summary>
    public Uri? Url { get; init; }

    /// <summary>How long a held request waits with its stream open, before it is told where it can be approved and when to come again.</summary>
    public TimeSpan HoldWait { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Reads what a listener of protocol http has of its own.</summary>
internal static class HttpListenerSection
{
    public static HttpListenerConfig Read(YamlMap map, bool plaintext)
    {
        var config = new HttpListenerConfig { Url = Url(map, plaintext) };
        return config with { HoldWait = map.Duration("hold-wait", TimeSpan.Zero, TimeSpan.FromHours(1)) ?? config.HoldWait };
    }

    private static Uri? Url(YamlMap map, bool plaintext)
    {
        if (map.Text("url", 1024) is not { } text)
            return null;
        bool good = Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
            && (url.Scheme == Uri.UriSchemeHttps || (plaintext && url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && url.PathAndQuery == "/" && url.Fragment.Length == 0 && url.UserInfo.Length == 0;
        if (!good)
            map.Error("url", $"\"{text}\" is not an address such as https://gate.example:8443 (no path; http on loopback only).");
        return good ? url : null;
    }
}
