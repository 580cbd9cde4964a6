using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>What people do with their own account: accept an invitation, change the password, enrol an authenticator app.</summary>
internal sealed class AccountPages(BrokerConfig config, ISealer sealer, FormGuard guard, LoginDesk desk, LoginSessions sessions, Persons persons, LocalLogins logins, IStateStore store, TimeProvider time)
{
    /// <summary>A login older than this is not enough to change how one logs in.</summary>
    private static readonly TimeSpan FreshLogin = TimeSpan.FromMinutes(10);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/", HomeAsync);
        routes.MapGet("/invitation", (HttpContext http, CancellationToken cancel) => InvitationAsync(http, http.Request.Query["code"], null, cancel));
        routes.MapPost("/invitation", AcceptAsync);
        routes.MapGet("/password", async (HttpContext http, CancellationToken cancel) => await sessions.FindAsync(http, cancel).ConfigureAwait(false) is null ? ToSignIn("/password") : Password(http, null));
        routes.MapPost("/password", ChangeAsync);
        routes.MapGet("/second-factor/new", (HttpContext http, CancellationToken cancel) => EnrolAsync(http, cancel));
        routes.MapPost("/second-factor/new", EnrolledAsync);
        routes.MapGet("/signed-out", () => PageResult.Of("Signed out", main => main.Element("p", "You are signed out. You may close this page.")));
    }

    private async Task<IResult> HomeAsync(HttpContext http, CancellationToken cancel)
    {
        if (await CurrentAsync(http, cancel).ConfigureAwait(false) is not { } current)
            return ToSignIn("/");
        return PageResult.Of("Sallyport", main =>
        {
            main.Element("p", $"You are signed in as {current.Person.Subject}.");
            if (current.Person.Provider is null)
            {
                main.Element("p", p => p.Element("a", "Change the password", ("href", "/password")));
                main.Element("p", p => p.Element("a", "Set up an authenticator app", ("href", "/second-factor/new")));
            }

            main.Element("p", p => p.Element("a", "Enter a code that a program shows", ("href", "/device")));
            main.Element("p", p => p.Element("a", "Sign out", ("href", "/end-session")));
        });
    }

    private async Task<IResult> InvitationAsync(HttpContext http, string? code, string? error, CancellationToken cancel)
    {
        if (await logins.FindInvitedAsync(code, cancel).ConfigureAwait(false) is not { } user)
            return PageResult.Error("This invitation is not good, has been used, or is too old. Ask an administrator for another one.");
        return PageResult.Of(
            "Choose a password",
            main => main
                .Element("p", $"Your user name is {user.Subject}.")
                .Element(
                    "form",
                    form =>
                    {
                        guard.Write(form, http);
                        PageParts.Hidden(form, "code", code);
                        PageParts.Hidden(form, "name", user.Subject);
                        PageParts.Field(form, "password", "Password", "password", autocomplete: "new-password", wrong: error is not null, first: true, hint: $"At least {PasswordRules.Shortest} characters. A few words are best.");
                        PageParts.Field(form, "again", "The password again", "password", autocomplete: "new-password", wrong: error is not null);
                        PageParts.Button(form, "Set the password");
                    },
                    ("method", "post"), ("action", "/invitation")),
            error,
            error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
    }

    private async Task<IResult> AcceptAsync(HttpContext http, CancellationToken cancel)
    {
        if (await guard.ReadAsync(http, cancel).ConfigureAwait(false) is not { } form)
            return SignInPages.Foreign();
        string? code = form["code"];
        UserRow? user = await logins.FindInvitedAsync(code, cancel).ConfigureAwait(false);
        string? error = user is null ? null : Refuse(form, user.Subject);
        if (user is null || error is not null)
            return await InvitationAsync(http, code, error, cancel).ConfigureAwait(false);
        try
        {
            if (!await logins.AcceptInvitationAsync(code, form["password"].ToString(), cancel).ConfigureAwait(false))
                return await InvitationAsync(http, code, null, cancel).ConfigureAwait(false);
        }
        catch (HasherBusyException)
        {
            return Busy();
        }

        return PageResult.Of("The password is set", main => main.Element("p", p => p.Element("a", "Sign in", ("href", "/sign-in"))));
    }

    private PageResult Password(HttpContext http, string? error) => PageResult.Of(
        "Change the password",
        main => main.Element(
            "form",
            form =>
            {
                guard.Write(form, http);
                PageParts.Field(form, "current", "The password now", "password", autocomplete: "current-password", wrong: error is not null, first: true);
                PageParts.Field(form, "password", "The new password", "password", autocomplete: "new-password", wrong: error is not null, hint: $"At least {PasswordRules.Shortest} characters.");
                PageParts.Field(form, "again", "The new password again", "password", autocomplete: "new-password", wrong: error is not null);
                PageParts.Button(form, "Change it");
            },
            ("method", "post"), ("action", "/password")),
        error,
        error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    private async Task<IResult> ChangeAsync(HttpContext http, CancellationToken cancel)
    {
        if (await guard.ReadAsync(http, cancel).ConfigureAwait(false) is not { } form)
            return SignInPages.Foreign();
        if (await CurrentAsync(http, cancel).ConfigureAwait(false) is not { Person: { Provider: null } person })
            return ToSignIn("/password");
        if (Refuse(form, person.Subject) is { } error)
            return Password(http, error);
        try
        {
            return await logins.ChangePasswordAsync(person.Subject, form["current"].ToString(), form["password"].ToString(), http.Connection.RemoteIpAddress, cancel).ConfigureAwait(false)
                ? PageResult.Of("The password is changed", main => main.Element("p", "You are signed out everywhere.").Element("p", p => p.Element("a", "Sign in", ("href", "/sign-in"))))
                : Password(http, "The password now is not right, or there have been too many attempts.");
        }
        catch (HasherBusyException)
        {
            return Busy();
        }
    }

    private async Task<IResult> EnrolAsync(HttpContext http, CancellationToken cancel)
    {
        string back = ReturnTo.Of(http.Request.Query[SignInPages.ReturnToField]);
        return await EnrollableAsync(http, cancel).ConfigureAwait(false) is { } current
            ? Enrol(http, current.Person, TotpCodes.NewSecret(), back, null)
            : ToSignIn(QueryHelpers.AddQueryString("/second-factor/new", SignInPages.ReturnToField, back));
    }

    private PageResult Enrol(HttpContext http, Person person, byte[] secret, string back, string? error) => PageResult.Of(
        "Set up an authenticator app",
        main =>
        {
            main.Element("p", "Scan this with the app on your telephone, then type the code that it shows.");
            TotpCodes.WriteQr(main, secret, person.Subject, "Sallyport " + config.Url.Host);
            main.Element("p", p => p.Text("Or type this secret into the app: ").Element("code", TotpCodes.Text(secret)));
            main.Element(
                "form",
                form =>
                {
                    guard.Write(form, http);
                    PageParts.Hidden(form, "offer", Base64Url.EncodeToString(sealer.Seal(Offer(person), secret)));
                    PageParts.Hidden(form, SignInPages.ReturnToField, back);
                    PageParts.Field(form, "code", "Code", "text", autocomplete: "one-time-code", wrong: error is not null, first: true);
                    PageParts.Button(form, "Done");
                },
                ("method", "post"), ("action", "/second-factor/new"));
        },
        error,
        error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    private async Task<IResult> EnrolledAsync(HttpContext http, CancellationToken cancel)
    {
        if (await guard.ReadAsync(http, cancel).ConfigureAwait(false) is not { } form)
            return SignInPages.Foreign();
        string back = ReturnTo.Of(form[SignInPages.ReturnToField]);
        if (await EnrollableAsync(http, cancel).ConfigureAwait(false) is not { } current)
            return ToSignIn("/second-factor/new");
        byte[] secret;
        try
        {
            secret = sealer.Open(Offer(current.Person), Base64Url.DecodeFromChars(form["offer"].ToString()));
        }
        catch (Exception wrong) when (wrong is CryptographicException or FormatException)
        {
            return SignInPages.Foreign();
        }

        if (!await logins.EnrolAsync(current.Person.Id, secret, form["code"].ToString().Replace(" ", "", StringComparison.Ordinal), cancel).ConfigureAwait(false))
            return Enrol(http, current.Person, secret, back, "The code is not right. Look at the telephone's clock, and wait for the next code.");
        UserRow user = await store.ReadAsync((state, token) => state.Users.SingleAsync(row => row.Id == current.Person.Id, token), cancel).ConfigureAwait(false);
        await desk.CompleteAsync(http, user, "mfa", cancel).ConfigureAwait(false);
        return LoginDesk.GoOn(back);
    }

    /// <summary>Who may set up a second factor now: a local user who has just logged in, and by the one they have, if they have one.</summary>
    private async Task<(Person Person, BrowserLogin Login)?> EnrollableAsync(HttpContext http, CancellationToken cancel)
    {
        if (await CurrentAsync(http, cancel).ConfigureAwait(false) is not { Person.Provider: null } current || time.GetUtcNow() - current.Login.AuthenticatedAt > FreshLogin)
            return null;
        bool enrolled = await store.ReadAsync((state, token) => state.Users.AnyAsync(row => row.Id == current.Person.Id && row.TotpSecret != null, token), cancel).ConfigureAwait(false);
        return enrolled && current.Login.AuthenticationContext != "mfa" ? null : current;
    }

    private async Task<(Person Person, BrowserLogin Login)?> CurrentAsync(HttpContext http, CancellationToken cancel) =>
        await sessions.FindAsync(http, cancel).ConfigureAwait(false) is { } login && await persons.FindAsync(login.Subject, cancel).ConfigureAwait(false) is { } person
            ? (person, login)
            : null;

    private static string? Refuse(IFormCollection form, string user) =>
        form["password"] != form["again"] ? "The two passwords are not the same." : PasswordRules.Refuse(form["password"].ToString(), user);

    private static IResult Busy() => PageResult.Error("Many people are signing in at once. Try again in a moment.", StatusCodes.Status503ServiceUnavailable);

    private static IResult ToSignIn(string back) => Results.Redirect(QueryHelpers.AddQueryString("/sign-in", SignInPages.ReturnToField, back));

    private static string Offer(Person person) => $"totp-offer:{person.Id:N}";
}
