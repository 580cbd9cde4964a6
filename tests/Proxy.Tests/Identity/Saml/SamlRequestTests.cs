using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>What we send: requests by both bindings, and our metadata. The signatures are verified by the framework's own library.</summary>
public sealed class SamlRequestTests
{
    private readonly FakeTime _time = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_redirect_carries_a_request_and_a_signature_over_the_query(bool elliptic)
    {
        X509Certificate2 certificate = elliptic ? TestKeys.SpEc : TestKeys.Sp;
        (string id, string url) = await Login(Provider with { Sp = Provider.Sp with { SigningCertificate = certificate } }).RedirectAsync(new SamlLoginOptions { RelayState = "a b&c=ö" }, default);

        Assert.StartsWith("https://idp.example/sso?tenant=1&SAMLRequest=", url);
        XmlElement request = Inflated(url);
        Assert.Equal(id, request.GetAttribute("ID"));
        Assert.Equal("https://idp.example/sso?tenant=1", request.GetAttribute("Destination"));
        Assert.Equal(Acs, request.GetAttribute("AssertionConsumerServiceURL"));
        Assert.Equal(SamlNames.PostBinding, request.GetAttribute("ProtocolBinding"));
        Assert.Equal(SpId, request["saml:Issuer"]!.InnerText);
        Assert.Equal("2030-01-02T03:04:05Z", request.GetAttribute("IssueInstant"));
        Assert.False(request.HasAttribute("ForceAuthn"));
        Assert.Equal("a b&c=ö", Parameter(url, "RelayState"));

        string query = url[(url.IndexOf("SAMLRequest=", StringComparison.Ordinal))..];
        byte[] signed = Encoding.ASCII.GetBytes(query[..query.IndexOf("&Signature=", StringComparison.Ordinal)]);
        byte[] signature = Convert.FromBase64String(Parameter(url, "Signature"));
        Assert.Equal(elliptic ? SamlAlgorithms.EcdsaSha256 : SamlAlgorithms.RsaSha256, Parameter(url, "SigAlg"));
        Assert.True(elliptic
            ? certificate.GetECDsaPublicKey()!.VerifyData(signed, signature, HashAlgorithmName.SHA256)
            : certificate.GetRSAPublicKey()!.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    [Fact]
    public async Task A_form_carries_a_request_with_an_enveloped_signature()
    {
        (string id, SamlPostForm form) = await Login(Provider).PostAsync(new SamlLoginOptions { RelayState = "\"><script>", ForceAuthn = true, AuthnContexts = ["urn:a", "urn:b"] }, default);
        Assert.Equal("https://idp.example/sso", form.Url);
        XmlDocument document = TestSigner.Load(Encoding.UTF8.GetString(Convert.FromBase64String(form.Value)));
        XmlElement request = document.DocumentElement!;
        Assert.Equal(id, request.GetAttribute("ID"));
        Assert.Equal("true", request.GetAttribute("ForceAuthn"));
        Assert.Equal("urn:aurn:b", request["samlp:RequestedAuthnContext"]!.InnerText);

        var library = new SignedXml(document);
        library.LoadXml(request["ds:Signature"]!);
        Assert.True(library.CheckSignature(TestKeys.Sp.GetRSAPublicKey()!));
        Assert.Equal(["saml:Issuer", "ds:Signature", "samlp:NameIDPolicy", "samlp:RequestedAuthnContext"], request.ChildNodes.OfType<XmlElement>().Select(e => e.Name));

        string page = form.ToHtml("n0nce");
        Assert.DoesNotContain("\"><script>", page);
        Assert.Contains("""<script nonce="n0nce">""", page);
    }

    [Fact]
    public async Task No_two_requests_have_the_same_ID()
    {
        SamlLogin login = Login(Provider);
        HashSet<string> ids = [];
        for (int i = 0; i < 20; i++)
        {
            string id = (await login.RedirectAsync(new SamlLoginOptions(), default)).RequestId;
            Assert.Matches("^_[0-9a-f]{40}$", id);
            Assert.True(ids.Add(id));
        }
    }

    [Fact]
    public async Task What_cannot_be_sent_is_said()
    {
        SamlLogin login = Login(Provider with { Idp = Provider.Idp with { RedirectUrl = null, PostUrl = null } });
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await login.RedirectAsync(new SamlLoginOptions(), default));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await login.PostAsync(new SamlLoginOptions(), default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Login(Provider).RedirectAsync(new SamlLoginOptions { RelayState = new string('ö', 41) }, default));
    }

    [Fact]
    public void Good_settings_have_no_problems_and_bad_ones_do()
    {
        Assert.Empty(Provider.Problems());
        Assert.Single((Provider with { Idp = Provider.Idp with { PostUrl = "javascript:alert(1)" } }).Problems());
        Assert.Single((Provider with { Idp = Provider.Idp with { SigningCertificates = [] } }).Problems());
        Assert.Single((Provider with { ClockSkew = TimeSpan.FromHours(1) }).Problems());
        Assert.Single((Provider with { Sp = Provider.Sp with { DecryptionCertificates = [TestKeys.SpEc] } }).Problems());
        Assert.Single((Provider with { Ciphers = ["http://www.w3.org/2001/04/xmlenc#tripledes-cbc"] }).Problems());
        Assert.Equal("corporate", Provider.ToString());
    }

    private SamlLogin Login(SamlProvider provider)
    {
        var memory = new SamlLocalMemory(_time);
        return new SamlLogin(provider, memory, memory, _time);
    }

    /// <summary>The message of a redirect.</summary>
    internal static XmlElement Inflated(string url, string parameter = "SAMLRequest")
    {
        byte[] octets = SamlDeflate.Decode(Parameter(url, parameter), out _)!;
        return TestSigner.Load(Encoding.UTF8.GetString(octets)).DocumentElement!;
    }

    private static string Parameter(string url, string name) =>
        url[(url.IndexOf('?') + 1)..].Split('&').Select(p => p.Split('=', 2)).Where(p => p[0] == name).Select(p => Uri.UnescapeDataString(p[1])).Single();
}
