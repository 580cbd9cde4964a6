using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.EndToEnd.Tests.Federation;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Logins;

/// <summary>psql without a password: a person logs in through a SAML identity provider, in a browser, and psql goes on.</summary>
[Collection(PostgresTests.Name)]
public sealed class SamlPromptTests(PostgresServer postgres)
{
    private const string Policy = """
        policy: shop
        match:
          groups: engineers
        rules:
          - {id: use, effect: allow, verbs: [login, read, session]}
        """;

    [Fact]
    public async Task Psql_goes_on_once_its_person_has_confirmed_and_is_judged_by_the_providers_groups()
    {
        await using SimpleSamlPhp idp = await SimpleSamlPhp.StartAsync(SimpleSamlPhp.NoServiceProvider);
        (string certificate, string key) = NewRsa();
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policy) with
        {
            Control = true,
            Files = new Dictionary<string, string> { ["idp.xml"] = idp.MetadataXml, ["saml.crt"] = certificate, ["saml.key"] = key },
            Providers = """
                  providers:
                    - name: campus
                      type: saml
                      display-name: Campus
                      metadata: idp.xml
                      certificate: saml.crt
                      key: saml.key
                      email-attribute: mail
                      name-attribute: displayName
                """,
        });
        await using Browser browser = await Browser.StartAsync();
        Microsoft.Playwright.IAPIResponse metadata = await browser.Page.Context.APIRequest.GetAsync(daemon.BrokerUrl + "/federation/campus/metadata");
        Assert.True(metadata.Ok, metadata.StatusText);
        idp.SetServiceProvider(await metadata.TextAsync());

        await using PsqlSession psql = Steps.Unproven(daemon, SimpleSamlPhp.User);
        (string url, string code) = await Steps.PromptAsync(psql);
        await browser.Page.GotoAsync(url);
        await browser.Page.ClickAsync("text=Sign in with Campus");
        await browser.Page.FillAsync("input[name=username]", SimpleSamlPhp.User);
        await browser.Page.FillAsync("input[name=password]", SimpleSamlPhp.Password);
        await browser.Page.ClickAsync("button[type=submit], input[type=submit]");

        // Its page posts by itself where script runs; here a button does it.
        await browser.Page.ClickAsync(":is(button, input[type=submit]):visible");
        string page = await Steps.TextAsync(browser.Page, "Sign a client in");
        Assert.Contains(code, page, StringComparison.Ordinal);
        Assert.Contains("campus:" + SimpleSamlPhp.Email, page, StringComparison.Ordinal);
        await browser.Page.ClickAsync("button[value=yes]");

        Assert.Contains("42", await psql.AskAsync("SELECT 40 + 2;"), StringComparison.Ordinal);
        Assert.Contains("ERROR:", await psql.AskAsync("DELETE FROM customers;"), StringComparison.Ordinal);
        await Steps.QuitAsync(psql);
        Recorded recorded = await Recorded.OfAsync(daemon.Recordings, SimpleSamlPhp.User);
        Assert.Equal("campus:" + SimpleSamlPhp.Email, recorded.Facts!.Identity.Subject);
        Assert.Equal<string>(["engineers", "on-call"], recorded.Facts.Identity.Groups.Order(StringComparer.Ordinal));
        await Leaks.AssertNoneAsync(daemon, SimpleSamlPhp.Password, key.Split('\n')[1]);
    }

    private static (string Certificate, string Key) NewRsa()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=service provider", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
