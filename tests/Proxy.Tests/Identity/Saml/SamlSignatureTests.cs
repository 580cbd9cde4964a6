using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Proxy.Identity.Saml;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Signatures in forms that are not accepted. Each is a good signature over what it says, but for what its name says.</summary>
public sealed class SamlSignatureTests
{
    private const string Enveloped = """<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>""";
    private const string Exclusive = """<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>""";

    private static readonly Dictionary<string, (TestSigner Signer, string Word)> Signers = new()
    {
        ["by another key"] = (new() { Certificate = TestKeys.Stranger }, SamlRefusals.Signature),
        ["by another key, which KeyInfo brings, and the provider's name in it"] = (new() { Certificate = TestKeys.Stranger, Signature = s => s.Replace("<ds:X509Data>", "<ds:KeyName>idp</ds:KeyName><ds:X509Data>") }, SamlRefusals.Signature),
        ["by another key, with the provider's certificate in KeyInfo"] = (new() { Value = RsaOf(TestKeys.Stranger) }, SamlRefusals.Signature),
        ["HMAC with the certificate as the secret"] = (Hmac(TestKeys.Idp.RawData), SamlRefusals.Algorithm),
        ["HMAC with the public key as the secret"] = (Hmac(TestKeys.Idp.PublicKey.ExportSubjectPublicKeyInfo()), SamlRefusals.Algorithm),
        ["HMAC with the certificate in PEM as the secret"] = (Hmac(System.Text.Encoding.ASCII.GetBytes(TestKeys.Idp.ExportCertificatePem())), SamlRefusals.Algorithm),
        ["HMAC of no bits"] = (Hmac([]) with { SignedInfo = s => s.Replace("hmac-sha256\"/>", "hmac-sha256\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>") }, SamlRefusals.SignatureForm),
        ["RSA with SHA-1"] = (new() { Method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1", Value = o => TestKeys.Idp.GetRSAPrivateKey()!.SignData(o, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1) }, SamlRefusals.Algorithm),
        ["RSA with MD5"] = (new() { Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5", Value = o => TestKeys.Idp.GetRSAPrivateKey()!.SignData(o, HashAlgorithmName.MD5, RSASignaturePadding.Pkcs1) }, SamlRefusals.Algorithm),
        ["a digest by SHA-1"] = (new() { DigestMethod = "http://www.w3.org/2000/09/xmldsig#sha1", Digest = SHA1.HashData }, SamlRefusals.Algorithm),
        ["an algorithm of no name"] = (new() { Method = "" }, SamlRefusals.Algorithm),
        ["an algorithm nobody knows"] = (new() { Method = "urn:none" }, SamlRefusals.Algorithm),
        ["ECDSA said, RSA done"] = (new() { Method = SamlAlgorithms.EcdsaSha256 }, SamlRefusals.Signature),
        ["SHA-512 said, SHA-256 done"] = (new() { Method = SamlAlgorithms.RsaSha512 }, SamlRefusals.Signature),
        ["a parameter of the signature method"] = (new() { SignedInfo = s => s.Replace("rsa-sha256\"/>", "rsa-sha256\"><x/></ds:SignatureMethod>") }, SamlRefusals.SignatureForm),
        ["an empty signature"] = (new() { Value = _ => [] }, SamlRefusals.SignatureForm),
        ["a signature of zeros"] = (new() { Value = _ => new byte[256] }, SamlRefusals.Signature),
        ["a signature that is not base64"] = (new() { Signature = s => s.Replace("<ds:SignatureValue>", "<ds:SignatureValue>*") }, SamlRefusals.SignatureForm),
        ["a very long signature"] = (new() { Value = _ => new byte[2000] }, SamlRefusals.Signature),

        ["an empty digest"] = (new() { Digest = _ => [] }, SamlRefusals.SignatureForm),
        ["the digest of nothing"] = (new() { Digest = _ => SHA256.HashData([]) }, SamlRefusals.Digest),
        ["half a digest"] = (new() { Digest = o => SHA256.HashData(o)[..16] }, SamlRefusals.Digest),
        ["two digests"] = (new() { SignedInfo = s => s.Replace("<ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>") }, SamlRefusals.SignatureForm),
        ["a digest with an element in it"] = (new() { SignedInfo = s => s.Replace("<ds:DigestValue>", "<ds:DigestValue><x/>") }, SamlRefusals.SignatureForm),
        ["a digest method that has parameters"] = (new() { SignedInfo = s => s.Replace("sha256\"/><ds:DigestValue>", "sha256\"><x/></ds:DigestMethod><ds:DigestValue>") }, SamlRefusals.SignatureForm),

        ["two references"] = (new() { SignedInfo = s => s.Replace("</ds:SignedInfo>", s[s.IndexOf("<ds:Reference ", StringComparison.Ordinal)..]) }, SamlRefusals.SignatureForm),
        ["no reference"] = (new() { SignedInfo = s => s[..s.IndexOf("<ds:Reference ", StringComparison.Ordinal)] + "</ds:SignedInfo>" }, SamlRefusals.SignatureForm),
        ["a reference to the whole document"] = (new() { Uri = "" }, SamlRefusals.SignatureForm),
        ["a reference without URI"] = (new() { SignedInfo = s => s.Replace(" URI=\"#_assertion\"", "") }, SamlRefusals.SignatureForm),
        ["a reference to another element"] = (new() { Uri = "#_response" }, SamlRefusals.SignatureForm),
        ["an XPointer"] = (new() { Uri = "#xpointer(id('{0}'))" }, SamlRefusals.SignatureForm),
        ["an XPointer to the root"] = (new() { Uri = "#xpointer(/)" }, SamlRefusals.SignatureForm),
        ["a reference to the web"] = (new() { Uri = "https://evil.example/#{0}" }, SamlRefusals.SignatureForm),
        ["a reference to a file"] = (new() { Uri = "file:///etc/hostname" }, SamlRefusals.SignatureForm),

        ["no transforms"] = (new() { SignedInfo = s => s.Replace($"<ds:Transforms>{Enveloped}{Exclusive}</ds:Transforms>", "") }, SamlRefusals.SignatureForm),
        ["one transform"] = (new() { Transforms = Exclusive }, SamlRefusals.SignatureForm),
        ["the other transform only"] = (new() { Transforms = Enveloped }, SamlRefusals.SignatureForm),
        ["transforms in the other order"] = (new() { Transforms = Exclusive + Enveloped }, SamlRefusals.SignatureForm),
        ["canonicalised twice"] = (new() { Transforms = Enveloped + Exclusive + Exclusive }, SamlRefusals.SignatureForm),
        ["XSLT"] = (new() { Transforms = Enveloped + """<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/></ds:Transform>""" + Exclusive }, SamlRefusals.SignatureForm),
        ["XPath that selects nothing"] = (new() { Transforms = Enveloped + """<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>false()</ds:XPath></ds:Transform>""" + Exclusive, Digest = _ => SHA256.HashData([]) }, SamlRefusals.SignatureForm),
        ["XPath instead of the enveloped transform"] = (new() { Transforms = """<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>""" + Exclusive }, SamlRefusals.SignatureForm),
        ["base64"] = (new() { Transforms = Enveloped + """<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>""" }, SamlRefusals.SignatureForm),
        ["canonicalisation with comments"] = (new() { Transforms = Enveloped + """<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>""" }, SamlRefusals.SignatureForm),
        ["inclusive canonicalisation"] = (new() { Transforms = Enveloped + """<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>""" }, SamlRefusals.SignatureForm),
        ["something in the enveloped transform"] = (new() { Transforms = """<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"><x/></ds:Transform>""" + Exclusive }, SamlRefusals.SignatureForm),
        ["a long prefix list"] = (new() { Transforms = Enveloped + Listed(string.Join(' ', Enumerable.Range(0, 17).Select(i => $"p{i}"))) }, SamlRefusals.SignatureForm),
        ["an empty prefix list"] = (new() { Transforms = Enveloped + Listed("") }, SamlRefusals.SignatureForm),
        ["a prefix list with what is no prefix"] = (new() { Transforms = Enveloped + Listed("xs&#10;*") }, SamlRefusals.SignatureForm),
        ["two prefix lists"] = (new() { Transforms = Enveloped + Listed("xs").Replace("</ds:Transform>", """<ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="a"/></ds:Transform>""") }, SamlRefusals.SignatureForm),
        ["a prefix list of another namespace"] = (new() { Transforms = Enveloped + Listed("xs").Replace("xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\"", "xmlns:ec=\"urn:x\"") }, SamlRefusals.SignatureForm),
        ["a prefix list that hides the namespaces that are used"] = (new() { Transforms = Enveloped + Listed("saml"), Digest = o => SHA256.HashData([.. o, 0]) }, SamlRefusals.Digest),

        ["SignedInfo canonicalised with comments"] = (new() { Canonicalization = """<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#WithComments"/>""" }, SamlRefusals.SignatureForm),
        ["SignedInfo canonicalised inclusively"] = (new() { Canonicalization = """<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>""" }, SamlRefusals.SignatureForm),
        ["SignedInfo not canonicalised"] = (new() { Canonicalization = "" }, SamlRefusals.SignatureForm),
        ["two SignedInfo, the evil one first"] = (new() { Signature = s => s.Insert(s.IndexOf("<ds:SignedInfo", StringComparison.Ordinal), SignedInfoOf(s).Replace("<ds:DigestValue>", "<ds:DigestValue>AAAA")) }, SamlRefusals.Structure),
        ["two SignedInfo, the evil one last"] = (new() { Signature = s => s.Replace("</ds:Signature>", SignedInfoOf(s) + "</ds:Signature>") }, SamlRefusals.Structure),
        ["another SignedInfo in KeyInfo"] = (new() { Signature = s => s.Replace("<ds:KeyInfo>", "<ds:KeyInfo>" + SignedInfoOf(s)) }, SamlRefusals.Structure),
        ["another SignedInfo in an Object"] = (new() { Signature = s => s.Replace("</ds:Signature>", $"<ds:Object>{SignedInfoOf(s)}</ds:Object></ds:Signature>") }, SamlRefusals.Structure),
        ["an Object"] = (new() { Signature = s => s.Replace("</ds:Signature>", "<ds:Object/></ds:Signature>") }, SamlRefusals.SignatureForm),
        ["two values"] = (new() { Signature = s => s.Replace("<ds:KeyInfo>", "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo>") }, SamlRefusals.SignatureForm),
        ["no value"] = (new() { Signature = s => s[..s.IndexOf("<ds:SignatureValue>", StringComparison.Ordinal)] + "</ds:Signature>" }, SamlRefusals.SignatureForm),
    };

    public static TheoryData<string> Names => [.. Signers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void On_the_assertion_it_is_refused(string signer) =>
        Assert.Equal(Signers[signer].Word, SamlAcceptedTests.Refused(new TestResponse { AssertionSigner = Signers[signer].Signer }));

    [Theory]
    [MemberData(nameof(Names))]
    public void On_the_response_around_a_good_assertion_it_is_refused(string signer)
    {
        TestSigner onResponse = Signers[signer].Signer;
        TestResponse response = new() { ResponseId = "_assertion", AssertionId = "_inner", ResponseSigner = onResponse };
        // The reference "to another element" is to this one here.
        if (onResponse.Uri == "#_response")
            response = response with { ResponseSigner = onResponse with { Uri = "#_inner" } };
        Assert.Equal(Signers[signer].Word, SamlAcceptedTests.Refused(response));
    }

    [Fact]
    public void KeyInfo_is_not_read()
    {
        SamlAcceptedTests.Accepted(new TestResponse { AssertionSigner = new() { Signature = s => s[..s.IndexOf("<ds:KeyInfo>", StringComparison.Ordinal)] + "</ds:Signature>" } });
        SamlAcceptedTests.Accepted(new TestResponse { AssertionSigner = new() { Certificate = TestKeys.Stranger, Value = RsaOf(TestKeys.Idp) } });
        SamlAcceptedTests.Accepted(new TestResponse { AssertionSigner = new() { Signature = s => s.Replace("<ds:X509Data>", "<ds:RetrievalMethod URI=\"file:///etc/hostname\"/><ds:X509Data>") } });
    }

    [Fact]
    public void A_weak_key_verifies_nothing_even_when_it_is_configured()
    {
        SamlProvider weak = Provider with { Idp = Provider.Idp with { SigningCertificates = [TestKeys.Weak] } };
        Assert.Equal(SamlRefusals.Signature, SamlAcceptedTests.Refused(new TestResponse { AssertionSigner = new() { Certificate = TestKeys.Weak } }, weak));
        Assert.NotEmpty(weak.Problems());
    }

    [Fact]
    public void Only_the_algorithms_of_this_provider_are_taken()
    {
        Assert.Equal(SamlRefusals.Algorithm, SamlAcceptedTests.Refused(new TestResponse(), Provider with { SignatureAlgorithms = [SamlAlgorithms.RsaSha512] }));
        Assert.Equal(SamlRefusals.Algorithm, SamlAcceptedTests.Refused(new TestResponse(), Provider with { DigestAlgorithms = [SamlAlgorithms.Sha512] }));
        // What no configuration can allow.
        SamlProvider sha1 = Provider with { SignatureAlgorithms = ["http://www.w3.org/2000/09/xmldsig#rsa-sha1"], DigestAlgorithms = ["http://www.w3.org/2000/09/xmldsig#sha1"] };
        Assert.Equal(2, sha1.Problems().Count);
        Assert.Equal(SamlRefusals.Algorithm, SamlAcceptedTests.Refused(new TestResponse { AssertionSigner = Signers["RSA with SHA-1"].Signer }, sha1));
    }

    private static TestSigner Hmac(byte[] secret) => new() { Method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", Value = octets => HMACSHA256.HashData(secret, octets) };

    private static Func<byte[], byte[]> RsaOf(X509Certificate2 certificate) =>
        octets => certificate.GetRSAPrivateKey()!.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static string SignedInfoOf(string signature) =>
        signature[signature.IndexOf("<ds:SignedInfo", StringComparison.Ordinal)..(signature.IndexOf("</ds:SignedInfo>", StringComparison.Ordinal) + "</ds:SignedInfo>".Length)];

    private static string Listed(string prefixes) =>
        $"""<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/></ds:Transform>""";
}
