using System.Globalization;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>The authorization endpoint, after OpenIddict has checked client, redirect and PKCE.</summary>
internal sealed class AuthorizeEndpoint(BrokerConfig config, Persons persons, LoginSessions sessions, FormGuard guard, TimeProvider time)
{
    /// <summary>A login that is this young was made for this request: asking again for more would ask for ever.</summary>
    private static readonly TimeSpan JustNow = TimeSpan.FromMinutes(2);

    public async Task<IResult> HandleAsync(HttpContext http, IOpenIddictApplicationManager applications, CancellationToken cancel)
    {
        if (http.GetOpenIddictServerResponse() is { Error: not null } wrong)
            return PageResult.Error($"The program that sent you here made a mistake ({wrong.Error}): {wrong.ErrorDescription}");
        OpenIddictRequest request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("Not a request of OpenIddict.");
        bool silent = request.HasPromptValue(PromptValues.None);
        BrowserLogin? login = await sessions.FindAsync(http, cancel).ConfigureAwait(false);
        Person? person = login is null ? null : await persons.FindAsync(login.Subject, cancel).ConfigureAwait(false);
        if (login is null || person is null || request.HasPromptValue(PromptValues.Login) || request.HasPromptValue(PromptValues.SelectAccount) || IsTooOld(request, login))
            return silent ? TokenEndpoint.Refuse(Errors.LoginRequired, "Nobody is logged in.") : SignIn(http, request, fresh: true);
        if (!Satisfies(request, login))
        {
            return silent || time.GetUtcNow() - login.AuthenticatedAt < JustNow
                ? TokenEndpoint.Refuse("unmet_authentication_requirements", "The login is not of the kind that was asked for.")
                : SignIn(http, request, fresh: true);
        }

        // RFC 8252 8.6: anything on the computer can pretend to be a program there, so a person must agree each time.
        object application = await applications.FindByClientIdAsync(request.ClientId!, cancel).ConfigureAwait(false) ?? throw new InvalidOperationException("The client is gone.");
        if (await applications.HasApplicationTypeAsync(application, ApplicationTypes.Native, cancel).ConfigureAwait(false))
        {
            if (silent)
                return TokenEndpoint.Refuse(Errors.ConsentRequired, "A person must agree.");
            if (!HttpMethods.IsPost(http.Request.Method))
                return Agree(http, request, person, await applications.GetDisplayNameAsync(application, cancel).ConfigureAwait(false) ?? request.ClientId!);
            IFormCollection? form = await guard.ReadAsync(http, cancel).ConfigureAwait(false);
            if (form is null)
                return PageResult.Error("The form was not sent by this page. Go back and try again.", StatusCodes.Status403Forbidden);
            if (form["answer"] != "yes")
                return TokenEndpoint.Refuse(Errors.AccessDenied, "The person did not agree.");
        }

        return Results.SignIn(BrokerPrincipals.OfPerson(person, login, request.GetScopes(), config), null, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    private bool IsTooOld(OpenIddictRequest request, BrowserLogin login) =>
        request.MaxAge is { } seconds && time.GetUtcNow() - login.AuthenticatedAt > TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue)) + (seconds == 0 ? JustNow : TimeSpan.Zero);

    /// <summary>OpenID Connect Core 3.1.2.1 <c>acr_values</c>: any one of them will do.</summary>
    private static bool Satisfies(OpenIddictRequest request, BrowserLogin login) =>
        request.GetAcrValues() is var wanted && (wanted.IsEmpty || wanted.Contains(login.AuthenticationContext ?? "", StringComparer.Ordinal));

    /// <summary>Away to log in, and back with the same request, which then asks for no login any more: the one it gets is new.</summary>
    private static IResult SignIn(HttpContext http, OpenIddictRequest request, bool fresh)
    {
        var query = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach ((string name, OpenIddictParameter value) in request.GetParameters())
            query[name] = (string?)value;
        query[Parameters.Prompt] = Remaining(request);
        string back = QueryHelpers.AddQueryString(http.Request.Path, query.Where(pair => !string.IsNullOrEmpty(pair.Value)));
        if (back.Length > ReturnTo.Longest)
            return PageResult.Error("The request is too long.");
        return Results.Redirect(QueryHelpers.AddQueryString("/sign-in", new Dictionary<string, string?>
        {
            [SignInPages.ReturnToField] = back,
            ["fresh"] = fresh ? "1" : null,
            ["acr_values"] = request.AcrValues,
            ["login_hint"] = request.LoginHint,
        }.Where(pair => pair.Value is not null)));
    }

    private static string Remaining(OpenIddictRequest request) =>
        string.Join(' ', request.GetPromptValues().Where(value => value is not (PromptValues.Login or PromptValues.SelectAccount)));

    private PageResult Agree(HttpContext http, OpenIddictRequest request, Person person, string client)
    {
        var redirect = new Uri(request.RedirectUri!, UriKind.Absolute);
        return PageResult.Of(
            "Let this program act for you?",
            main => main
                .Element("p", $"You are signed in as {person.Subject}.")
                .Element("dl", list =>
                {
                    PageParts.Fact(list, "Program", $"{client}, on this computer (port {redirect.Port.ToString(CultureInfo.InvariantCulture)})");
                    PageParts.Fact(list, "It may", PageParts.Scopes(request.GetScopes()));
                })
                .Element("p", "Agree only if you have just started this program yourself.", ("class", "warning"))
                .Element(
                    "form",
                    form =>
                    {
                        guard.Write(form, http);
                        foreach ((string name, OpenIddictParameter value) in request.GetParameters())
                            PageParts.Hidden(form, name, (string?)value);
                        PageParts.Button(form, "Agree", "answer", "yes");
                        PageParts.Button(form, "Refuse", "answer", "no");
                    },
                    ("method", "post"), ("action", "/authorize")),
            formTarget: redirect.GetLeftPart(UriPartial.Authority));
    }
}
