using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>The cookie that ties a login at a provider to the browser it was begun in.</summary>
internal static class LoginBinding
{
    private const string Use = "federation";

    /// <summary>Begins one: the browser keeps the secret until it closes.</summary>
    public static string Begin(HttpContext http, BrokerConfig config)
    {
        string name = BrowserCookie.Name(config, Use);

        // Two tabs log in at once: the second must not make the first one's answer a stranger's.
        if (BrowserCookie.TryRead(http, name, out string? known) && known.Length == 43)
            return known;
        string binding = OneTimeStore.Secret();
        BrowserCookie.Write(http, config, name, binding, SameSiteMode.Lax, expires: null);
        return binding;
    }

    /// <summary>This browser's secret; empty when it has none, which no login was begun with.</summary>
    public static string Of(HttpContext http, BrokerConfig config) =>
        BrowserCookie.TryRead(http, BrowserCookie.Name(config, Use), out string? binding) ? binding : "";
}
