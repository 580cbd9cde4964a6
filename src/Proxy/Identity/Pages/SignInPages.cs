using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
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

/// <summary>Signing in: by a provider, or by password and code.</summary>
internal sealed class SignInPages(
    BrokerConfig config, IStateStore store, FormGuard guard, LoginDesk desk, LocalLogins logins, IReadOnlyList<ILoginMethod> methods, TimeProvider time)
{
    /// <summary>The parameter that says where the browser goes on.</summary>
    public const string ReturnToField = "return_to";

    private const string Title = "Sign in";
    private const string Wrong = "The user name or password is not right, or there have been too many attempts: wait a few minutes.";

    private static readonly TimeSpan CodeTime = TimeSpan.FromMinutes(5);

    /// <summary>Logins begun at providers: each is a few rows that strangers make.</summary>
    private readonly AttemptLimiter _begun = new(time, TimeSpan.FromMinutes(10), perKey: 300, inAll: 20_000);

    private readonly string _stepCookie = BrowserCookie.Name(config, "step");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", (HttpContext http) => SignIn(http, null));
        routes.MapPost("/sign-in", PasswordAsync);
        routes.MapGet("/sign-in/with", StartAsync);
        routes.MapGet("/second-factor", (HttpContext http) => Code(http, http.Request.Query[ReturnToField], null));
        routes.MapPost("/second-factor", CodeAsync);
    }

    private IResult SignIn(HttpContext http, string? error, int status = StatusCodes.Status200OK, string? name = null, string? returnTo = null)
    {
        returnTo ??= ReturnTo.Of(http.Request.Query[ReturnToField]);
        name ??= http.Request.Query["login_hint"].ToString() is { Length: <= LocalUsers.LongestName } hint ? hint : "";
        return PageResult.Of(
            Title,
            main =>
            {
                foreach (ILoginMethod method in methods)
                    main.Element("p", p => p.Element("a", "Sign in with " + method.Title, ("class", "button"), ("href", With(http, method, returnTo))));
                main.Element(
                    "form",
                    form =>
                    {
                        guard.Write(form, http);
                        PageParts.Hidden(form, ReturnToField, returnTo);
                        PageParts.Field(form, "name", "User name", "text", name, "username", error is not null, first: true);
                        PageParts.Field(form, "password", "Password", "password", autocomplete: "current-password", wrong: error is not null);
                        PageParts.Button(form, "Sign in");
                    },
                    ("method", "post"), ("action", "/sign-in"));
            },
            error,
            status);
    }

    private static string With(HttpContext http, ILoginMethod method, string returnTo)
    {
        IQueryCollection query = http.Request.Query;
        return QueryHelpers.AddQueryString("/sign-in/with", new Dictionary<string, string?>
        {
            ["provider"] = method.Name,
            [ReturnToField] = returnTo,
            ["fresh"] = query["fresh"] == "1" ? "1" : null,
            ["acr_values"] = Short(query["acr_values"]),
            ["login_hint"] = Short(query["login_hint"]),
        }.Where(pair => pair.Value is not null));
    }

    private Task<IResult> StartAsync(HttpContext http, CancellationToken cancel)
    {
        IQueryCollection query = http.Request.Query;
        ILoginMethod? method = methods.FirstOrDefault(one => one.Name == query["provider"]);
        if (method is null)
            return Task.FromResult<IResult>(PageResult.Error("There is no such provider."));
        return !_begun.TryTake(AttemptLimiter.SourceOf(http.Connection.RemoteIpAddress))
            ? Task.FromResult<IResult>(PageResult.Error("Too many logins were begun. Wait ten minutes.", StatusCodes.Status429TooManyRequests))
            : method.StartAsync(http, new LoginDemand(ReturnTo.Of(query[ReturnToField]), query["fresh"] == "1", Short(query["acr_values"]), Short(query["login_hint"])), cancel);
    }

    private async Task<IResult> PasswordAsync(HttpContext http, CancellationToken cancel)
    {
        if (await guard.ReadAsync(http, cancel).ConfigureAwait(false) is not { } form)
            return Foreign();
        string returnTo = ReturnTo.Of(form[ReturnToField]);
        LocalAttempt attempt;
        try
        {
            attempt = await logins.TryPasswordAsync(form["name"], form["password"], http.Connection.RemoteIpAddress, cancel).ConfigureAwait(false);
        }
        catch (HasherBusyException)
        {
            return SignIn(http, "Many people are signing in at once. Try again in a moment.", StatusCodes.Status503ServiceUnavailable, Short(form["name"]), returnTo);
        }

        if (attempt.User is not { } user)
            return SignIn(http, Wrong, StatusCodes.Status400BadRequest, Short(form["name"]), returnTo);
        if (attempt.NeedsCode)
            return await AskCodeAsync(http, user, returnTo, cancel).ConfigureAwait(false);
        BrowserLogin login = await desk.CompleteAsync(http, user, "pwd", cancel).ConfigureAwait(false);

        // What was asked for needs a second factor, and there is none yet.
        return WantsSecondFactor(returnTo) && login.AuthenticationContext == "pwd"
            ? LoginDesk.GoOn(QueryHelpers.AddQueryString("/second-factor/new", ReturnToField, returnTo))
            : LoginDesk.GoOn(returnTo);
    }

    /// <summary>Keeps whose password was right, under a secret that only this browser has, until the code comes.</summary>
    private async Task<IResult> AskCodeAsync(HttpContext http, UserRow user, string returnTo, CancellationToken cancel)
    {
        string secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        DateTimeOffset now = time.GetUtcNow();
        await store.WriteAsync(
            (state, _) =>
            {
                state.OneTimes.Add(new OneTimeRow { Key = StepKey(secret), Payload = JsonSerializer.SerializeToUtf8Bytes(user.Id), CreatedAt = now, ExpiresAt = now + CodeTime });
                return Task.FromResult(true);
            },
            cancel).ConfigureAwait(false);
        BrowserCookie.Write(http, config, _stepCookie, secret, SameSiteMode.Strict, now + CodeTime);
        return LoginDesk.GoOn(QueryHelpers.AddQueryString("/second-factor", ReturnToField, returnTo));
    }

    private PageResult Code(HttpContext http, string? returnTo, string? error) => PageResult.Of(
        "Second factor",
        main => main.Element(
            "form",
            form =>
            {
                guard.Write(form, http);
                PageParts.Hidden(form, ReturnToField, ReturnTo.Of(returnTo));
                PageParts.Field(form, "code", "Code of your authenticator app", "text", autocomplete: "one-time-code", wrong: error is not null, first: true, hint: "Six digits. Each code is good once.");
                PageParts.Button(form, "Sign in");
            },
            ("method", "post"), ("action", "/second-factor")),
        error,
        error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    private async Task<IResult> CodeAsync(HttpContext http, CancellationToken cancel)
    {
        if (await guard.ReadAsync(http, cancel).ConfigureAwait(false) is not { } form)
            return Foreign();
        string key = BrowserCookie.TryRead(http, _stepCookie, out string? secret) ? StepKey(secret) : "";
        DateTimeOffset now = time.GetUtcNow();
        byte[]? payload = await store.ReadAsync((state, token) => state.OneTimes.Where(row => row.Key == key && row.ExpiresAt > now && row.UsedAt == null).Select(row => row.Payload).SingleOrDefaultAsync(token), cancel).ConfigureAwait(false);
        if (payload is null)
            return PageResult.Error("This took too long. Sign in again.");
        LocalAttempt attempt = await logins.TryCodeAsync(JsonSerializer.Deserialize<Guid>(payload), form["code"].ToString().Replace(" ", "", StringComparison.Ordinal), http.Connection.RemoteIpAddress, cancel).ConfigureAwait(false);
        if (attempt.User is not { } user)
            return Code(http, form[ReturnToField], "The code is not right, has been used, or there have been too many attempts: wait for the next one.");
        int removed = await store.WriteAsync((state, token) => state.OneTimes.Where(row => row.Key == key).ExecuteDeleteAsync(token), cancel).ConfigureAwait(false);
        if (removed == 0)
            return PageResult.Error("This took too long. Sign in again.");
        BrowserCookie.Delete(http, config, _stepCookie);
        await desk.CompleteAsync(http, user, "mfa", cancel).ConfigureAwait(false);
        return LoginDesk.GoOn(ReturnTo.Of(form[ReturnToField]));
    }

    internal static IResult Foreign() => PageResult.Error("The form was not sent by this page. Go back, load it again, and try once more.", StatusCodes.Status403Forbidden);

    /// <summary>True when the request that the login is for asks for <c>mfa</c>.</summary>
    private static bool WantsSecondFactor(string returnTo) =>
        returnTo.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at
        && QueryHelpers.ParseQuery(returnTo[at..]).TryGetValue("acr_values", out var values) && values.ToString().Split(' ').Contains("mfa") && !values.ToString().Split(' ').Contains("pwd");

    private static string? Short(string? value) => value is { Length: > 0 and <= 256 } ? value : null;

    private static string StepKey(string secret) => "second-factor:" + Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret)));
}
