using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Admin;

/// <summary>A browser's session: the token that it stands for, and what its own pages know and others do not.</summary>
internal sealed record AdminSession(string Token, string Csrf);

/// <summary>Finds the session of a cookie.</summary>
internal interface IAdminSessions
{
    /// <summary>The session; null: there is none, or it is over.</summary>
    ValueTask<AdminSession?> FindAsync(string cookie, CancellationToken cancel);
}

/// <summary>
/// Finds out who calls, from the one credential of a request: a bearer token (RFC 6750 2.1, in the header only) or the session cookie.
/// No other header says who anybody is, whatever its name: there is no trusted proxy before this listener.
/// </summary>
internal sealed class AdminAuthentication(AdminConfig config, IAdminLogin login, IAdminSessions? sessions)
{
    /// <summary>RFC 6265bis 4.1.3.2: with this prefix no other host and no plaintext page can have set it.</summary>
    public const string Cookie = "__Host-sallyport-admin";

    /// <summary>The header that a page of ours must repeat its session's token in.</summary>
    public const string CsrfHeader = "Sallyport-CSRF";

    private const string Scheme = "Bearer ";

    private readonly string _origin = config.Url.GetLeftPart(UriPartial.Authority);

    /// <summary>Who calls; null: nobody that we know.</summary>
    /// <exception cref="AdminProblem">The request must not be taken, whoever it is.</exception>
    public async ValueTask<(AdminCaller? Caller, string? Refusal)> CallerAsync(HttpContext context, CancellationToken cancel)
    {
        StringValues authorization = context.Request.Headers.Authorization;
        string? cookie = sessions is null ? null : context.Request.Cookies[Cookie];
        if (authorization.Count > 0 && cookie is not null)
            throw AdminProblem.Wrong("two-credentials", "The request carries a token and a session cookie: which of the two is meant?", "Send one.");
        if (authorization.Count == 0 && cookie is null)
            return (null, "none");

        AdminSession? session = cookie is null ? null : await OfCookieAsync(context, cookie, cancel).ConfigureAwait(false);
        string? token = cookie is null ? Bearer(authorization) : session?.Token;
        if (token is null)
            return (null, cookie is null ? "authorization-malformed" : "session-unknown");
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        AdminLoginResult result = await login.LoginAsync(token, new IPEndPoint(address, context.Connection.RemotePort), cancel).ConfigureAwait(false);
        return result.Identity is { } identity
            ? (new AdminCaller(identity, AdminRoles.Of(identity, config.Roles, result.Scope), address, session?.Csrf), null)
            : (null, result.Refusal);
    }

    private static string? Bearer(StringValues authorization) =>
        authorization.Count == 1 && authorization[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && value.Length > Scheme.Length
            ? value[Scheme.Length..].Trim()
            : null;

    private async ValueTask<AdminSession?> OfCookieAsync(HttpContext context, string cookie, CancellationToken cancel)
    {
        // A cookie comes along whoever makes the browser send a request: other sites' are refused before it is looked up.
        HttpRequest request = context.Request;
        bool unsafeMethod = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        StringValues origin = request.Headers.Origin;
        bool foreign = origin.Count > 0 ? origin.Count != 1 || origin[0] != _origin : unsafeMethod;
        StringValues site = request.Headers["Sec-Fetch-Site"];
        if (foreign || (site.Count > 0 && (site.Count != 1 || site[0] is not ("same-origin" or "none"))))
            throw AdminProblem.Forbidden("origin-foreign", "A page of another origin sent this.", $"Use {_origin}.");
        if (await sessions!.FindAsync(cookie, cancel).ConfigureAwait(false) is not { } session)
            return null;
        StringValues csrf = request.Headers[CsrfHeader];
        bool proven = csrf.Count == 1 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(csrf[0] ?? ""), Encoding.UTF8.GetBytes(session.Csrf));
        return unsafeMethod && !proven
            ? throw AdminProblem.Forbidden("csrf-missing", $"A request by cookie that changes something needs the header {CsrfHeader}.", "GET /v1/me says what it must be.")
            : session;
    }
}
