using System.Net;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>A message by HTTP-POST (SAML bindings 3.5): a form that the browser sends.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Field"><c>SAMLRequest</c> or <c>SAMLResponse</c>.</param>
/// <param name="Value">The message in base64.</param>
internal sealed record SamlPostForm(string Url, string Field, string Value, string? RelayState)
{
    /// <summary>A page that sends the form by itself, and by a button where scripts may not run.</summary>
    /// <param name="nonce">The nonce of the page's Content-Security-Policy for its one script.</param>
    public string ToHtml(string nonce)
    {
        string relayState = RelayState is null ? "" : $"""<input type="hidden" name="RelayState" value="{WebUtility.HtmlEncode(RelayState)}">""";
        return $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>Signing in</title></head><body>
            <form method="post" action="{WebUtility.HtmlEncode(Url)}">
            <input type="hidden" name="{Field}" value="{WebUtility.HtmlEncode(Value)}">{relayState}
            <button type="submit">Continue</button></form>
            <script nonce="{WebUtility.HtmlEncode(nonce)}">document.forms[0].submit()</script>
            </body></html>
            """;
    }
}
