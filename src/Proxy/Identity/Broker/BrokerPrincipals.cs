using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Sallyport.Contract;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using static OpenIddict.Abstractions.OpenIddictConstants;
using OidcClaims = OpenIddict.Abstractions.OpenIddictConstants.Claims;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>What tokens say of persons and agents.</summary>
internal static class BrokerPrincipals
{
    /// <summary>Longest chain of actors in a token (RFC 8693 4.1), the one that acts included.</summary>
    public const int LongestChain = 8;

    /// <summary>RFC 8693 4.1.</summary>
    public const string Actor = "act";

    public const string Groups = "groups";
    public const string Kind = "kind";
    public const string SessionId = "sid";

    /// <summary>A person who is logged in.</summary>
    public static ClaimsPrincipal OfPerson(Person person, BrowserLogin login, ImmutableArray<string> scopes, BrokerConfig config)
    {
        ClaimsIdentity identity = New(person.Subject, "human", person.Groups);
        identity.SetClaim(SessionId, login.SessionId)
            .SetClaim(OidcClaims.AuthenticationContextReference, login.AuthenticationContext)
            .SetClaim(OidcClaims.AuthenticationTime, login.AuthenticatedAt.ToUnixTimeSeconds())
            .SetClaim(OidcClaims.Name, scopes.Contains(Scopes.Profile) ? person.DisplayName : null)
            .SetClaim(OidcClaims.Email, scopes.Contains(Scopes.Email) ? person.Email : null);
        return Finish(identity, scopes, config);
    }

    /// <summary>An agent or service for itself.</summary>
    public static ClaimsPrincipal OfAgent(Agent agent, ImmutableArray<string> scopes, BrokerConfig config)
    {
        ClaimsPrincipal principal = Finish(New(agent.Name, Name(agent.Kind), agent.Own), scopes, config);
        return principal.SetAccessTokenLifetime(agent.TokenLifetime);
    }

    /// <summary>
    /// An agent for a person (RFC 8693 1.1: delegation): the person's subject, and no group that the
    /// person or the agent does not have. It ends with the person's token.
    /// </summary>
    /// <param name="subject">The person's token, verified.</param>
    public static ClaimsPrincipal? OfDelegation(Person person, Agent agent, ClaimsPrincipal subject, DateTimeOffset now, BrokerConfig config)
    {
        if (subject.GetExpirationDate() is not { } expires || expires <= now)
            return null;
        // What the token says, what the person still has, and what the agent may have.
        ImmutableArray<string> groups = [.. subject.GetClaims(Groups).Intersect(person.Groups, StringComparer.Ordinal).Intersect(agent.Allowed, StringComparer.Ordinal)];
        ClaimsIdentity identity = New(person.Subject, Name(agent.Kind), groups);
        identity.SetClaim(SessionId, subject.GetClaim(SessionId))
            .SetClaim(OidcClaims.AuthenticationContextReference, subject.GetClaim(OidcClaims.AuthenticationContextReference));
        if (long.TryParse(subject.GetClaim(OidcClaims.AuthenticationTime), NumberStyles.None, CultureInfo.InvariantCulture, out long authenticated))
            identity.SetClaim(OidcClaims.AuthenticationTime, authenticated);
        ClaimsPrincipal principal = Finish(identity, [BrokerClients.DataScope], config);
        principal.SetAuthorizationId(subject.GetAuthorizationId());
        TimeSpan rest = expires - now;
        return principal.SetAccessTokenLifetime(rest < agent.TokenLifetime ? rest : agent.TokenLifetime);
    }

    /// <summary>How many act.</summary>
    public static int Depth(JsonObject? actor)
    {
        int depth = 0;
        for (; actor is not null; actor = actor[Actor] as JsonObject)
            depth++;
        return depth;
    }

    private static ClaimsIdentity New(string subject, string kind, ImmutableArray<string> groups) =>
        new ClaimsIdentity(OpenIddictServerAspNetCoreDefaults.AuthenticationScheme, OidcClaims.Name, OidcClaims.Role)
            .SetClaim(OidcClaims.Subject, subject).SetClaim(Kind, kind).SetClaims(Groups, groups);

    private static ClaimsPrincipal Finish(ClaimsIdentity identity, ImmutableArray<string> scopes, BrokerConfig config)
    {
        identity.SetScopes(scopes);
        identity.SetResources(scopes.Select(scope => BrokerClients.AudienceOf(scope, config)).OfType<string>());
        identity.SetDestinations(static claim => claim.Type switch
        {
            OidcClaims.Name or OidcClaims.Email => [Destinations.IdentityToken],
            SessionId or OidcClaims.AuthenticationTime or OidcClaims.AuthenticationContextReference => [Destinations.AccessToken, Destinations.IdentityToken],
            Kind or Groups => [Destinations.AccessToken],
            _ => [],
        });
        return new ClaimsPrincipal(identity);
    }

    private static string Name(IdentityKind kind) => kind switch
    {
        IdentityKind.Agent => "agent",
        IdentityKind.Service => "service",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
