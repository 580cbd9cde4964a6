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

    /// <summary>The kind of every subject, whatever its token says; null: the token may say.</summary>
    public IdentityKind? FixedKind { get; init; }

    /// <summary>Groups that every subject has beside those its token names.</summary>
    public ImmutableArray<string> GroupsAlways { get; init; } = [];

    /// <summary>What its tokens must say to be taken at all.</summary>
    public ImmutableArray<RequiredClaim> Required { get; init; } = [];

    /// <summary>Delegation (<c>act</c>, RFC 8693 4.1) is believed: this issuer says in it who acts, and only for those who may.</summary>
    public bool Delegation { get; init; }

    /// <summary>Only tokens that say they are access tokens (<c>typ: at+jwt</c>, RFC 9068 2.1): this issuer signs others with the same keys.</summary>
    public bool AccessTokensOnly { get; init; }

    /// <summary>How far its clock and ours may differ.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time from issue to expiry; null: any.</summary>
    public TimeSpan? LongestLifetime { get; init; }
}

/// <summary>A claim that must have one of some values.</summary>
/// <param name="Path">Where it is (<see cref="ClaimPath"/>).</param>
/// <param name="Values">Compared as whole strings; a claim that is a list must have one of them.</param>
internal sealed record RequiredClaim(string Path, ImmutableArray<string> Values);

/// <summary>Where the parts of an identity are: names of claims, or paths into them (<see cref="ClaimPath"/>).</summary>
internal sealed record ClaimNames
{
    public string Subject { get; init; } = "sub";

    /// <summary>Puts the subject together from several claims; null: it is the claim <see cref="Subject"/>.</summary>
    public SubjectTemplate? SubjectTemplate { get; init; }

    public string Groups { get; init; } = "groups";

    public string Kind { get; init; } = "kind";

    public string ActingFor { get; init; } = "acting_for";
}

/// <summary>An issuer and its keys.</summary>
internal sealed record Issuer(IssuerRules Rules, IKeySource Keys);
