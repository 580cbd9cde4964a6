using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>Signing out (OpenID Connect RP-Initiated Logout 1.0), after OpenIddict has checked where the browser is to go afterwards.</summary>
internal sealed class EndSessionEndpoint(BrokerConfig config, LoginSessions sessions, FormGuard guard, IAudit audit)
{
    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;

    public async Task<IResult> HandleAsync(HttpContext http, CancellationToken cancel)
    {
        if (http.GetOpenIddictServerResponse() is { Error: not null } wrong)
            return PageResult.Error($"The program that sent you here made a mistake ({wrong.Error}): {wrong.ErrorDescription}");
        OpenIddictRequest request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("Not a request of OpenIddict.");
        BrowserLogin? login = await sessions.FindAsync(http, cancel).ConfigureAwait(false);
        if (login is not null && !await IsAskedByOwnClientAsync(http, login).ConfigureAwait(false))
        {
            // 2: anyone can send a browser here, so the person is asked.
            if (!HttpMethods.IsPost(http.Request.Method))
                return Ask(http, request, login);
            if (await guard.ReadAsync(http, cancel).ConfigureAwait(false) is null)
                return PageResult.Error("The form was not sent by this page. Go back and try again.", StatusCodes.Status403Forbidden);
        }

        if (login is not null)
        {
            await sessions.EndAsync(http, "signed-out", cancel).ConfigureAwait(false);
            audit.Note(new AuditEvent(AuditTypes.LoginEnded, new AuditActor(login.Subject, config.Issuer, [], http.Connection.RemoteIpAddress)));
        }

        return Results.SignOut(new AuthenticationProperties { RedirectUri = "/signed-out" }, [Scheme]);
    }

    /// <summary>True when a client of this very login shows an ID token of it.</summary>
    private static async Task<bool> IsAskedByOwnClientAsync(HttpContext http, BrowserLogin login)
    {
        AuthenticateResult hint = await http.AuthenticateAsync(Scheme).ConfigureAwait(false);
        return hint.Principal?.GetClaim(BrokerPrincipals.SessionId) == login.SessionId;
    }

    private PageResult Ask(HttpContext http, OpenIddictRequest request, BrowserLogin login) => PageResult.Of(
        "Sign out?",
        main => main
            .Element("p", $"You are signed in as {login.Subject}. Programs that were signed in through this browser are signed out too.")
            .Element(
                "form",
                form =>
                {
                    guard.Write(form, http);
                    foreach ((string name, OpenIddictParameter value) in request.GetParameters())
                        PageParts.Hidden(form, name, (string?)value);
                    PageParts.Button(form, "Sign out");
                },
                ("method", "post"), ("action", "/end-session")),
        formTarget: Uri.TryCreate(request.PostLogoutRedirectUri, UriKind.Absolute, out Uri? after) ? after.GetLeftPart(UriPartial.Authority) : null);
}
