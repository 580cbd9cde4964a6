using System.Collections.Immutable;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;

namespace Sallyport.Proxy.Configuration;

/// <summary>Reads <c>identity</c>.</summary>
internal static class IdentitySection
{
    /// <summary>A token that outlives this is no short-lived token, whatever an issuer says.</summary>
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(366);

    private static readonly TimeSpan LocalLifetime = TimeSpan.FromHours(24);

    private static readonly Dictionary<string, string> Algorithms = TokenParts.Algorithms.ToDictionary(a => a, StringComparer.Ordinal);

    public static (ImmutableArray<IssuerConfig> Issuers, LocalIssuerConfig? Local) Read(YamlMap document, ConfigFiles files)
    {
        // With a broker people can log in, so that no other issuer is needed.
        bool broker = document.Has("broker");
        if ((broker ? document.Map("identity") : document.RequiredMap("identity")) is not { } identity)
            return ([], null);
        var issuers = new List<IssuerConfig>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.Ordinal) { LocalIssuerConfig.Name };
        LocalIssuerConfig? local = identity.Map("local") is { } map ? Local(map, files) : null;
        if (local is not null)
            seen.Add(local.Rules.Issuer);
        foreach (YamlMap issuer in identity.Maps("issuers", 64))
        {
            IssuerConfig read = Issuer(issuer, files);
            if (read.Rules.Issuer.Length > 0 && !seen.Add(read.Rules.Issuer))
                issuer.Error("issuer", "This issuer is configured twice: its tokens could be judged by either.");
            if (read.Rules.Name.Length > 0 && !names.Add(read.Rules.Name))
                issuer.Error("name", $"The name \"{read.Rules.Name}\" is taken.");
            issuers.Add(read);
        }

        if (!broker && issuers.Count == 0 && !identity.Has("issuers") && !identity.Has("local"))
            document.Error("identity", "Nobody could log in: name an issuer under \"issuers\", or a \"local\" one, or have a \"broker\".");
        return ([.. issuers], local);
    }

    private static IssuerConfig Issuer(YamlMap map, ConfigFiles files)
    {
        IssuerRules rules = Rules(map, map.Require("name") ? ConfigReader.Name(map, "name") ?? "" : "");
        ImmutableArray<string> algorithms = [.. map.Words("algorithms", Algorithms)];
        rules = rules with
        {
            Algorithms = algorithms.IsEmpty ? rules.Algorithms : algorithms,
            Audiences = Audiences(map, required: true),
            Parties = [.. map.Texts("authorized-parties", TokenParts.LongestName, 64).Select(text => text.Value)],
            Claims = map.Map("claims") is { } claims ? ClaimNamesOf(claims, rules.Claims) : rules.Claims,
            DefaultKind = map.Enum<IdentityKind>("kind") ?? rules.DefaultKind,
            FixedKind = map.Enum<IdentityKind>("kind-always"),
            GroupsAlways = [.. map.Texts("groups-always", TokenParts.LongestName, 64).Select(text => text.Value)],
            Required = map.Map("require") is { } required ? Required(required) : [],
            Delegation = map.Bool("delegation") ?? false,
            AccessTokensOnly = map.Bool("access-tokens-only") ?? false,
            ClockSkew = map.Duration("clock-skew", TimeSpan.Zero, TimeSpan.FromMinutes(5)) ?? rules.ClockSkew,
        };
        return Keys(map, rules, files);
    }

    private static LocalIssuerConfig Local(YamlMap map, ConfigFiles files)
    {
        IssuerRules rules = Rules(map, LocalIssuerConfig.Name);
        ImmutableArray<string> audiences = Audiences(map, required: false);
        return new LocalIssuerConfig(
            rules with
            {
                Audiences = audiences.IsEmpty ? ["sallyport"] : audiences,
                Algorithms = ["ES256"],
                LongestLifetime = rules.LongestLifetime ?? LocalLifetime,
            },
            files.Required(map, "key"));
    }

    private static IssuerRules Rules(YamlMap map, string name) => new()
    {
        Name = name,
        Issuer = map.RequiredText("issuer", TokenParts.LongestName),
        Audiences = [],
        LongestLifetime = map.Duration("max-lifetime", TimeSpan.FromMinutes(1), LongestLifetime),
    };

    private static ImmutableArray<string> Audiences(YamlMap map, bool required)
    {
        if (required && !map.Require("audience"))
            return [];
        ImmutableArray<string> audiences = [.. map.Texts("audience", TokenParts.LongestName, 16).Select(text => text.Value)];
        if (audiences.FirstOrDefault(audience => audiences.Contains(audience + DaemonLogin.AdminAudienceSuffix)) is { } twice)
            map.Error("audience", $"\"{twice}{DaemonLogin.AdminAudienceSuffix}\" is the audience of the admin API beside \"{twice}\": a token for targets would open it.");
        return audiences;
    }

    private static ClaimNames ClaimNamesOf(YamlMap map, ClaimNames defaults)
    {
        string subject = map.Text("subject", 256) ?? defaults.Subject;
        return new ClaimNames
        {
            Subject = subject,
            SubjectTemplate = SubjectTemplate.IsTemplate(subject) ? Template(map, subject) : null,
            Groups = map.Text("groups", 128) ?? defaults.Groups,
            Kind = map.Text("kind", 128) ?? defaults.Kind,
            ActingFor = map.Text("acting-for", 128) ?? defaults.ActingFor,
        };
    }

    private static SubjectTemplate? Template(YamlMap map, string text)
    {
        try
        {
            return SubjectTemplate.Parse(text);
        }
        catch (FormatException wrong)
        {
            map.Error("subject", $"\"{text}\" is no subject: {wrong.Message}.");
            return null;
        }
    }

    /// <summary>Claims and what they must be: one value, or any of several.</summary>
    private static ImmutableArray<RequiredClaim> Required(YamlMap map)
    {
        if (map.Keys.Count is 0 or > 64)
            map.Error("require", "\"require\" must name 1 to 64 claims.");
        return [.. map.Keys.ToArray().Take(64).Select(key =>
            new RequiredClaim(key.Value, [.. map.Texts(key.Value, TokenParts.LongestName, 64).Select(text => text.Value)]))];
    }

    /// <summary>Where the keys are: <c>jwks</c> with one of discovery, url, file. Without it: discovery at the issuer itself.</summary>
    private static IssuerConfig Keys(YamlMap map, IssuerRules rules, ConfigFiles files)
    {
        if (!map.Has("jwks"))
            return new IssuerConfig(rules, null, rules.Issuer.Length == 0 ? null : Address(map, "issuer", rules.Issuer), Discover: true);
        if (map.Map("jwks") is not { } jwks)
            return new IssuerConfig(rules, null, null, Discover: false);

        ConfigPath? file = files.Optional(jwks, "file");
        string? discovery = jwks.Text("discovery");
        string? url = jwks.Text("url");
        if ((file is null ? 0 : 1) + (discovery is null ? 0 : 1) + (url is null ? 0 : 1) != 1)
            map.Error("jwks", "\"jwks\" must have exactly one of discovery, url, file.");
        Uri? address = discovery is not null ? Address(jwks, "discovery", discovery) : url is not null ? Address(jwks, "url", url) : null;
        return new IssuerConfig(rules, file, address, Discover: discovery is not null);
    }

    private static Uri? Address(YamlMap map, string key, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && KeyFetcher.IsAcceptable(address))
            return address;
        map.Error(key, $"\"{text}\" is no address to fetch keys from: https, or http on loopback. For keys in a file write \"jwks\" with \"file\".");
        return null;
    }
}
