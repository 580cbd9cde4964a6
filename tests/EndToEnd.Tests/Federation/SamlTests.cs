using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sallyport.Proxy.Identity.Saml;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Federation;

/// <summary>Logins and logouts by SAML with an identity provider that somebody else wrote.</summary>
public sealed class SamlTests
{
    private const string EmailFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    private static readonly SamlServiceProvider Sp = new()
    {
        EntityId = "https://sallyport.example/saml",
        AssertionConsumerUrl = "https://sallyport.example/saml/acs",
        LogoutUrl = "https://sallyport.example/saml/logout",
        SigningCertificate = Certificate("sp signing"),
        DecryptionCertificates = [Certificate("sp decryption")],
    };

    private readonly SamlLocalMemory _memory = new(TimeProvider.System);

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, true, false)]
    [InlineData(false, true, true)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public async Task A_person_logs_in(bool encrypted, bool responseSigned, bool assertionSigned)
    {
        var setup = new SimpleSamlPhpSetup { EncryptAssertions = encrypted, SignResponses = responseSigned, SignAssertions = assertionSigned };
        await using SimpleSamlPhp idp = await SimpleSamlPhp.StartAsync(OurMetadata(), setup);
        SamlProvider provider = ProviderOf(idp);
        SamlLogin login = LoginOf(provider);
        using HttpClient browser = new();

        (string id, string url) = await login.RedirectAsync(new SamlLoginOptions { RelayState = "state 1" }, default);
        Assert.StartsWith(idp.SsoUrl + "?", url);
        SamlResponseForm form = await idp.LogInAsync(browser, url);
        Assert.Equal(Sp.AssertionConsumerUrl, form.Url.ToString());
        Assert.Equal("state 1", form.RelayState);
        string xml = Encoding.UTF8.GetString(Convert.FromBase64String(form.SamlResponse));
        Assert.Equal(encrypted, xml.Contains("EncryptedAssertion"));
        Assert.Equal(encrypted, !xml.Contains(SimpleSamlPhp.Email));

        (SamlAssertion? assertion, string? refusal) = await login.AcceptAsync(form.SamlResponse, id, default);
        Assert.Null(refusal);
        Assert.Equal(SimpleSamlPhp.Email, assertion!.Subject);
        Assert.Equal(EmailFormat, assertion.NameIdFormat);
        Assert.Equal(idp.EntityId, assertion.Issuer);
        Assert.Equal(SimpleSamlPhp.Email, assertion.Email);
        Assert.Equal("Alice Ö. <Example>", assertion.Name);
        Assert.Equal<string>(["engineers", "on-call"], assertion.Groups);
        Assert.Equal("urn:oasis:names:tc:SAML:2.0:ac:classes:Password", assertion.AuthnContext);
        Assert.NotNull(assertion.SessionIndex);
        Assert.InRange(assertion.AuthenticatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal((null, SamlRefusals.Replayed), await login.AcceptAsync(form.SamlResponse, id, default));
    }

    [Fact]
    public async Task A_request_by_post_is_taken_and_a_forced_login_asks_again()
    {
        await using SimpleSamlPhp idp = await SimpleSamlPhp.StartAsync(OurMetadata());
        SamlLogin login = LoginOf(ProviderOf(idp));
        using HttpClient browser = new();

        (string id, SamlPostForm request) = await login.PostAsync(new SamlLoginOptions { RelayState = "state 2" }, default);
        SamlResponseForm form = await idp.LogInAsync(browser, request.Url, Fields(request));
        Assert.Equal("state 2", form.RelayState);
        SamlAssertion first = (await login.AcceptAsync(form.SamlResponse, id, default)).Assertion!;
        Assert.Equal(SimpleSamlPhp.Email, first.Subject);

        (id, request) = await login.PostAsync(new SamlLoginOptions { ForceAuthn = true }, default);
        form = await idp.LogInAsync(browser, request.Url, Fields(request));
        (SamlAssertion? again, string? refusal) = await login.AcceptAsync(form.SamlResponse, id, default);
        Assert.Null(refusal);
        Assert.NotEqual(first.Id, again!.Id);
        Assert.True(again.AuthenticatedAt >= first.AuthenticatedAt);
    }

    [Fact]
    public async Task A_request_signed_by_somebody_else_is_not_taken()
    {
        // That the logins above succeed shows our signatures only if the other side really looks at them.
        await using SimpleSamlPhp idp = await SimpleSamlPhp.StartAsync(OurMetadata());
        SamlProvider provider = ProviderOf(idp);
        SamlLogin login = LoginOf(provider with { Sp = Sp with { SigningCertificate = Certificate("somebody else") } });
        using HttpClient browser = new();
        (_, string url) = await login.RedirectAsync(new SamlLoginOptions(), default);
        Assert.Contains("Unable to validate signature", await browser.GetStringAsync(url), StringComparison.OrdinalIgnoreCase);
        (_, SamlPostForm request) = await login.PostAsync(new SamlLoginOptions(), default);
        HttpResponseMessage answer = await browser.PostAsync(request.Url, new FormUrlEncodedContent(Fields(request)));
        Assert.Contains("Unable to validate signature", await answer.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Cbc_without_a_signed_response_and_answers_of_another_provider_are_refused()
    {
        await using SimpleSamlPhp idp = await SimpleSamlPhp.StartAsync(OurMetadata(), new SimpleSamlPhpSetup { SignResponses = false });
        SamlProvider provider = ProviderOf(idp);
        SamlLogin login = LoginOf(provider);
        using HttpClient browser = new();
        (string id, string url) = await login.RedirectAsync(new SamlLoginOptions(), default);
        SamlResponseForm form = await idp.LogInAsync(browser, url);
        Assert.Equal((null, SamlRefusals.UnauthenticatedCipher), await login.AcceptAsync(form.SamlResponse, id, default));

        await using SimpleSamlPhp other = await SimpleSamlPhp.StartAsync(OurMetadata());
        SamlLogin atOther = LoginOf(ProviderOf(other));
        (string otherId, url) = await atOther.RedirectAsync(new SamlLoginOptions(), default);
        form = await other.LogInAsync(browser, url);
        Assert.Equal((null, SamlRefusals.Issuer), await login.AcceptAsync(form.SamlResponse, id, default));
        Assert.NotNull((await atOther.AcceptAsync(form.SamlResponse, otherId, default)).Assertion);
    }

    [Fact]
    public async Task A_logout_there_is_heard_here_and_answered()
    {
        await using SimpleSamlPhp idp = await SimpleSamlPhp.StartAsync(OurMetadata());
        SamlProvider provider = ProviderOf(idp);
        SamlLogin login = LoginOf(provider);
        var cookies = new CookieContainer();
        using HttpClient browser = new(new HttpClientHandler { CookieContainer = cookies });
        (string id, string url) = await login.RedirectAsync(new SamlLoginOptions(), default);
        SamlResponseForm form = await idp.LogInAsync(browser, url);
        SamlAssertion assertion = (await login.AcceptAsync(form.SamlResponse, id, default)).Assertion!;

        // Our own address does not exist, so from here on every redirect is looked at.
        using HttpClient stepper = new(new HttpClientHandler { CookieContainer = cookies, AllowAutoRedirect = false });
        string toUs = await StepAsync(stepper, idp.LogoutUrl, Sp.LogoutUrl!);
        string query = toUs[(toUs.IndexOf('?') + 1)..];
        var logout = new SamlLogout(provider, _memory, TimeProvider.System);
        (SamlLogoutRequest? request, string? refusal) = await logout.AcceptRedirectAsync(query, default);
        Assert.Null(refusal);
        Assert.Equal(assertion.NameId, request!.NameId);
        Assert.Equal<string>([assertion.SessionIndex!], request.SessionIndexes);
        Assert.Equal((null, SamlRefusals.Replayed), await logout.AcceptRedirectAsync(query, default));

        string relayState = Uri.UnescapeDataString(query.Split('&').Single(p => p.StartsWith("RelayState=", StringComparison.Ordinal))["RelayState=".Length..]);
        Assert.Equal(idp.LoggedOutUrl, await StepAsync(stepper, logout.AnswerByRedirect(request, success: true, relayState), idp.LoggedOutUrl));
        Assert.Contains("sallyport.example/saml", idp.Log);
    }

    /// <summary>Follows redirects until one leads to <paramref name="until"/>, and returns that.</summary>
    private static async Task<string> StepAsync(HttpClient stepper, string url, string until)
    {
        for (int step = 0; step < 12; step++)
        {
            using HttpResponseMessage answer = await stepper.GetAsync(url);
            if (answer.Headers.Location is not { } location)
                throw new InvalidOperationException($"{url}: {answer.StatusCode}\n{await answer.Content.ReadAsStringAsync()}");
            url = new Uri(new Uri(url), location).AbsoluteUri;
            if (url.StartsWith(until, StringComparison.Ordinal))
                return url;
        }

        throw new InvalidOperationException($"No way to {until}.");
    }

    private static string OurMetadata() => SamlSpMetadata.Write(new SamlProvider
    {
        Name = "simplesamlphp",
        Idp = new SamlIdentityProvider { EntityId = "unknown yet", SigningCertificates = [] },
        Sp = Sp,
        NameIdFormat = EmailFormat,
    });

    private static SamlProvider ProviderOf(SimpleSamlPhp idp)
    {
        SamlIdentityProvider? read = SamlIdpMetadata.Read(Encoding.UTF8.GetBytes(idp.MetadataXml), DateTimeOffset.UtcNow, out string? refusal);
        Assert.Null(refusal);
        Assert.Equal(idp.EntityId, read!.EntityId);
        Assert.True(read.WantAuthnRequestsSigned);
        var provider = new SamlProvider
        {
            Name = "simplesamlphp",
            Idp = read,
            Sp = Sp,
            NameIdFormat = EmailFormat,
            Attributes = new SamlAttributeNames { Email = "mail", Name = "displayName", Groups = "groups" },
        };
        Assert.Empty(provider.Problems());
        return provider;
    }

    private SamlLogin LoginOf(SamlProvider provider) => new(provider, _memory, _memory, TimeProvider.System);

    private static Dictionary<string, string> Fields(SamlPostForm form)
    {
        Dictionary<string, string> fields = new() { [form.Field] = form.Value };
        if (form.RelayState is not null)
            fields["RelayState"] = form.RelayState;
        return fields;
    }

    private static X509Certificate2 Certificate(string name)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7));
    }
}
