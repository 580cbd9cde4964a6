using System.Collections.Immutable;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using Sallyport.Contract;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using static OpenIddict.Abstractions.OpenIddictConstants;
using OidcClaims = OpenIddict.Abstractions.OpenIddictConstants.Claims;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// The token endpoint, after OpenIddict has verified the client and what it offers. Whatever was offered, a token says what is true now: the
/// person is looked up again, with their groups of this moment, and their login must still be in force.
/// </summary>
internal sealed class TokenEndpoint(BrokerConfig config, Persons persons, AgentRegistry agents, LoginSessions sessions, BackChannelLogout backChannel, IAudit audit, TimeProvider time)
{
    /// <summary>Under this name the verified subject token is kept with the request: OpenIddict hands on only part of it.</summary>
    internal const string SubjectToken = "sallyport:subject_token";

    /// <summary>… and under this one who acts, for the token that is made.</summary>
    internal const string Actor = "sallyport:actor";

    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;

    public async Task<IResult> HandleAsync(HttpContext http, IOpenIddictApplicationManager applications, CancellationToken cancel)
    {
        OpenIddictRequest request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("Not a request of OpenIddict.");
        if (request.IsClientCredentialsGrantType())
            return await ClientCredentialsAsync(request, cancel).ConfigureAwait(false);
        if (request.IsTokenExchangeGrantType())
            return await ExchangeAsync(http, request, cancel).ConfigureAwait(false);
        if (request.IsAuthorizationCodeGrantType() || request.IsDeviceCodeGrantType() || request.IsRefreshTokenGrantType())
            return await PersonAsync(http, request, applications, cancel).ConfigureAwait(false);
        return Refuse(Errors.UnsupportedGrantType, "This grant type is not offered.");
    }

    private async Task<IResult> PersonAsync(HttpContext http, OpenIddictRequest request, IOpenIddictApplicationManager applications, CancellationToken cancel)
    {
        AuthenticateResult offered = await http.AuthenticateAsync(Scheme).ConfigureAwait(false);
        if (offered.Principal is not { } before)
            return Refuse(Errors.InvalidGrant, "What was offered is not good.");
        BrowserLogin? login = await sessions.FindAsync(before.GetClaim(BrokerPrincipals.SessionId), cancel).ConfigureAwait(false);
        Person? person = login is null ? null : await persons.FindAsync(login.Subject, cancel).ConfigureAwait(false);
        if (login is null || person is null || person.Subject != before.GetClaim(OidcClaims.Subject))
            return Refuse(Errors.InvalidGrant, "The login is over: log in again.");

        ImmutableArray<string> scopes = before.GetScopes();
        ClaimsPrincipal principal = BrokerPrincipals.OfPerson(person, login, scopes, config);
        if (request.IsRefreshTokenGrantType() && request.GetScopes() is { IsEmpty: false } fewer)
            principal.SetResources(fewer.Intersect(scopes).Select(scope => BrokerClients.AudienceOf(scope, config)).OfType<string>());
        principal.SetAccessTokenLifetime(Shorter(config.TokenLifetime, login.ExpiresAt - time.GetUtcNow()));
        if (request.ClientId is { } client && await applications.FindByClientIdAsync(client, cancel).ConfigureAwait(false) is { } application
            && await BrokerClients.BackChannelOfAsync(applications, application, cancel).ConfigureAwait(false) is { } address)
        {
            await backChannel.SubscribeAsync(login.Id, client, address, cancel).ConfigureAwait(false);
        }

        Note(http, AuditTypes.TokenIssued, person.Subject, [], request);
        return Results.SignIn(principal, null, Scheme);
    }

    private async Task<IResult> ClientCredentialsAsync(OpenIddictRequest request, CancellationToken cancel)
    {
        if (request.ClientId is not { } client || await agents.UseAsync(client, cancel).ConfigureAwait(false) is not { } agent)
            return Refuse(Errors.UnauthorizedClient, "The client may not act.");
        if (request.GetScopes().Any(scope => scope != BrokerClients.DataScope))
            return Refuse(Errors.InvalidScope, "Only the scope sallyport is for agents.");
        audit.Note(new AuditEvent(AuditTypes.TokenIssued, new AuditActor(agent.Name, config.Issuer, [])) { Object = "client:" + client, Details = new Dictionary<string, string> { ["grant"] = GrantTypes.ClientCredentials } });
        return Results.SignIn(BrokerPrincipals.OfAgent(agent, [BrokerClients.DataScope], config), null, Scheme);
    }

    /// <summary>RFC 8693. The actor is the client that has proven itself; another one's token as <c>actor_token</c> is not taken for it.</summary>
    private async Task<IResult> ExchangeAsync(HttpContext http, OpenIddictRequest request, CancellationToken cancel)
    {
        OpenIddictServerTransaction transaction = http.Features.Get<OpenIddictServerAspNetCoreFeature>()?.Transaction ?? throw new InvalidOperationException("Not a request of OpenIddict.");
        ClaimsPrincipal? subject = transaction.GetProperty<ClaimsPrincipal>(SubjectToken);
        if (request.ActorToken is not null)
            return Refuse(Errors.InvalidRequest, "The client itself is the actor: send no actor_token.");
        if (request.GetScopes().Any(scope => scope != BrokerClients.DataScope))
            return Refuse(Errors.InvalidScope, "Only the scope sallyport can be had in somebody's name.");
        if (request.RequestedTokenType is not (null or TokenTypeIdentifiers.AccessToken))
            return Refuse(Errors.InvalidRequest, "Only access tokens are given.");
        if (request.ClientId is not { } client || await agents.UseAsync(client, cancel).ConfigureAwait(false) is not { } agent)
            return Refuse(Errors.UnauthorizedClient, "The client may not act.");
        if (subject?.GetClaim(OidcClaims.Subject) is not { } name || !subject.HasAudience(config.Audience))
            return Refuse(Errors.InvalidGrant, "The subject token is not for this.");

        // It must be a person's, directly or through other agents; and the person must still be there and logged in.
        Person? person = await persons.FindAsync(name, cancel).ConfigureAwait(false);
        JsonObject? earlier = ActorOf(request.SubjectToken!);
        bool humans = subject.GetClaim(BrokerPrincipals.Kind) == "human" || earlier is not null;
        bool live = await sessions.FindAsync(subject.GetClaim(BrokerPrincipals.SessionId), cancel).ConfigureAwait(false) is { } login && login.Subject == name;
        if (person is null || !humans || !live || BrokerPrincipals.Depth(earlier) >= BrokerPrincipals.LongestChain
            || BrokerPrincipals.OfDelegation(person, agent, subject, time.GetUtcNow(), config) is not { } principal)
        {
            return Refuse(Errors.InvalidGrant, "The subject token is not good for this any more.");
        }

        var actor = new JsonObject { [OidcClaims.Subject] = agent.Name };
        if (earlier is not null)
            actor[BrokerPrincipals.Actor] = earlier;
        transaction.SetProperty(Actor, actor);
        Note(http, AuditTypes.TokenIssued, name, [agent.Name], request);
        return Results.SignIn(principal, null, Scheme);
    }

    /// <summary>Those that act in a token already. Read from the token itself, which has been verified, as the object that it is there.</summary>
    private static JsonObject? ActorOf(string token) =>
        new JsonWebToken(token).TryGetPayloadValue(BrokerPrincipals.Actor, out JsonElement actor) ? JsonNode.Parse(actor.GetRawText()) as JsonObject : null;

    private void Note(HttpContext http, string type, string subject, IReadOnlyList<string> actors, OpenIddictRequest request) =>
        audit.Note(new AuditEvent(type, new AuditActor(subject, config.Issuer, actors, http.Connection.RemoteIpAddress))
        {
            Object = "client:" + request.ClientId,
            Details = new Dictionary<string, string> { ["grant"] = request.GrantType ?? "" },
        });

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    internal static IResult Refuse(string error, string description) => Results.Forbid(
        new AuthenticationProperties(new Dictionary<string, string?>
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
            [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
        }),
        [Scheme]);
}
