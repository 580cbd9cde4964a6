using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>A person's browser at the broker, as far as forms and cookies go: a real one takes a second to start.</summary>
public sealed partial class BrokerBrowser : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _origin;

    public BrokerBrowser(ControlPlane control)
    {
        string expected = X509Certificate2.CreateFromPem(File.ReadAllText(control.CaFile)).Thumbprint;
        _origin = control.BrokerUrl;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
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

    /// <summary>An access token of the login in this browser for a program that its person agrees to (authorization code, PKCE).</summary>
    /// <param name="scope">What it is for: targets, or the admin API.</param>
    public async Task<string> TokenAsync(string scope)
    {
        const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Redirect = "http://127.0.0.1:49152/callback";
        string challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        string page = await GetAsync(
            $"/authorize?response_type=code&client_id=sallyport-cli&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=openid%20{scope}&state=s&nonce=n&code_challenge={challenge}&code_challenge_method=S256");
        using HttpResponseMessage agreed = await PostAsync(page, ("answer", "yes"));
        string code = Code().Match(agreed.Headers.Location!.Query).Groups[1].Value;
        using HttpResponseMessage answer = await _http.PostAsync("/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = "sallyport-cli",
            ["code"] = WebUtility.UrlDecode(code),
            ["redirect_uri"] = Redirect,
            ["code_verifier"] = Verifier,
        }));
        using JsonDocument tokens = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return tokens.RootElement.GetProperty("access_token").GetString()!;
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> SubmitAsync(string page, params (string Name, string Value)[] fields)
    {
        using HttpResponseMessage response = await PostAsync(page, fields);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<HttpResponseMessage> PostAsync(string page, params (string Name, string Value)[] fields)
    {
        IEnumerable<(string, string)> hidden = Hidden().Matches(page).Select(field => (WebUtility.HtmlDecode(field.Groups[1].Value), WebUtility.HtmlDecode(field.Groups[2].Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, WebUtility.HtmlDecode(Form().Match(page).Groups[1].Value))
        {
            Content = new FormUrlEncodedContent(fields.Concat(hidden).Select(field => KeyValuePair.Create(field.Item1, field.Item2))),
        };
        request.Headers.Add("Origin", _origin);
        return await _http.SendAsync(request);
    }

    private static void Expect(string text, string page)
    {
        if (!WebUtility.HtmlDecode(page).Contains(text, StringComparison.Ordinal))
            throw new InvalidOperationException($"The page does not say \"{text}\":\n{page}");
    }

    [GeneratedRegex("[?&]code=([^&]+)")]
    private static partial Regex Code();

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]*)\">")]
    private static partial Regex Form();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")]
    private static partial Regex Hidden();
}
