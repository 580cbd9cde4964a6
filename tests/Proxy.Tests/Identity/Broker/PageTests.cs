using System.Net;
using System.Net.Sockets;
using System.Text;
using Sallyport.Proxy.Identity.Pages;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Broker;

public sealed class PageTests : IAsyncLifetime
{
    private const string Markup = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'`{{7*7}}";

    private BrokerRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await BrokerRig.StartAsync();
        await _rig.AddUserAsync("alice");
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    public static TheoryData<string> Paths => ["/", "/sign-in", "/second-factor", "/second-factor/new", "/invitation", "/password", "/device", "/device/done", "/device/refused", "/prompt", "/signed-out",
        "/authorize", "/end-session", "/token", "/revoke", "/device-authorization", "/style.css", "/nowhere", "/oidc/.well-known/openid-configuration", "/.well-known/jwks", "/sign-in/with"];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Every_answer_is_hardened(string path)
    {
        using Browser alice = await _rig.SignedInAsync("alice");
        foreach (Page page in (Page[])[await _rig.Anyone.GetAsync(path), await alice.GetAsync(path), await alice.PostAsync(path, ("x", "y"))])
        {
            string policy = page.Header("Content-Security-Policy");
            Assert.StartsWith("default-src 'none'; style-src 'self'; form-action 'self'", policy, StringComparison.Ordinal);
            Assert.EndsWith("; frame-ancestors 'none'; base-uri 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("no-store", page.Header("Cache-Control"));
            Assert.Equal("DENY", page.Header("X-Frame-Options"));
            Assert.Equal("nosniff", page.Header("X-Content-Type-Options"));
            Assert.Equal("same-origin", page.Header("Referrer-Policy"));
            Assert.DoesNotContain("<script", page.Text, StringComparison.OrdinalIgnoreCase);
            Assert.NotEqual(HttpStatusCode.InternalServerError, page.Status);
            Assert.Equal("", page.Header("Server"));
        }
    }

    [Fact]
    public async Task What_was_sent_is_shown_as_text_or_not_at_all()
    {
        using Browser alice = await _rig.SignedInAsync("alice");
        string sent = Uri.EscapeDataString(Markup);
        string[] paths =
        [
            $"/sign-in?return_to={sent}&login_hint={sent}&acr_values={sent}&fresh={sent}", $"/sign-in/with?provider={sent}&return_to={sent}", $"/second-factor?return_to={sent}",
            $"/second-factor/new?return_to={sent}", $"/invitation?code={sent}", $"/device?user_code={sent}", $"/prompt?code={sent}", $"/nowhere/{sent}?{sent}={sent}",
            $"/authorize?client_id={sent}&redirect_uri={sent}&scope={sent}&state={sent}&response_type={sent}",
            $"/authorize?client_id=sallyport-cli&redirect_uri={Uri.EscapeDataString(BrokerRig.Redirect)}&response_type=code&scope=openid&state={sent}&nonce={sent}&code_challenge={BrokerRig.Challenge(BrokerRig.Verifier)}&code_challenge_method=S256&{sent}={sent}",
            $"/end-session?post_logout_redirect_uri={sent}&state={sent}&id_token_hint={sent}&client_id={sent}",
        ];
        foreach (string path in paths)
        {
            foreach (Page page in (Page[])[await alice.GetAsync(path), await _rig.Anyone.GetAsync(path)])
            {
                bool isHtml = page.Header("Content-Type").StartsWith("text/html", StringComparison.Ordinal);
                Assert.False(isHtml && (page.Text.Contains("<script", StringComparison.OrdinalIgnoreCase) || page.Text.Contains("<img", StringComparison.OrdinalIgnoreCase) || page.Text.Contains("\"><", StringComparison.Ordinal) && page.Text.Contains("alert(1)<", StringComparison.Ordinal)), path + page.Text);
            }
        }

        Page form = await _rig.Anyone.GetAsync("/sign-in");
        Page wrong = await _rig.Anyone.SubmitAsync(form, ("name", Markup), ("password", Markup), ("return_to", Markup));
        Assert.DoesNotContain("<script", wrong.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;", wrong.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("\\\\evil.example")]
    [InlineData("/\t/evil.example")]
    [InlineData("/\n/evil.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("JaVaScRiPt:alert(1)")]
    [InlineData("java\nscript:alert(1)")]
    [InlineData("data:text/html,x")]
    [InlineData("/ok\r\nSet-Cookie: x=y")]
    [InlineData(" /x")]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("http:/evil.example")]
    [InlineData("/\u2215evil")]
    public async Task A_login_leads_only_to_our_own_pages(string target)
    {
        Assert.Equal("/", ReturnTo.Of(target));
        using Browser browser = _rig.NewBrowser();
        Page form = await browser.GetAsync("/sign-in?return_to=" + Uri.EscapeDataString(target));
        Page done = await browser.SubmitAsync(form, ("name", "alice"), ("password", BrokerRig.Password), ("return_to", target));
        Assert.Contains("content=\"0; url=/\"", done.Text, StringComparison.Ordinal);
        Assert.Contains("href=\"/\"", done.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Html_cannot_be_made_to_run_anything()
    {
        Assert.Throws<ArgumentException>(() => new Html().Element("a", "x", ("href", "javascript:alert(1)")));
        Assert.Throws<ArgumentException>(() => new Html().Element("form", "x", ("action", "https://evil.example")));
        Assert.Throws<ArgumentException>(() => new Html().Element("p", "x", ("onclick", "alert(1)")));
        Assert.Throws<ArgumentException>(() => new Html().Element("p><script", "x"));
        Assert.Contains("&lt;b&gt;&amp;&quot;", new Html().Text("<b>&\"").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/token")]
    [InlineData("/device")]
    [InlineData("/authorize")]
    public async Task A_body_without_end_is_cut_off(string path)
    {
        string head = $"POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: {_rig.Config.Url.GetLeftPart(UriPartial.Authority)}\r\nCookie: sallyport-form=abc\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
        using TcpClient client = await ConnectAsync(head);
        byte[] chunk = Encoding.ASCII.GetBytes("10000\r\na=" + new string('x', 0x10000 - 2) + "\r\n");
        long sent = 0;
        try
        {
            // 10 GiB, if it let us.
            while (sent < 10L << 30)
            {
                await client.GetStream().WriteAsync(chunk);
                sent += chunk.Length;
            }
        }
        catch (IOException)
        {
            Assert.True(sent < 64 << 20, $"{sent} bytes were taken");
            return;
        }

        Assert.Fail("it was all taken");
    }

    [Fact]
    public async Task A_body_that_drips_is_cut_off()
    {
        using TcpClient client = await ConnectAsync("POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ngrant");
        string answer = await ReadAsync(client);
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_and_kinds_of_bodies_have_bounds()
    {
        using TcpClient large = await ConnectAsync("GET / HTTP/1.1\r\nHost: x\r\nX: " + new string('x', 64 << 10) + "\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 431 ", await ReadAsync(large), StringComparison.Ordinal);
        using TcpClient line = await ConnectAsync("GET /" + new string('x', 32 << 10) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 414 ", await ReadAsync(line), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = new MultipartFormDataContent { { new ByteArrayContent(new byte[10]), "f", "f.bin" } } };
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await _rig.Anyone.SendAsync(request)).Status);
        (string, string)[] many = [.. Enumerable.Range(0, 100).Select(i => ("f" + i, "x"))];
        Page form = await _rig.Anyone.GetAsync("/sign-in");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await _rig.Anyone.SubmitAsync(form, many)).Status);
    }

    [Fact]
    public async Task Ways_to_log_in_elsewhere_are_links_and_methods_that_are_not_ours_are_refused()
    {
        using var options = new HttpRequestMessage(HttpMethod.Options, "/sign-in");
        Assert.Equal(HttpStatusCode.NotFound, (await _rig.Anyone.SendAsync(options)).Status);
        Assert.Equal("", (await _rig.Anyone.GetAsync("/sign-in")).Header("Access-Control-Allow-Origin"));
        Assert.Equal(HttpStatusCode.BadRequest, (await _rig.Anyone.GetAsync("/sign-in/with?provider=nobody")).Status);
    }

    private async Task<TcpClient> ConnectAsync(string text)
    {
        var client = new TcpClient();
        await client.ConnectAsync(_rig.Config.Address);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        return client;
    }

    private static async Task<string> ReadAsync(TcpClient client)
    {
        byte[] buffer = new byte[4096];
        int length = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
