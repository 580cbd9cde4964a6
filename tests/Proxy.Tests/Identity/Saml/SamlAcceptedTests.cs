using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Xml;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Responses as identity providers send them.</summary>
public sealed class SamlAcceptedTests
{
    private static readonly TestSigner EcSigner = new() { Certificate = TestKeys.IdpEc, Method = SamlAlgorithms.EcdsaSha256 };

    [Fact]
    public void Everything_asserted_is_read()
    {
        SamlAssertion assertion = Accepted(new TestResponse());
        Assert.Equal("corporate", assertion.Provider);
        Assert.Equal(TestResponse.IdpId, assertion.Issuer);
        Assert.Equal("_assertion", assertion.Id);
        Assert.Equal("alice@example.com", assertion.Subject);
        Assert.Equal("alice@example.com", assertion.NameId);
        Assert.Equal("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", assertion.NameIdFormat);
        Assert.Equal("alice@example.com", assertion.Email);
        Assert.Equal("Alice Ö. Example", assertion.Name);
        Assert.Equal<string>(["engineers", "on-call"], assertion.Groups);
        Assert.Equal(TestResponse.Password, assertion.AuthnContext);
        Assert.Equal("_session", assertion.SessionIndex);
        DateTimeOffset now = new FakeTime().Now;
        Assert.Equal(now.AddSeconds(-20), assertion.AuthenticatedAt);
        Assert.Equal(now.AddHours(8), assertion.SessionEndsAt);
        Assert.Equal(now.AddSeconds(300), assertion.NotOnOrAfter);
        Assert.Equal("_request", assertion.InResponseTo);
    }

    [Fact]
    public void Either_signature_suffices_and_both_are_taken()
    {
        Accepted(new TestResponse { AssertionSigner = null, ResponseSigner = new() });
        Accepted(new TestResponse { ResponseSigner = new() });
    }

    [Fact]
    public void Of_two_signatures_both_must_be_good()
    {
        Assert.Equal(SamlRefusals.Signature, Refused(new TestResponse { ResponseSigner = new(), AssertionSigner = new() { Certificate = TestKeys.Stranger } }));
        Assert.Equal(SamlRefusals.Signature, Refused(new TestResponse { ResponseSigner = new() { Certificate = TestKeys.Stranger } }));
    }

    [Fact]
    public void While_certificates_roll_over_either_key_signs()
    {
        SamlProvider both = TestResponse.Provider with { Idp = TestResponse.Provider.Idp with { SigningCertificates = [TestKeys.Idp, TestKeys.IdpNext, TestKeys.IdpEc] } };
        Accepted(new TestResponse(), both);
        Accepted(new TestResponse { AssertionSigner = new() { Certificate = TestKeys.IdpNext } }, both);
        Accepted(new TestResponse { AssertionSigner = EcSigner }, both);
        Assert.Equal(SamlRefusals.Signature, Refused(new TestResponse { AssertionSigner = new() { Certificate = TestKeys.IdpNext } }));
    }

    [Theory]
    [InlineData(SamlAlgorithms.RsaSha256, "SHA256", false)]
    [InlineData(SamlAlgorithms.RsaSha384, "SHA384", false)]
    [InlineData(SamlAlgorithms.RsaSha512, "SHA512", false)]
    [InlineData(SamlAlgorithms.RsaPssSha256, "SHA256", true)]
    public void Rsa_signs(string method, string hash, bool pss)
    {
        byte[] Sign(byte[] octets) => TestKeys.Idp.GetRSAPrivateKey()!.SignData(octets, new HashAlgorithmName(hash), pss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        Accepted(new TestResponse { AssertionSigner = new() { Method = method, Value = Sign } });
    }

    [Theory]
    [InlineData(SamlAlgorithms.EcdsaSha256, "SHA256")]
    [InlineData(SamlAlgorithms.EcdsaSha384, "SHA384")]
    [InlineData(SamlAlgorithms.EcdsaSha512, "SHA512")]
    public void Ecdsa_signs(string method, string hash)
    {
        byte[] Sign(byte[] octets) => TestKeys.IdpEc.GetECDsaPrivateKey()!.SignData(octets, new HashAlgorithmName(hash));
        SamlProvider provider = TestResponse.Provider with { Idp = TestResponse.Provider.Idp with { SigningCertificates = [TestKeys.IdpEc] } };
        Accepted(new TestResponse { AssertionSigner = EcSigner with { Method = method, Value = Sign } }, provider);
    }

    [Fact]
    public void Longer_digests_are_taken()
    {
        Accepted(new TestResponse { AssertionSigner = new() { DigestMethod = SamlAlgorithms.Sha384, Digest = SHA384.HashData } });
        Accepted(new TestResponse { AssertionSigner = new() { DigestMethod = SamlAlgorithms.Sha512, Digest = SHA512.HashData } });
    }

    [Fact]
    public void A_prefix_list_is_honoured()
    {
        const string WithList = """<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform>""";
        var signer = new TestSigner { Transforms = WithList, Prefixes = "xs" };
        string Declare(string xml) => xml.Replace(" ID=\"_assertion\"", " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"_assertion\"");
        Accepted(new TestResponse { Assertion = Declare, AssertionSigner = signer });
        Assert.Equal(SamlRefusals.Digest, Refused(new TestResponse { Assertion = Declare, AssertionSigner = signer with { Prefixes = null } }));
        // The response's own signature, without a list, does not cover the prefix; the assertion's does.
        Accepted(new TestResponse { Assertion = Declare, AssertionSigner = signer, ResponseSigner = new() });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_another_library_signed_in_place_is_verified(bool response)
    {
        // The assertion's namespaces are declared on the response, as many providers write it.
        string xml = new TestResponse { AssertionSigner = null }.Xml()
            .Replace(" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"", "")
            .Replace("<samlp:Response ", "<samlp:Response xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ");
        XmlDocument document = TestSigner.Load(xml);
        var signed = response ? document.DocumentElement! : document.DocumentElement!.ChildNodes.OfType<XmlElement>().Single(e => e.LocalName == "Assertion");
        using RSA key = TestKeys.Idp.GetRSAPrivateKey()!;
        var library = new SignedXml(signed) { SigningKey = key };
        library.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
        var reference = new Reference("#" + signed.GetAttribute("ID"));
        reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
        reference.AddTransform(new XmlDsigExcC14NTransform());
        library.AddReference(reference);
        library.ComputeSignature();
        signed.InsertAfter(document.ImportNode(library.GetXml(), true), signed.ChildNodes.OfType<XmlElement>().First());

        Assert.Equal("alice@example.com", Read(document.OuterXml, TestResponse.Provider, out string? refusal)?.Subject);
        Assert.Null(refusal);
    }

    [Theory]
    [InlineData(SamlAlgorithms.Aes128Gcm, 16, false)]
    [InlineData(SamlAlgorithms.Aes256Gcm, 32, false)]
    [InlineData(SamlAlgorithms.Aes256Gcm, 32, true)]
    [InlineData(SamlAlgorithms.Aes128Cbc, 16, true)]
    [InlineData(SamlAlgorithms.Aes256Cbc, 32, true)]
    public void Encrypted_assertions_are_opened(string cipher, int keyLength, bool responseSigned)
    {
        var response = new TestResponse { Encryption = new() { Cipher = cipher, KeyLength = keyLength }, ResponseSigner = responseSigned ? new() : null };
        Assert.Equal<string>(["engineers", "on-call"], Accepted(response).Groups);
        if (responseSigned)
            Accepted(response with { AssertionSigner = null });
    }

    [Fact]
    public void Keys_are_found_beside_the_data_wrapped_in_other_ways_and_for_older_certificates()
    {
        Accepted(new TestResponse { Encryption = new() { KeyBeside = true } });
        Accepted(new TestResponse { Encryption = new() { To = TestKeys.SpDecryptionOld } });
        const string Sha256 = """<xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#rsa-oaep"><ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><xenc11:MGF xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/></xenc:EncryptionMethod>""";
        Accepted(new TestResponse { Encryption = new() { Transport = Sha256, Padding = RSAEncryptionPadding.OaepSHA256 } });
    }

    [Fact]
    public void Entities_stand_for_their_characters() =>
        Assert.Equal("o'neil&co@example.com", Accepted(new TestResponse { NameId = "<saml:NameID>o&apos;neil&amp;co@example.com</saml:NameID>" }).Subject);

    [Fact]
    public void Fractions_of_seconds_are_read() =>
        Assert.Equal(new FakeTime().Now.AddSeconds(-20).AddTicks(1234567), Accepted(new TestResponse { AuthnInstant = TestResponse.At(-20).Replace("Z", ".123456789Z") }).AuthenticatedAt);

    [Fact]
    public void The_subject_can_be_an_attribute()
    {
        SamlProvider provider = TestResponse.Provider with { Attributes = TestResponse.Provider.Attributes with { Subject = "mail" } };
        var transient = new TestResponse { NameId = "<saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">_x</saml:NameID>" };
        Assert.Equal("alice@example.com", Accepted(transient, provider).Subject);
        Assert.Equal("_x", Accepted(transient, provider).NameId);
        Assert.Equal(SamlRefusals.Claims, Refused(transient));
        Assert.Equal(SamlRefusals.Claims, Refused(transient with { Attributes = "" }, provider));
    }

    [Fact]
    public void A_response_without_issuer_is_taken_when_only_its_assertion_is_signed()
    {
        string xml = new TestResponse().Xml();
        int begin = xml.IndexOf("<saml:Issuer", StringComparison.Ordinal), end = xml.IndexOf("</saml:Issuer>", StringComparison.Ordinal) + "</saml:Issuer>".Length;
        Assert.NotNull(Read(xml.Remove(begin, end - begin), TestResponse.Provider, out _));
    }

    internal static SamlAssertion? Read(string xml, SamlProvider provider, out string? refusal) =>
        new SamlResponseReader(provider, new FakeTime()).Read(TestResponse.Post(xml), out refusal);

    internal static SamlAssertion Accepted(TestResponse response, SamlProvider? provider = null)
    {
        SamlAssertion? assertion = Read(response.Xml(), provider ?? TestResponse.Provider, out string? refusal);
        Assert.Null(refusal);
        return assertion!;
    }

    internal static string? Refused(TestResponse response, SamlProvider? provider = null)
    {
        Assert.Null(Read(response.Xml(), provider ?? TestResponse.Provider, out string? refusal));
        return refusal;
    }
}
