using System.Net;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>The broker: the OpenID Provider of this daemon.</summary>
internal sealed record BrokerConfig
{
    /// <summary>The path of the issuer. Everything else of the broker is beside it.</summary>
    public const string IssuerPath = "/oidc";

    /// <summary>Longest life of an access token: it is verified offline, so this bounds how long a wrong one lives where revocation does not reach.</summary>
    public static readonly TimeSpan LongestToken = TimeSpan.FromHours(1);

    public required IPEndPoint Address { get; init; }

    /// <summary>Where browsers and clients reach it: scheme, host and port, no path.</summary>
    public required Uri Url { get; init; }

    /// <summary>Certificate chain, leaf first (PEM); null: no TLS, on loopback only.</summary>
    public ConfigPath? Certificate { get; init; }

    public ConfigPath? Key { get; init; }

    /// <summary><c>aud</c> of tokens for targets.</summary>
    public string Audience { get; init; } = "sallyport";

    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    public TimeSpan RefreshLifetime { get; init; } = TimeSpan.FromHours(12);

    public TimeSpan LoginLifetime { get; init; } = TimeSpan.FromHours(12);

    public LockoutConfig Lockout { get; init; } = new();

    /// <summary>The providers that persons log in through, beside the users kept here.</summary>
    public System.Collections.Immutable.ImmutableArray<ProviderConfig> Providers { get; init; } = [];

    /// <summary><c>aud</c> of tokens for the admin API.</summary>
    public string AdminAudience => Audience + "-admin";

    /// <summary>
    /// <c>iss</c>, to the letter. It has a path because a URI without one is written with a slash at its end by some and without by others, and issuers are
    /// compared as texts: libpq takes the issuer to be the discovery address less its well-known part, which ends in no slash.
    /// </summary>
    public string Issuer => At(IssuerPath);

    /// <summary>Where clients find out the rest (OpenID Connect Discovery 1.0 4).</summary>
    public string DiscoveryUrl => Issuer + "/.well-known/openid-configuration";

    /// <summary>An address of the broker.</summary>
    public string At(string path) => Url.GetLeftPart(UriPartial.Authority) + path;
}

/// <summary>What happens after wrong passwords.</summary>
internal sealed record LockoutConfig
{
    /// <summary>Wrong ones in a row that a user may have before waiting.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>… and a source, whatever users it names. Many people may share one.</summary>
    public int AttemptsPerSource { get; init; } = 20;

    /// <summary>The first wait; each further wrong one doubles it.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest wait. Whoever knows a name can make its owner wait: it must stay bearable.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromMinutes(15);
}

/// <summary>Reads <c>broker</c>.</summary>
internal static class BrokerSection
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>Null when there is none, or it is wrong.</summary>
    public static BrokerConfig? Read(YamlMap document, ConfigFiles files)
    {
        if (document.Map("broker") is not { } map)
            return null;
        var defaults = new BrokerConfig { Address = new IPEndPoint(IPAddress.Loopback, 0), Url = new Uri("https://invalid.example") };
        IPEndPoint? address = ListenAddress.Read(map, 8443);
        Uri? url = Url(map);
        YamlMap? tls = map.Map("tls");
        (ConfigPath? certificate, ConfigPath? key) = ListenAddress.Tls(map, files);
        if (tls is null && address is not null && !IPAddress.IsLoopback(address.Address))
            map.Error("address", "The broker needs \"tls\" here: without it, it may listen on a loopback address only.");
        if (tls is not null && url is { Scheme: "http" })
            map.Error("url", "With \"tls\" the url begins with https.");
        string audience = map.Text("audience", 64) ?? defaults.Audience;
        if (!ConfigReader.IsName(audience))
            map.Error("audience", "\"audience\" must be letters, digits, '-', '_' or '.'.");
        var config = defaults with
        {
            Address = address ?? defaults.Address,
            Url = url ?? defaults.Url,
            Certificate = certificate,
            Key = key,
            Audience = audience,
            TokenLifetime = map.Duration("token-lifetime", Minute, BrokerConfig.LongestToken) ?? defaults.TokenLifetime,
            RefreshLifetime = map.Duration("refresh-lifetime", Minute, TimeSpan.FromDays(30)) ?? defaults.RefreshLifetime,
            LoginLifetime = map.Duration("login-lifetime", Minute, TimeSpan.FromDays(7)) ?? defaults.LoginLifetime,
            Providers = ProvidersSection.Read(map, files),
            Lockout = map.Map("lockout") is { } lockout ? Lockout(lockout) : defaults.Lockout,
        };
        return address is null || url is null ? null : config;
    }

    private static LockoutConfig Lockout(YamlMap map)
    {
        var defaults = new LockoutConfig();
        return new LockoutConfig
        {
            Attempts = map.Int("attempts", 1, 100) ?? defaults.Attempts,
            AttemptsPerSource = map.Int("attempts-per-source", 1, 10_000) ?? defaults.AttemptsPerSource,
            Wait = map.Duration("wait", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)) ?? defaults.Wait,
            LongestWait = map.Duration("longest-wait", TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)) ?? defaults.LongestWait,
        };
    }

    private static Uri? Url(YamlMap map)
    {
        string text = map.RequiredText("url", 256);
        if (text.Length == 0)
            return null;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
            && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
        {
            return url;
        }

        map.Error("url", $"\"{text}\" is no address for the broker: https, or http on loopback, without a path, such as https://id.example.com.");
        return null;
    }
}
