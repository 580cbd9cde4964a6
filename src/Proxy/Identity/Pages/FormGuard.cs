using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>
/// Takes forms only from our own pages in the same browser: the browser's <c>Origin</c> must be ours, and the form must carry a code made for this
/// browser's cookie and login. The cookie is there before a login too, or others could log a browser in as themselves.
/// </summary>
internal sealed class FormGuard(BrokerConfig config, SigningKeys keys)
{
    /// <summary>The form's field.</summary>
    public const string Field = "csrf";

    private const string Purpose = "form";
    private readonly string _origin = config.Url.GetLeftPart(UriPartial.Authority);
    private readonly string _cookie = BrowserCookie.Name(config, "form");

    /// <summary>The hidden field for a form on a page for this browser.</summary>
    public void Write(Html form, HttpContext http) =>
        form.Empty("input", ("type", "hidden"), ("name", Field), ("value", Code(http)));

    /// <summary>The form, or null when it did not come from a page of ours.</summary>
    public async ValueTask<IFormCollection?> ReadAsync(HttpContext http, CancellationToken cancel)
    {
        if (http.Request.Headers.Origin.ToString() != _origin || http.Request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin"))
            return null;
        if (!BrowserCookie.TryRead(http, _cookie, out string? browser))
            return null;
        IFormCollection form = await http.Request.ReadFormAsync(cancel).ConfigureAwait(false);
        string sent = form[Field].ToString();
        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return sent.Length == 43 && Base64Url.TryDecodeFromChars(sent, code, out int length) && length == code.Length
            && keys.Ring.IsAuthentic(Purpose, Bound(http, browser), code) ? form : null;
    }

    private string Code(HttpContext http)
    {
        if (!BrowserCookie.TryRead(http, _cookie, out string? browser))
        {
            browser = http.Items[_cookie] as string ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            http.Items[_cookie] = browser;
            BrowserCookie.Write(http, config, _cookie, browser, SameSiteMode.Strict, expires: null);
        }

        return Base64Url.EncodeToString(keys.Ring.Authenticate(Purpose, Bound(http, browser)));
    }

    private string Bound(HttpContext http, string browser) =>
        BrowserCookie.TryRead(http, BrowserCookie.Name(config, "login"), out string? login) ? $"{browser}|{login}" : browser;
}
