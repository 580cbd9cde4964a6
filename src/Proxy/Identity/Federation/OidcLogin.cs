using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>Logging in through an OpenID provider: the addresses that browsers, and the provider itself, come to.</summary>
internal sealed class OidcLogin(OidcProvider provider, string title, FederationDoors doors) : ILoginMethod
{
    private readonly string _path = $"/federation/{provider.Settings.Name}";

    public string Name => provider.Settings.Name;

    public string Title => title;

    public OidcProvider Provider => provider;

    private Uri Callback => new(doors.Config.At(_path + "/callback"));

    /// <inheritdoc/>
    public async Task<IResult> StartAsync(HttpContext http, LoginDemand demand, CancellationToken cancel)
    {
        try
        {
            string binding = LoginBinding.Begin(http, doors.Config);
            Uri there = await provider.BeginAsync(Callback, binding, ReturnTo.Of(demand.ReturnTo), demand.Fresh, cancel).ConfigureAwait(false);
            return Results.Redirect(there.AbsoluteUri);
        }
        catch (FederationException failure)
        {
            return doors.Failed(http, Name, failure.Word);
        }
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, LoginDesk desk)
    {
        FederationRoutes.Get(routes, _path + "/callback", http => CompleteAsync(http, desk));
        FederationRoutes.Post(routes, _path + "/backchannel-logout", LogoutAsync);
    }

    /// <summary>The person, as the login desk takes them.</summary>
    public ExternalLogin External(FederatedPerson person) => new(person.Provider, person.Subject)
    {
        DisplayName = person.DisplayName,
        Email = person.Email,
        IsEmailSubject = !provider.Settings.Domains.IsEmpty,
        Groups = person.Groups,
        AuthenticatedAt = person.AuthenticatedAt,
        AuthenticationContext = person.AuthenticationContext,
        ProviderSession = person.Session,
        RefreshToken = person.RefreshToken,
    };

    private async Task<IResult> CompleteAsync(HttpContext http, LoginDesk desk)
    {
        try
        {
            // A parameter twice is how two readers are made to see two answers.
            if (http.Request.Query.Any(parameter => parameter.Value.Count != 1))
                return doors.Failed(http, Name, "parameter-repeated");
            var answer = http.Request.Query.ToDictionary(p => p.Key, p => p.Value.ToString(), StringComparer.Ordinal);
            (FederatedPerson person, string returnTo) = await provider.CompleteAsync(Callback, LoginBinding.Of(http, doors.Config), answer, http.RequestAborted).ConfigureAwait(false);
            LoginOutcome outcome = await desk.CompleteAsync(http, External(person), http.RequestAborted).ConfigureAwait(false);
            return outcome.Refusal is { } word ? doors.Failed(http, Name, word) : LoginDesk.GoOn(returnTo);
        }
        catch (FederationException failure)
        {
            return doors.Failed(http, Name, failure.Word);
        }
    }

    /// <summary>OpenID Connect Back-Channel Logout 1.0, 2.5: the provider says that a login has ended there.</summary>
    private async Task<IResult> LogoutAsync(HttpContext http)
    {
        CancellationToken cancel = http.RequestAborted;
        try
        {
            IFormCollection form = http.Request.HasFormContentType ? await http.Request.ReadFormAsync(cancel).ConfigureAwait(false) : FormCollection.Empty;
            (string? subject, string? session, string id, DateTimeOffset expires) = await provider.VerifyLogoutAsync(form["logout_token"].ToString(), cancel).ConfigureAwait(false);
            var memory = new OneTimeMemory(doors.Kept, doors.Time);
            if (!await memory.TryAddAsync($"oidc-logout:{Name}", id, expires, cancel).ConfigureAwait(false))
                throw new FederationException("logout-token-replayed");
            string? own = subject is null ? null : await SubjectAsync(subject, cancel).ConfigureAwait(false);
            await doors.Sessions.EndOfProviderAsync(Name, session, own, "provider-logout", cancel).ConfigureAwait(false);
            return Results.Ok();
        }
        catch (FederationException refused)
        {
            doors.Log.Warning("backchannel-logout-refused", new("provider", Name), new("reason", refused.Word));
            return Results.BadRequest(new { error = "invalid_request" });
        }
    }

    private Task<string?> SubjectAsync(string providerSubject, CancellationToken cancel) => doors.Store.ReadAsync(
        (db, stop) => db.Users.Where(u => u.Provider == Name && u.ProviderSubject == providerSubject).Select(u => u.Subject).SingleOrDefaultAsync(stop)!,
        cancel)!;
}
