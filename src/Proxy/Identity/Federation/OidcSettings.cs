using System.Collections.Immutable;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>An OpenID provider that persons log in through.</summary>
internal sealed record OidcSettings
{
    /// <summary>Its name in the configuration, and in our addresses.</summary>
    public required string Name { get; init; }

    /// <summary>Its issuer identifier, exactly.</summary>
    public required string Issuer { get; init; }

    public required string ClientId { get; init; }

    /// <summary>Null: we are a public client there.</summary>
    public SecretReference? ClientSecret { get; init; }

    public ImmutableArray<string> Scopes { get; init; } = ["openid", "profile", "email"];

    /// <summary>The claim that lists groups.</summary>
    public string GroupsClaim { get; init; } = "groups";

    /// <summary>True: claims are also fetched from the UserInfo endpoint (OpenID Connect Core 1.0, 5.3).</summary>
    public bool UserInfo { get; init; }

    /// <summary>Domains of the e-mail addresses that may log in; empty: any, and addresses are not asked for.</summary>
    public ImmutableArray<string> Domains { get; init; } = [];

    /// <summary>Signature algorithms it may use.</summary>
    public ImmutableArray<string> Algorithms { get; init; } = ["RS256", "PS256", "ES256"];

    /// <summary>How often the groups of persons with a live login are asked for again; null: never.</summary>
    public TimeSpan? Recheck { get; init; }

    /// <summary>How far its clock and ours may differ.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(60);
}
