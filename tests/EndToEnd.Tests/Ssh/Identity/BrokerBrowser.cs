using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>A person's browser at the broker, as far as forms and cookies go: a real one takes a second to start.</summary>
public sealed partial class BrokerBrowser : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _origin;

    public BrokerBrowser(SshControl control)
    {
        string expected = X509Certificate2.CreateFromPem(File.ReadAllText(control.CaFile)).Thumbprint;
        _origin = control.BrokerUrl;
        _http = new HttpClient(new SocketsHttpHandler
        {
            CookieContainer = new CookieContainer(),
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == expected },
        })
        { BaseAddress = new Uri(control.BrokerUrl) };
    }

    /// <summary>Accepts an invitation and signs in.</summary>
    public async Task JoinAsync(string invitation, string name, string password)
    {
        Expect("The password is set", await SubmitAsync(await GetAsync(invitation), ("password", password), ("again", password)));
        Expect("Signed in", await SubmitAsync(await GetAsync("/sign-in"), ("name", name), ("password", password)));
        Expect("You are signed in as " + name, await GetAsync("/"));
    }

    /// <summary>Opens the address that a client has shown.</summary>
    public async Task<string> GetAsync(string address)
    {
        using HttpResponseMessage response = await _http.GetAsync(address);
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Opens it, checks that it shows the code, and answers.</summary>
    /// <returns>What the page says then.</returns>
    public async Task<string> AnswerAsync((string Url, string Code) prompt, bool yes)
    {
        string page = await GetAsync(prompt.Url);
        Expect(prompt.Code, page);
        return await SubmitAsync(page, ("answer", yes ? "yes" : "no"));
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> SubmitAsync(string page, params (string Name, string Value)[] fields)
    {
        IEnumerable<(string, string)> hidden = Hidden().Matches(page).Select(field => (WebUtility.HtmlDecode(field.Groups[1].Value), WebUtility.HtmlDecode(field.Groups[2].Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, WebUtility.HtmlDecode(Form().Match(page).Groups[1].Value))
        {
            Content = new FormUrlEncodedContent(fields.Concat(hidden).Select(field => KeyValuePair.Create(field.Item1, field.Item2))),
        };
        request.Headers.Add("Origin", _origin);
        using HttpResponseMessage response = await _http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private static void Expect(string text, string page)
    {
        if (!WebUtility.HtmlDecode(page).Contains(text, StringComparison.Ordinal))
            throw new InvalidOperationException($"The page does not say \"{text}\":\n{page}");
    }

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]*)\">")]
    private static partial Regex Form();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")]
    private static partial Regex Hidden();
}
