using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Federation;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Admin.SignIn;

/// <summary>
/// Signs a browser in at the OpenID Provider (code, PKCE, state, nonce, issuer: OpenID Connect Core 1.0 3.1, RFC 9700, RFC 9207). What comes
/// out of it is a token like any other, kept here; the browser gets a cookie that stands for it.
/// </summary>
internal sealed class SignInRoutes(AdminConfig config, OpenIdProvider provider, BrowserSessions sessions, IAdminLogin login, TimeProvider time, Log log) : IAdminRoutes
{
    /// <summary>Where the provider sends the browser back to.</summary>
    public const string Path = "/signin";

    /// <summary>Binds the browser that comes back to the one that left. It must come along from the provider's page, hence Lax.</summary>
    public const string AttemptCookie = "__Host-sallyport-signin";

    private static readonly CookieOptions Host = new() { Path = "/", Secure = true, HttpOnly = true, SameSite = SameSiteMode.Strict, IsEssential = true };

    public void Map(AdminRouteMap map)
    {
        map.Get(Path, AdminRole.Anyone, SignInAsync).Says("Sign a browser in: leads to the provider, and back.");
        map.Post("/v1/signout", AdminRole.SignedIn, SignOutAsync).Says("End the browser's session.");
    }

    /// <summary>The return address as a path of ours; whatever else it is, it leads to the start.</summary>
    internal static string Local(string? path) =>
        path is { Length: > 0 and < 512 } && path[0] == '/' && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Any(c => char.IsControl(c) || c == '\\') ? path : "/";

    private async Task<IResult> SignInAsync(AdminCall call, HttpContext context, string? code, string? state, string? iss, string? error, string? @return)
    {
        try
        {
            return state is null ? await BeginAsync(context, @return, call.Cancel).ConfigureAwait(false) : await EndAsync(call, context, code, state, iss, error).ConfigureAwait(false);
        }
        catch (FederationException failure)
        {
            log.Warning("admin-signin-failed", new LogField("error", failure.Word));
            throw new AdminProblem(StatusCodes.Status502BadGateway, "provider-failed", "The identity provider has no good answer.", "Try again in a moment.");
        }
    }

    private async Task<IResult> BeginAsync(HttpContext context, string? path, CancellationToken cancel)
    {
        OidcMetadata metadata = await provider.MetadataAsync(cancel).ConfigureAwait(false);
        string state = OneTimeStore.Secret(), browser = OneTimeStore.Secret();
        var attempt = new SignInAttempt(OneTimeStore.Secret(), OneTimeStore.Secret(), OneTimeStore.Hash(browser), Local(path));
        await sessions.BeginAsync(state, attempt, cancel).ConfigureAwait(false);
        context.Response.Cookies.Append(AttemptCookie, browser, new CookieOptions(Host) { SameSite = SameSiteMode.Lax, MaxAge = TimeSpan.FromMinutes(10) });
        return TypedResults.Redirect(QueryHelpers.AddQueryString(metadata.Authorization.AbsoluteUri, new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = provider.Client,
            ["redirect_uri"] = Redirect,
            ["scope"] = provider.Scope,
            ["state"] = state,
            ["nonce"] = attempt.Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(attempt.Verifier))),
            ["code_challenge_method"] = "S256",
        }));
    }

    private async Task<IResult> EndAsync(AdminCall call, HttpContext context, string? code, string state, string? issuer, string? error)
    {
        context.Response.Cookies.Delete(AttemptCookie, Host);
        SignInAttempt? attempt = await sessions.TakeAsync(state, call.Cancel).ConfigureAwait(false);
        string browser = OneTimeStore.Hash(context.Request.Cookies[AttemptCookie] ?? "");
        if (attempt is null || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(browser), Encoding.ASCII.GetBytes(attempt.Browser)))
            throw Refused("the sign-in was not begun by this browser, or too long ago");

        // RFC 9207 2.4: an answer of another provider is not taken to this one; who promises to say whose it is must say so.
        bool promised = (await provider.MetadataAsync(call.Cancel).ConfigureAwait(false)).NamesIssuerInResponse;
        if (issuer is null ? promised : issuer != provider.Issuer)
            throw Refused("the answer is another issuer's");
        if (error is not null || code is null)
            throw Refused("the provider said no");
        (string access, string id) = await provider.ExchangeAsync(code, Redirect, attempt.Verifier, call.Cancel).ConfigureAwait(false);
        string subject = CheckId(id, attempt.Nonce);
        AdminLoginResult result = await login.LoginAsync(access, new System.Net.IPEndPoint(context.Connection.RemoteIpAddress ?? System.Net.IPAddress.None, context.Connection.RemotePort), call.Cancel).ConfigureAwait(false);
        if (result.Identity is not { } identity || identity.Subject != subject)
            throw Refused($"the access token is not good here: {result.Refusal ?? "subject"}");
        await call.KeepAsync(new AuditEvent(AuditTypes.LoginSucceeded, AuditActor.Of(identity, context.Connection.RemoteIpAddress)) { Object = "admin-session" }).ConfigureAwait(false);
        string cookie = await sessions.OpenAsync(access, identity.ExpiresAt, call.Cancel).ConfigureAwait(false);
        context.Response.Cookies.Append(AdminAuthentication.Cookie, cookie, new CookieOptions(Host) { MaxAge = identity.ExpiresAt - time.GetUtcNow() });

        // A strict cookie does not come along where another site's page led: a page of our own leads on.
        string next = HtmlEncoder.Default.Encode(attempt.Return);
        return TypedResults.Content($"<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={next}\"><a href=\"{next}\">Signed in</a>", "text/html; charset=utf-8");
    }

    private async Task<SignedOutJson> SignOutAsync(AdminCall call, HttpContext context) => await call.DoAsync(
        new AuditEvent(AuditTypes.LoginEnded, call.Actor) { Object = "admin-session" },
        async cancel =>
        {
            if (context.Request.Cookies[AdminAuthentication.Cookie] is { } cookie)
                await sessions.EndAsync(cookie, cancel).ConfigureAwait(false);
            context.Response.Cookies.Delete(AdminAuthentication.Cookie, Host);
            return new SignedOutJson(true);
        }).ConfigureAwait(false);

    /// <summary>
    /// The ID token came straight from the provider's token endpoint, over TLS, so its signature need not be looked at (OpenID Connect Core 1.0
    /// 3.1.3.7, 6); that it is this provider's, for us, for this sign-in and in time, must be. Who it is, the access token proves.
    /// </summary>
    private string CheckId(string token, string nonce)
    {
        JsonWebToken id;
        try
        {
            id = new JsonWebToken(token);
        }
        catch (ArgumentException)
        {
            throw Refused("the ID token is none");
        }

        bool good = id.Issuer == provider.Issuer && id.Audiences.SequenceEqual([provider.Client]) && id.ValidTo > time.GetUtcNow().UtcDateTime
            && id.TryGetPayloadValue("nonce", out string? given) && given == nonce && id.Subject is { Length: > 0 };
        return good ? id.Subject : throw Refused("the ID token is not for this sign-in");
    }

    private string Redirect => config.Url.GetLeftPart(UriPartial.Authority) + Path;

    private AdminProblem Refused(string why)
    {
        log.Warning("admin-signin-refused", new LogField("reason", why));
        return AdminProblem.Forbidden("signin-refused", "The sign-in did not work.", $"Begin again: {Path}.");
    }
}

internal sealed record SignedOutJson(bool SignedOut);
