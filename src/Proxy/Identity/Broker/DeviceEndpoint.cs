using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using OpenIddict.Abstractions;
using OpenIddict.Server.AspNetCore;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using static OpenIddict.Abstractions.OpenIddictConstants;
using OidcClaims = OpenIddict.Abstractions.OpenIddictConstants.Claims;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// Where a person confirms a code that a program shows them (RFC 8628 3.3). Only signed-in persons may try codes, and only a few times; what
/// they confirm is what the page showed, by a button, once.
/// </summary>
internal sealed class DeviceEndpoint(BrokerConfig config, Persons persons, LoginSessions sessions, FormGuard guard, IAudit audit, TimeProvider time)
{
    private const string Scheme = OpenIddictServerAspNetCoreDefaults.AuthenticationScheme;
    private const string Title = "Sign a program in";

    /// <summary>RFC 8628 5.1: with 20^8 codes and at most 2000 open, these leave a guess a chance below one in a hundred thousand an hour.</summary>
    private readonly AttemptLimiter _attempts = new(time, TimeSpan.FromMinutes(10), perKey: 10, inAll: 1000);

    public async Task<IResult> HandleAsync(HttpContext http, IOpenIddictApplicationManager applications, CancellationToken cancel)
    {
        OpenIddictRequest request = http.GetOpenIddictServerRequest() ?? throw new InvalidOperationException("Not a request of OpenIddict.");
        BrowserLogin? login = await sessions.FindAsync(http, cancel).ConfigureAwait(false);
        Person? person = login is null ? null : await persons.FindAsync(login.Subject, cancel).ConfigureAwait(false);
        if (login is null || person is null)
            return Results.Redirect(QueryHelpers.AddQueryString("/sign-in", SignInPages.ReturnToField, QueryHelpers.AddQueryString("/device", request.UserCode is { } given ? new Dictionary<string, string?> { ["user_code"] = given } : [])));
        IFormCollection? form = null;
        if (HttpMethods.IsPost(http.Request.Method) && (form = await guard.ReadAsync(http, cancel).ConfigureAwait(false)) is null)
            return PageResult.Error("The form was not sent by this page. Go back and try again.", StatusCodes.Status403Forbidden);
        if (string.IsNullOrEmpty(request.UserCode))
            return Enter(http, null);

        string source = AttemptLimiter.SourceOf(http.Connection.RemoteIpAddress);
        if (!_attempts.HasRoom(source) || !_attempts.HasRoom(person.Subject))
            return PageResult.Error("Too many codes have been tried. Wait ten minutes.", StatusCodes.Status429TooManyRequests);
        AuthenticateResult code = await http.AuthenticateAsync(Scheme).ConfigureAwait(false);
        if (code is not { Succeeded: true, Principal: { } asked } || asked.GetClaim(OidcClaims.ClientId) is not { } client)
        {
            _attempts.TryTake(source);
            _attempts.TryTake(person.Subject);
            return Enter(http, "This code is not known, has been used, or is too old.");
        }

        return form?["answer"].ToString() switch
        {
            "yes" => await AnswerAsync(true).ConfigureAwait(false),
            "no" => await AnswerAsync(false).ConfigureAwait(false),
            _ => Confirm(http, request.UserCode, asked, person, await NameAsync(applications, client, cancel).ConfigureAwait(false)),
        };

        async Task<IResult> AnswerAsync(bool yes)
        {
            await audit.KeepAsync(
                new AuditEvent(yes ? AuditTypes.LoginSucceeded : AuditTypes.LoginRefused, new AuditActor(person.Subject, config.Issuer, [], http.Connection.RemoteIpAddress))
                {
                    Outcome = yes ? "success" : "refused",
                    Object = "client:" + client,
                    Target = asked.GetClaim(DeviceFlow.Target),
                    Details = new Dictionary<string, string> { ["source"] = asked.GetClaim(DeviceFlow.Source) ?? "" },
                },
                cancel).ConfigureAwait(false);
            var done = new AuthenticationProperties { RedirectUri = yes ? "/device/done" : "/device/refused" };
            return yes
                ? Results.SignIn(BrokerPrincipals.OfPerson(person, login, asked.GetScopes(), config), done, Scheme)
                : Results.Forbid(done, [Scheme]);
        }
    }

    private PageResult Enter(HttpContext http, string? error) => PageResult.Of(
        Title,
        main => main
            .Element("p", "Type the code that the program shows. Never type one that somebody sent you.")
            .Element(
                "form",
                form =>
                {
                    guard.Write(form, http);
                    PageParts.Field(form, "user_code", "Code", "text", autocomplete: "off", wrong: error is not null, first: true);
                    PageParts.Button(form, "Next");
                },
                ("method", "post"), ("action", "/device")),
        error,
        error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    private PageResult Confirm(HttpContext http, string userCode, System.Security.Claims.ClaimsPrincipal asked, Person person, string client) => PageResult.Of(
        Title,
        main => main
            .Element("p", $"You are signed in as {person.Subject}. A program asks to be signed in as you:")
            .Element("dl", list =>
            {
                PageParts.Fact(list, "Program", client);
                PageParts.Fact(list, "It asked from", asked.GetClaim(DeviceFlow.Source) ?? "an unknown address");
                if (asked.GetClaim(DeviceFlow.Target) is { } target)
                    PageParts.Fact(list, "To reach", target);
                PageParts.Fact(list, "It may", PageParts.Scopes(asked.GetScopes()));
                PageParts.Fact(list, "Code", Shown(userCode));
            })
            .Element("p", "Compare the code with the one on your own screen. If somebody gave you this link or code, by mail, chat or telephone, refuse: they would be signed in as you.", ("class", "warning"))
            .Element(
                "form",
                form =>
                {
                    guard.Write(form, http);
                    PageParts.Hidden(form, "user_code", userCode);
                    PageParts.Button(form, "The code is the same: sign it in", "answer", "yes");
                    PageParts.Button(form, "Refuse", "answer", "no");
                },
                ("method", "post"), ("action", "/device")));

    private static async Task<string> NameAsync(IOpenIddictApplicationManager applications, string client, CancellationToken cancel) =>
        await applications.FindByClientIdAsync(client, cancel).ConfigureAwait(false) is { } application
            ? await applications.GetDisplayNameAsync(application, cancel).ConfigureAwait(false) ?? client
            : client;

    /// <summary>As the program shows it, whatever way it was typed.</summary>
    private static string Shown(string userCode)
    {
        string letters = new([.. userCode.ToUpperInvariant().Where(char.IsAsciiLetter)]);
        return letters.Length == 8 ? $"{letters[..4]}-{letters[4..]}" : letters;
    }
}
