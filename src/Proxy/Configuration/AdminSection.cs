using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin;

namespace Sallyport.Proxy.Configuration;

/// <summary>The admin API's listener, and who may do what there.</summary>
internal sealed record AdminConfig
{
    public required IPEndPoint Address { get; init; }

    /// <summary>Where people reach it: what a browser's Origin must be.</summary>
    public required Uri Url { get; init; }

    /// <summary>Certificate chain, leaf first (PEM); null: no TLS.</summary>
    public ConfigPath? Certificate { get; init; }

    /// <summary>Its private key (PEM).</summary>
    public ConfigPath? Key { get; init; }

    /// <summary>The groups that have each role.</summary>
    public required FrozenDictionary<AdminRole, FrozenSet<string>> Roles { get; init; }

    /// <summary>Sign-in by browser; null: tokens only.</summary>
    public AdminSignInConfig? SignIn { get; init; }

    /// <summary>Another, unauthenticated address for metrics alone, always loopback; null: <c>/metrics</c> needs a viewer.</summary>
    public IPEndPoint? Metrics { get; init; }

    /// <summary>Connections at a time.</summary>
    public int Connections { get; init; } = 200;

    /// <summary>Streams (live sessions, downloads, exports) at a time.</summary>
    public int Streams { get; init; } = 32;

    /// <summary>Longest time for one request that is no stream.</summary>
    public TimeSpan Request { get; init; } = TimeSpan.FromSeconds(30);

    public const string DefaultAudience = "sallyport-admin";
}

/// <summary>The admin API as a client of an OpenID Provider.</summary>
internal sealed record AdminSignInConfig
{
    /// <summary>The scope, beside <c>openid</c>, that a token for the admin API is asked for by.</summary>
    public string Scope { get; init; } = AdminConfig.DefaultAudience;

    /// <summary>The provider: its discovery document is looked for there.</summary>
    public required Uri Issuer { get; init; }

    /// <summary>A public client (RFC 7636) registered there.</summary>
    public required string Client { get; init; }

    /// <summary>Its secret, when it has one.</summary>
    public SecretReference? Secret { get; init; }
}

/// <summary>Reads <c>admin</c>.</summary>
internal static class AdminSection
{
    public static AdminConfig? Read(YamlMap document, ConfigFiles files)
    {
        if (document.Map("admin") is not { } map)
            return null;
        IPEndPoint? address = ListenAddress.Read(map, 7443);
        bool plaintext = ListenAddress.AllowsPlaintext(map, address, "The admin API", "address");
        (ConfigPath? certificate, ConfigPath? key) = ListenAddress.Tls(map, files);
        Uri? url = Url(map, plaintext, address);
        IPEndPoint? metrics = map.Map("metrics") is { } own ? ListenAddress.Read(own, 9464) : null;
        if (metrics is not null && !IPAddress.IsLoopback(metrics.Address))
            map.Error("metrics", $"{metrics.Address} is no loopback address: without authentication metrics are for this machine only.");
        FrozenDictionary<AdminRole, FrozenSet<string>> roles = Roles(map);
        var config = new AdminConfig
        {
            Address = address ?? new IPEndPoint(IPAddress.Loopback, 0),
            Url = url ?? new Uri("https://localhost"),
            Certificate = certificate,
            Key = key,
            Roles = roles,
            SignIn = SignIn(map, files),
            Metrics = metrics,
        };
        return map.Map("limits") is { } limits ? WithLimits(config, limits) : config;
    }

    private static AdminConfig WithLimits(AdminConfig config, YamlMap limits) => config with
    {
        Connections = limits.Int("connections", 1, 10_000) ?? config.Connections,
        Streams = limits.Int("streams", 1, 1_000) ?? config.Streams,
        Request = limits.Duration("request", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)) ?? config.Request,
    };

    private static FrozenDictionary<AdminRole, FrozenSet<string>> Roles(YamlMap map)
    {
        var roles = new Dictionary<AdminRole, FrozenSet<string>>();
        if (map.RequiredMap("roles") is { } given)
        {
            foreach ((string name, AdminRole role) in AdminRoles.ByName.OrderBy(pair => pair.Value))
            {
                ImmutableArray<string> groups = [.. given.Texts(name, 256, 256).Select(text => text.Value)];
                if (!groups.IsEmpty)
                    roles[role] = groups.ToFrozenSet(StringComparer.Ordinal);
            }
        }

        return roles.ToFrozenDictionary();
    }

    private static AdminSignInConfig? SignIn(YamlMap map, ConfigFiles files)
    {
        if (map.Map("sign-in") is not { } signIn)
            return null;
        string issuer = signIn.RequiredText("issuer", 1024);
        string client = signIn.RequiredText("client", 256);
        SecretReference? secret = signIn.Has("secret") ? Secrets.Read(signIn, "secret", files) : null;
        if (Uri.TryCreate(issuer, UriKind.Absolute, out Uri? address) && Identity.KeyFetcher.IsAcceptable(address))
            return new AdminSignInConfig { Issuer = address, Client = client, Secret = secret, Scope = signIn.Text("scope", 256) ?? AdminConfig.DefaultAudience };
        if (issuer.Length > 0)
            signIn.Error("issuer", $"\"{issuer}\" is no address of an OpenID Provider: https, or http on loopback.");
        return null;
    }

    private static Uri? Url(YamlMap map, bool plaintext, IPEndPoint? address)
    {
        string? text = map.Text("url", 1024);
        if (text is null)
        {
            // What nobody names is still what a browser on this machine would call it.
            return address is null ? null : new Uri($"{(plaintext ? "http" : "https")}://{address}");
        }

        bool good = Uri.TryCreate(text, UriKind.Absolute, out Uri? url)
            && (url.Scheme == Uri.UriSchemeHttps || (plaintext && url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && url.PathAndQuery == "/" && url.Fragment.Length == 0 && url.UserInfo.Length == 0;
        if (!good)
            map.Error("url", $"\"{text}\" is not an address such as https://sallyport.example:7443 (no path; http on loopback only).");
        return good ? url : null;
    }
}
