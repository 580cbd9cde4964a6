using System.Collections.Immutable;
using Sallyport.Contract;

namespace Sallyport.Proxy.Identity;

/// <summary>The rules one issuer's tokens are judged by.</summary>
internal sealed record IssuerRules
{
    /// <summary>Its name in the configuration.</summary>
    public required string Name { get; init; }

    /// <summary>The <c>iss</c> of its tokens, compared as a whole string.</summary>
    public required string Issuer { get; init; }

    /// <summary>One of these must be among the token's <c>aud</c>.</summary>
    public required ImmutableArray<string> Audiences { get; init; }

    /// <summary>Signature algorithms it may use: some of <see cref="TokenParts.Algorithms"/>.</summary>
    public ImmutableArray<string> Algorithms { get; init; } = ["RS256", "PS256", "ES256"];

    /// <summary>When not empty: <c>azp</c> (else <c>client_id</c>) must be one of these.</summary>
    public ImmutableArray<string> Parties { get; init; } = [];

    /// <summary>Where the parts of an identity are in its tokens.</summary>
    public ClaimNames Claims { get; init; } = new();

    /// <summary>The kind of a subject whose token does not say.</summary>
    public IdentityKind DefaultKind { get; init; }

    /// <summary>How far its clock and ours may differ.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time from issue to expiry; null: any.</summary>
    public TimeSpan? LongestLifetime { get; init; }
}

/// <summary>Names of the claims that make an identity.</summary>
internal sealed record ClaimNames
{
    public string Subject { get; init; } = "sub";

    public string Groups { get; init; } = "groups";

    public string Kind { get; init; } = "kind";

    public string ActingFor { get; init; } = "acting_for";
}

/// <summary>An issuer and its keys.</summary>
internal sealed record Issuer(IssuerRules Rules, IKeySource Keys);
