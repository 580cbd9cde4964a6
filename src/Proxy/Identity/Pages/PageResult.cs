using System.Text;
using Microsoft.AspNetCore.Http;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>A page: one column, one heading, at most one form. No script, nothing from elsewhere.</summary>
internal sealed class PageResult : IResult
{
    private readonly int _status;
    private readonly string _text;
    private readonly string? _formTarget;

    private PageResult(int status, string text, string? formTarget)
    {
        _status = status;
        _text = text;
        _formTarget = formTarget;
    }

    /// <param name="title">What the page is for.</param>
    /// <param name="body">Writes what follows the heading.</param>
    /// <param name="error">What was wrong with what was sent; forms refer to it by the id <c>error</c>.</param>
    /// <param name="formTarget">An origin that the form's answer redirects to: browsers hold <c>form-action</c> against redirects too.</param>
    public static PageResult Of(string title, Action<Html> body, string? error = null, int status = StatusCodes.Status200OK, string? formTarget = null, string? next = null)
    {
        var html = new Html();
        html.Element(
            "html",
            root => root
                .Element("head", head =>
                {
                    head.Empty("meta", ("charset", "utf-8")).Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
                    head.Empty("meta", ("name", "robots"), ("content", "noindex"));
                    if (next is not null)
                        head.Empty("meta", ("http-equiv", "refresh"), ("content", "0; url=" + ReturnTo.Of(next)));
                    head.Element("title", (error is null ? "" : "Error: ") + title + " - Sallyport").Empty("link", ("rel", "stylesheet"), ("href", "/style.css"));
                })
                .Element("body", page => page.Element("main", main =>
                {
                    main.Element("h1", title);
                    if (error is not null)
                        main.Element("p", error, ("id", "error"), ("class", "error"), ("role", "alert"));
                    body(main);
                })),
            ("lang", "en"));
        return new PageResult(status, html.ToString(), formTarget);
    }

    /// <summary>
    /// Goes on to another page of ours after a form. Not by a redirect: browsers hold <c>form-action</c> against all redirects that follow a
    /// form, and where the last one leads (a client's address) is not the form's to know.
    /// </summary>
    public static PageResult GoTo(string next) =>
        Of("Signed in", main => main.Element("p", p => p.Element("a", "Continue", ("href", ReturnTo.Of(next)))), next: next);

    /// <summary>A page that says why not.</summary>
    public static PageResult Error(string message, int status = StatusCodes.Status400BadRequest) =>
        Of("This did not work", main => main.Element("p", message), status: status);

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = _status;
        httpContext.Response.ContentType = "text/html; charset=utf-8";
        if (_formTarget is not null)
            PageHeaders.AllowFormTarget(httpContext, _formTarget);
        await httpContext.Response.WriteAsync(_text, Encoding.UTF8, httpContext.RequestAborted).ConfigureAwait(false);
    }
}
