using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>Cookies that go to this host only and that no script reads (RFC 6265bis 4.1.3.2: <c>__Host-</c>).</summary>
internal static class BrowserCookie
{
    private const int Longest = 256;

    /// <summary>The name; without the prefix on plain http, where browsers refuse it.</summary>
    public static string Name(BrokerConfig config, string use) =>
        config.Url.Scheme == Uri.UriSchemeHttps ? $"__Host-sallyport-{use}" : $"sallyport-{use}";

    public static bool TryRead(HttpContext http, string name, [NotNullWhen(true)] out string? value) =>
        http.Request.Cookies.TryGetValue(name, out value) && value is { Length: > 0 and <= Longest };

    public static void Write(HttpContext http, BrokerConfig config, string name, string value, SameSiteMode sameSite, DateTimeOffset? expires) =>
        http.Response.Cookies.Append(name, value, Options(config, sameSite, expires));

    public static void Delete(HttpContext http, BrokerConfig config, string name) =>
        http.Response.Cookies.Delete(name, Options(config, SameSiteMode.Lax, null));

    private static CookieOptions Options(BrokerConfig config, SameSiteMode sameSite, DateTimeOffset? expires) => new()
    {
        HttpOnly = true,
        Secure = config.Url.Scheme == Uri.UriSchemeHttps,
        SameSite = sameSite,
        Path = "/",
        Expires = expires,
        IsEssential = true,
    };
}
