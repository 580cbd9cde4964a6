using Microsoft.AspNetCore.Http;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>Headers of every answer, whoever makes it.</summary>
internal static class PageHeaders
{
    private static readonly object FormTarget = new();

    /// <summary>
    /// Sets them before anything else runs. <c>Referrer-Policy</c> is <c>same-origin</c> rather than <c>no-referrer</c>: under the latter browsers
    /// send <c>Origin: null</c> with our own forms (Fetch 3.2), and <see cref="FormGuard"/> looks at it; neither tells others anything.
    /// </summary>
    public static void Set(HttpContext http)
    {
        http.Response.OnStarting(() =>
        {
            IHeaderDictionary headers = http.Response.Headers;
            string target = http.Items.TryGetValue(FormTarget, out object? origin) ? $" {origin}" : "";
            headers.ContentSecurityPolicy = $"default-src 'none'; style-src 'self'; form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'";
            headers.XFrameOptions = "DENY";
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers.CacheControl = "no-store";
            if (http.Request.IsHttps)
                headers.StrictTransportSecurity = "max-age=31536000";
            return Task.CompletedTask;
        });
    }

    /// <summary>Lets the form of this page end at that origin, which must have been checked.</summary>
    public static void AllowFormTarget(HttpContext http, string origin) => http.Items[FormTarget] = origin;
}
