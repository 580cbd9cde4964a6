using System.Text;
using System.Xml;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Metadata: theirs read, ours written.</summary>
public sealed class SamlMetadataTests
{
    private static readonly string Good = $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- as providers write it -->
        <md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{IdpId}" validUntil="2031-01-01T00:00:00Z">
          <md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol">
            {Key("signing", TestKeys.Idp)}{Key("signing", TestKeys.IdpEc)}{Key(null, TestKeys.IdpNext)}{Key("signing", TestKeys.Idp)}{Key("encryption", TestKeys.Stranger)}
            <md:SingleLogoutService Binding="{SamlNames.RedirectBinding}" Location="https://idp.example/slo" ResponseLocation="https://idp.example/slo/answer"/>
            <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://idp.example/soap"/>
            <md:SingleSignOnService Binding="{SamlNames.RedirectBinding}" Location="https://idp.example/sso?a=1&amp;b=2"/>
            <md:SingleSignOnService Binding="{SamlNames.PostBinding}" Location="https://idp.example/post"/>
          </md:IDPSSODescriptor>
        </md:EntityDescriptor>
        """;

    [Fact]
    public void Theirs_is_read()
    {
        SamlIdentityProvider idp = Read(Good, out string? refusal)!;
        Assert.Null(refusal);
        Assert.Equal(IdpId, idp.EntityId);
        Assert.Equal("https://idp.example/sso?a=1&b=2", idp.RedirectUrl);
        Assert.Equal("https://idp.example/post", idp.PostUrl);
        Assert.Equal("https://idp.example/slo/answer", idp.LogoutRedirectUrl);
        Assert.Null(idp.LogoutPostUrl);
        Assert.True(idp.WantAuthnRequestsSigned);
        Assert.Equal([TestKeys.Idp.Thumbprint, TestKeys.IdpEc.Thumbprint, TestKeys.IdpNext.Thumbprint], idp.SigningCertificates.Select(c => c.Thumbprint));
        Assert.Empty((Provider with { Idp = idp }).Problems());
    }

    [Theory]
    [InlineData("<md:EntityDescriptor ", "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><md:EntityDescriptor ", SamlRefusals.Malformed)]
    [InlineData("<md:EntityDescriptor ", "<?xml-stylesheet href=\"x\"?><md:EntityDescriptor ", SamlRefusals.Xml)]
    [InlineData("EntityDescriptor", "EntitiesDescriptor", SamlRefusals.Structure)]
    [InlineData("entityID=", "id=", SamlRefusals.Structure)]
    [InlineData("IDPSSODescriptor", "SPSSODescriptor", SamlRefusals.Structure)]
    [InlineData(" urn:oasis:names:tc:SAML:2.0:protocol\"", "\"", SamlRefusals.Structure)]
    [InlineData("2031-", "2029-", SamlRefusals.Expired)]
    [InlineData("2031-01-01T00:00:00Z", "for ever", SamlRefusals.Expired)]
    [InlineData("SingleSignOnService", "SingleSignOff", SamlRefusals.Structure)]
    [InlineData("ds:X509Certificate", "ds:X509Name", SamlRefusals.Structure)]
    [InlineData("<ds:X509Certificate>", "<ds:X509Certificate>AAAA", SamlRefusals.Malformed)]
    [InlineData("<ds:X509Certificate>", "<ds:X509Certificate>*", SamlRefusals.Structure)]
    [InlineData("</md:EntityDescriptor>", "", SamlRefusals.Malformed)]
    public void What_is_none_is_refused(string part, string instead, string word)
    {
        Assert.Contains(part, Good);
        Assert.Null(Read(Good.Replace(part, instead), out string? refusal));
        Assert.Equal(word, refusal);
    }

    [Fact]
    public void A_weak_key_is_a_problem_with_a_name()
    {
        SamlIdentityProvider weak = Read(Good.Replace(Key("signing", TestKeys.IdpEc), Key("signing", TestKeys.Weak)), out _)!;
        Assert.Contains("2048 bits", Assert.Single((Provider with { Idp = weak }).Problems()));
    }

    [Fact]
    public void Ours_says_what_we_take()
    {
        XmlDocument document = TestSigner.Load(SamlSpMetadata.Write(Provider));
        var names = new XmlNamespaceManager(document.NameTable);
        names.AddNamespace("md", SamlNames.Metadata);
        names.AddNamespace("ds", SamlNames.Dsig);
        string Value(string xpath) => document.SelectSingleNode("/md:EntityDescriptor" + xpath, names)!.Value!;
        Assert.Equal(SpId, Value("/@entityID"));
        Assert.Equal("true", Value("/md:SPSSODescriptor/@AuthnRequestsSigned"));
        Assert.Equal("true", Value("/md:SPSSODescriptor/@WantAssertionsSigned"));
        Assert.Equal(Acs, Value($"/md:SPSSODescriptor/md:AssertionConsumerService[@Binding='{SamlNames.PostBinding}']/@Location"));
        Assert.Equal(Slo, Value($"/md:SPSSODescriptor/md:SingleLogoutService[@Binding='{SamlNames.RedirectBinding}']/@Location"));
        Assert.Equal(Convert.ToBase64String(TestKeys.Sp.RawData), Value("/md:SPSSODescriptor/md:KeyDescriptor[@use='signing']/ds:KeyInfo/ds:X509Data/ds:X509Certificate/text()"));
        Assert.Equal(Convert.ToBase64String(TestKeys.SpDecryption.RawData), Value("/md:SPSSODescriptor/md:KeyDescriptor[@use='encryption']/ds:KeyInfo/ds:X509Data/ds:X509Certificate/text()"));
    }

    private static SamlIdentityProvider? Read(string xml, out string? refusal) => SamlIdpMetadata.Read(Encoding.UTF8.GetBytes(xml), new FakeTime().Now, out refusal);

    private static string Key(string? use, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) =>
        $"<md:KeyDescriptor{(use is null ? "" : $" use=\"{use}\"")}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(certificate.RawData, Base64FormattingOptions.InsertLineBreaks)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>";
}
