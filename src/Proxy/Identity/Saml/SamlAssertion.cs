using System.Collections.Immutable;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>What an identity provider asserts about somebody, read from the octets that its signature was verified over.</summary>
internal sealed record SamlAssertion
{
    /// <summary><see cref="SamlProvider.Name"/> of the identity provider.</summary>
    public required string Provider { get; init; }

    public required string Issuer { get; init; }

    /// <summary>The assertion's ID, by which a replay is known.</summary>
    public required string Id { get; init; }

    /// <summary>The NameID: what a logout request names.</summary>
    public required string NameId { get; init; }

    public required string? NameIdFormat { get; init; }

    /// <summary>Who it is: the configured attribute, else the NameID.</summary>
    public required string Subject { get; init; }

    public required string? Email { get; init; }

    public required string? Name { get; init; }

    public required ImmutableArray<string> Groups { get; init; }

    /// <summary>When that person logged in there (AuthnInstant).</summary>
    public required DateTimeOffset AuthenticatedAt { get; init; }

    /// <summary>How (AuthnContextClassRef); the <c>acr</c> of tokens made from this.</summary>
    public required string? AuthnContext { get; init; }

    /// <summary>The login session there: what a logout request names besides the NameID.</summary>
    public required string? SessionIndex { get; init; }

    /// <summary>When the session made from this must end (SessionNotOnOrAfter).</summary>
    public required DateTimeOffset? SessionEndsAt { get; init; }

    /// <summary>From here on the assertion is not accepted; until then it is remembered against replay.</summary>
    public required DateTimeOffset NotOnOrAfter { get; init; }

    /// <summary>The request it answers; null when nobody asked.</summary>
    public required string? InResponseTo { get; init; }
}
