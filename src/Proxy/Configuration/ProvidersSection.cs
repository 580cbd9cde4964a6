using System.Collections.Immutable;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Federation;

namespace Sallyport.Proxy.Configuration;

/// <summary>A provider that persons log in through: one of the two kinds.</summary>
/// <param name="Name">In our addresses, and in subjects.</param>
/// <param name="DisplayName">On the login page.</param>
/// <param name="Oidc">An OpenID provider.</param>
/// <param name="Saml">A SAML identity provider.</param>
internal sealed record ProviderConfig(string Name, string DisplayName, OidcSettings? Oidc, SamlConfig? Saml);

/// <summary>A SAML identity provider, as configured.</summary>
internal sealed record SamlConfig
{
    /// <summary>Its metadata document.</summary>
    public required ConfigPath Metadata { get; init; }

    /// <summary>Our certificate and key (PEM) for signing requests and decrypting assertions.</summary>
    public required ConfigPath Certificate { get; init; }

    public required ConfigPath Key { get; init; }

    public string? SubjectAttribute { get; init; }

    public string? EmailAttribute { get; init; }

    public string? NameAttribute { get; init; }

    public string GroupsAttribute { get; init; } = "groups";

    public bool AllowUnsolicited { get; init; }

    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Reads <c>broker.providers</c>.</summary>
internal static class ProvidersSection
{
    private const int Most = 32;

    private static readonly Dictionary<string, string> Algorithms = TokenParts.Algorithms.ToDictionary(a => a, StringComparer.Ordinal);

    private static readonly Dictionary<string, bool> Kinds = new(StringComparer.Ordinal) { ["oidc"] = true, ["saml"] = false };

    public static ImmutableArray<ProviderConfig> Read(YamlMap broker, ConfigFiles files)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var providers = ImmutableArray.CreateBuilder<ProviderConfig>();
        foreach (YamlMap map in broker.Maps("providers", Most))
        {
            string name = map.Require("name") ? ConfigReader.Name(map, "name") ?? "" : "";
            if (name.Length > 0 && !names.Add(name))
                map.Error("name", $"The name \"{name}\" is taken.");
            bool known = map.Require("type") & map.TryWord("type", Kinds, out bool oidc);
            string display = map.Text("display-name", 100) ?? name;
            if (known)
                providers.Add(oidc ? new ProviderConfig(name, display, Oidc(map, name, files), null) : new ProviderConfig(name, display, null, Saml(map, files)));
        }

        return providers.ToImmutable();
    }

    private static OidcSettings Oidc(YamlMap map, string name, ConfigFiles files)
    {
        string issuer = map.RequiredText("issuer", TokenParts.LongestName);
        if (issuer.Length > 0 && !(Uri.TryCreate(issuer, UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address) && address.Query.Length == 0 && address.Fragment.Length == 0))
            map.Error("issuer", $"\"{issuer}\" is no issuer: https, or http on loopback, without query.");
        var settings = new OidcSettings
        {
            Name = name,
            Issuer = issuer,
            ClientId = map.RequiredText("client-id", 256),
            ClientSecret = map.Has("client-secret") ? Secrets.Read(map, "client-secret", files) : null,
            UserInfo = map.Bool("userinfo") ?? false,
            Domains = [.. map.Texts("domains", 253, 64).Select(text => text.Value)],
            Recheck = map.Duration("recheck", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
        };
        ImmutableArray<string> scopes = [.. map.Texts("scopes", 128, 32).Select(text => text.Value)];
        ImmutableArray<string> algorithms = [.. map.Words("algorithms", Algorithms)];
        if (!scopes.IsEmpty && !scopes.Contains("openid"))
            map.Error("scopes", "\"scopes\" must hold openid: without it the provider says nothing of the person.");
        if (settings.Recheck is not null && !scopes.Contains("offline_access"))
            map.Error("recheck", "\"recheck\" needs the scope offline_access: without it the provider gives nothing to ask again with.");
        return settings with
        {
            Scopes = scopes.IsEmpty ? settings.Scopes : scopes,
            Algorithms = algorithms.IsEmpty ? settings.Algorithms : algorithms,
            GroupsClaim = map.Text("groups-claim", 128) ?? settings.GroupsClaim,
            ClockSkew = map.Duration("clock-skew", TimeSpan.Zero, TimeSpan.FromMinutes(5)) ?? settings.ClockSkew,
        };
    }

    private static SamlConfig Saml(YamlMap map, ConfigFiles files)
    {
        var saml = new SamlConfig
        {
            Metadata = files.Required(map, "metadata"),
            Certificate = files.Required(map, "certificate"),
            Key = files.Required(map, "key"),
            SubjectAttribute = map.Text("subject-attribute", 256),
            EmailAttribute = map.Text("email-attribute", 256),
            NameAttribute = map.Text("name-attribute", 256),
            AllowUnsolicited = map.Bool("idp-initiated") ?? false,
        };
        return saml with
        {
            GroupsAttribute = map.Text("groups-attribute", 256) ?? saml.GroupsAttribute,
            ClockSkew = map.Duration("clock-skew", TimeSpan.Zero, TimeSpan.FromMinutes(5)) ?? saml.ClockSkew,
        };
    }
}
