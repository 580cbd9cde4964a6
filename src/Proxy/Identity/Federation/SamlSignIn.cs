using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>
/// Logging in through a SAML identity provider. Its response is posted from its own pages, a request that carries none of our cookies; so the
/// response is verified there, put aside sealed, and the browser sent on to an address where its cookie does come along and says whose login it is.
/// </summary>
internal sealed class SamlSignIn : ILoginMethod
{
    private const string Tickets = "saml-ticket:";

    private static readonly TimeSpan TicketLifetime = TimeSpan.FromMinutes(2);

    private readonly SamlProvider _provider;
    private readonly FederationDoors _doors;
    private readonly PendingLogins _pending;
    private readonly OneTimeMemory _memory;
    private readonly SamlLogin _login;
    private readonly SamlLogout _logout;
    private readonly string _path;

    public SamlSignIn(SamlProvider provider, string title, FederationDoors doors, PendingLogins pending)
    {
        _memory = new OneTimeMemory(doors.Kept, doors.Time);
        _provider = provider;
        _doors = doors;
        _pending = pending;
        _login = new SamlLogin(provider, _memory, _memory, doors.Time);
        _logout = new SamlLogout(provider, _memory, doors.Time);
        _path = $"/federation/{provider.Name}";
        Title = title;
    }

    public string Name => _provider.Name;

    public string Title { get; }

    /// <inheritdoc/>
    public async Task<IResult> StartAsync(HttpContext http, LoginDemand demand, CancellationToken cancel)
    {
        string state = OneTimeStore.Secret();
        await _pending.OpenAsync(state, LoginBinding.Begin(http, _doors.Config), new PendingLogin(Name, ReturnTo.Of(demand.ReturnTo), null, null), cancel).ConfigureAwait(false);
        (string request, string url) = await _login.RedirectAsync(new SamlLoginOptions { RelayState = state, ForceAuthn = demand.Fresh }, cancel).ConfigureAwait(false);
        await _memory.LinkAsync(state, request, cancel).ConfigureAwait(false);
        return Results.Redirect(url);
    }

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes, LoginDesk desk)
    {
        FederationRoutes.Get(routes, _path + "/metadata", _ => Task.FromResult(Results.Text(SamlSpMetadata.Write(_provider), "application/samlmetadata+xml")));
        FederationRoutes.Post(routes, _path + "/acs", AcceptAsync);
        FederationRoutes.Get(routes, _path + "/finish", http => FinishAsync(http, desk));
        FederationRoutes.Get(routes, _path + "/logout", LogoutAsync);
    }

    private async Task<IResult> AcceptAsync(HttpContext http)
    {
        CancellationToken cancel = http.RequestAborted;
        if (!http.Request.HasFormContentType)
            return _doors.Failed(http, Name, "response-missing");
        IFormCollection form = await http.Request.ReadFormAsync(cancel).ConfigureAwait(false);

        // It must answer the request that this state was begun with; whether the state is this browser's is seen where its cookie comes along.
        string? begun = await _memory.RequestOfAsync(form["RelayState"].ToString(), cancel).ConfigureAwait(false);
        (SamlAssertion? assertion, string? refusal) = await _login.AcceptAsync(form["SAMLResponse"].ToString(), begun, cancel).ConfigureAwait(false);
        if (assertion is null)
            return _doors.Failed(http, Name, refusal!);

        string ticket = OneTimeStore.Secret();
        string state = assertion.InResponseTo is null ? "" : form["RelayState"].ToString();
        await _doors.Kept.KeepAsync(OneTimeStore.Key(Tickets, ticket, state), External(assertion), _doors.Time.GetUtcNow() + TicketLifetime, cancel).ConfigureAwait(false);
        return Results.Redirect($"{_path}/finish?ticket={ticket}&state={Uri.EscapeDataString(state)}");
    }

    private async Task<IResult> FinishAsync(HttpContext http, LoginDesk desk)
    {
        CancellationToken cancel = http.RequestAborted;
        string ticket = http.Request.Query["ticket"].ToString(), state = http.Request.Query["state"].ToString();
        if (await _doors.Kept.TakeAsync<ExternalLogin>(OneTimeStore.Key(Tickets, ticket, state), cancel).ConfigureAwait(false) is not { } external)
            return _doors.Failed(http, Name, "ticket-unknown");

        // A response that nobody asked for has no login to belong to: taken only where the operator has said so, which AcceptAsync has looked at.
        string returnTo = "/";
        if (state.Length > 0)
        {
            PendingLogin? pending = await _pending.TakeAsync(state, LoginBinding.Of(http, _doors.Config), cancel).ConfigureAwait(false);
            if (pending?.Provider != Name)
                return _doors.Failed(http, Name, pending is null ? "state-unknown" : "mix-up");
            returnTo = pending.ReturnTo;
        }
        else if (!_provider.AllowIdpInitiated)
        {
            return _doors.Failed(http, Name, "state-missing");
        }

        LoginOutcome outcome = await desk.CompleteAsync(http, external, cancel).ConfigureAwait(false);
        return outcome.Refusal is { } word ? _doors.Failed(http, Name, word) : LoginDesk.GoOn(returnTo);
    }

    /// <summary>Single logout begun at the provider (SAML profiles 4.4): ends what it names, and says so.</summary>
    private async Task<IResult> LogoutAsync(HttpContext http)
    {
        CancellationToken cancel = http.RequestAborted;
        (SamlLogoutRequest? request, string? refusal) = await _logout.AcceptRedirectAsync(http.Request.QueryString.Value ?? "", cancel).ConfigureAwait(false);
        if (request is null)
            return _doors.Failed(http, Name, refusal!);
        if (request.SessionIndexes.IsEmpty)
        {
            string subject = LoginDesk.SubjectOf(new ExternalLogin(Name, request.NameId)) ?? "";
            await _doors.Sessions.EndOfProviderAsync(Name, null, subject, "provider-logout", cancel).ConfigureAwait(false);
        }

        foreach (string index in request.SessionIndexes)
            await _doors.Sessions.EndOfProviderAsync(Name, index, null, "provider-logout", cancel).ConfigureAwait(false);
        string? relayState = http.Request.Query["RelayState"].ToString() is { Length: > 0 and <= 80 } relay ? relay : null;
        return _provider.Idp.LogoutRedirectUrl is null ? Results.Ok() : Results.Redirect(_logout.AnswerByRedirect(request, success: true, relayState));
    }

    private ExternalLogin External(SamlAssertion assertion) => new(Name, assertion.Subject)
    {
        DisplayName = assertion.Name,
        Email = assertion.Email,
        Groups = assertion.Groups,
        AuthenticatedAt = assertion.AuthenticatedAt,
        AuthenticationContext = assertion.AuthnContext,
        ProviderSession = assertion.SessionIndex,
    };
}
