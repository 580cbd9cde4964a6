using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace Sallyport.Proxy.Tests.Identity.Broker;

/// <summary>An answer, read whole.</summary>
internal sealed record Page(HttpStatusCode Status, string Text, HttpResponseMessage Response)
{
    public string? Location => Response.Headers.Location?.OriginalString;

    public string Header(string name) =>
        Response.Headers.TryGetValues(name, out IEnumerable<string>? values) || Response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : "";

    /// <summary>A parameter of the address that the browser is sent to.</summary>
    public string LocationQuery(string name) => QueryHelpers.ParseQuery(new Uri(Location!).Query)[name].ToString();
}

/// <summary>A browser as far as forms, cookies and redirects go; it follows none by itself.</summary>
internal sealed partial class Browser(Uri address, Uri origin) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() }) { BaseAddress = address };

    /// <summary>What it sends as <c>Origin</c> with forms; null: nothing.</summary>
    public string? Origin { get; set; } = origin.GetLeftPart(UriPartial.Authority);

    public async Task<Page> GetAsync(string path) => await SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    public async Task<Page> PostAsync(string path, params (string Name, string Value)[] form)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))) };
        if (Origin is not null)
            request.Headers.Add("Origin", Origin);
        return await SendAsync(request);
    }

    /// <summary>Sends the page's form with its hidden fields.</summary>
    public Task<Page> SubmitAsync(Page page, params (string Name, string Value)[] fields)
    {
        string action = WebUtility.HtmlDecode(FormAction().Match(page.Text).Groups[1].Value);
        List<(string, string)> form = [.. fields];
        foreach (Match hidden in Hidden().Matches(page.Text))
        {
            if (!fields.Any(field => field.Name == hidden.Groups[1].Value))
                form.Add((WebUtility.HtmlDecode(hidden.Groups[1].Value), WebUtility.HtmlDecode(hidden.Groups[2].Value)));
        }

        return PostAsync(action, [.. form]);
    }

    public async Task<Page> SendAsync(HttpRequestMessage request)
    {
        HttpResponseMessage response = await _http.SendAsync(request);
        return new Page(response.StatusCode, await response.Content.ReadAsStringAsync(), response);
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]*)\">")]
    private static partial Regex FormAction();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")]
    private static partial Regex Hidden();
}
