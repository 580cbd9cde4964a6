using System.Security.Cryptography;
using Sallyport.Proxy.Identity.Saml;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Encrypted assertions that are none, or by the wrong means, or by the wrong person: anybody can encrypt to our key.</summary>
public sealed class SamlDecryptionTests
{
    private const string Rsa15 = """<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-1_5"/>""";
    private const string Mixed = """<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"><ds:DigestMethod xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/></xenc:EncryptionMethod>""";
    private const string Labelled = """<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"><xenc:OAEPparams>AAAA</xenc:OAEPparams></xenc:EncryptionMethod>""";

    private static readonly TestResponse Good = new() { Encryption = new() };
    private static readonly TestEncryption Cbc = new() { Cipher = SamlAlgorithms.Aes128Cbc, KeyLength = 16 };
    private static readonly string Original = Good.AssertionXml();
    private static readonly string Evil = (Good with { AssertionSigner = null, AssertionId = "_evil", NameId = "<saml:NameID>admin</saml:NameID>" }).AssertionXml();

    private static readonly Dictionary<string, (string Xml, string Word)> Attacks = new()
    {
        ["encrypted and not signed"] = ((Good with { AssertionSigner = null }).Xml(), SamlRefusals.Unsigned),
        ["signed by somebody else within"] = ((Good with { AssertionSigner = new() { Certificate = TestKeys.Stranger } }).Xml(), SamlRefusals.Signature),
        ["the evil assertion encrypted, the original beside it"] = (Good.Around(Encrypt(Evil) + Original), SamlRefusals.Structure),
        ["the original encrypted, the evil assertion beside it"] = (Good.Around(Evil + Encrypt(Original)), SamlRefusals.Structure),
        ["two encrypted assertions"] = (Good.Around(Encrypt(Original) + Encrypt(Evil)), SamlRefusals.Structure),
        ["an encrypted one in a response signed before it was put there"] = (new TestSigner().Sign(Good.Around("")).Replace("</samlp:Response>", Encrypt(Evil) + "</samlp:Response>"), SamlRefusals.Digest),
        ["the original within the evil assertion, encrypted"] = (Good.Around(Encrypt(Evil.Replace("</saml:Assertion>", Original + "</saml:Assertion>"))), SamlRefusals.Decryption),
        ["both within one ciphertext"] = (Good.Around(Encrypt(Evil + Original)), SamlRefusals.Decryption),
        ["a response within the ciphertext"] = (Good.Around(Encrypt(new TestResponse().Xml())), SamlRefusals.Decryption),
        ["a ciphertext within the ciphertext"] = (Good.Around(Encrypt(Encrypt(Original))), SamlRefusals.Decryption),
        ["a DTD within the ciphertext"] = (Good.Around(Encrypt("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" + Original)), SamlRefusals.Decryption),
        ["an ID of the response within the ciphertext"] = ((Good with { AssertionId = "_response" }).Xml(), SamlRefusals.Decryption),
        ["not XML within the ciphertext"] = (Good.Around(Encrypt("hello")), SamlRefusals.Decryption),
        ["nothing within the ciphertext"] = (Good.Around(Encrypt("")), SamlRefusals.Decryption),
        ["encrypted to somebody else"] = ((Good with { Encryption = new() { To = TestKeys.Stranger } }).Xml(), SamlRefusals.Decryption),
        ["a bit of the ciphertext changed"] = ((Good with { Encryption = new() { Content = c => [.. c[..20], (byte)(c[20] ^ 1), .. c[21..]] } }).Xml(), SamlRefusals.Decryption),
        ["the tag cut off"] = ((Good with { Encryption = new() { Content = c => c[..^1] } }).Xml(), SamlRefusals.Decryption),
        ["a ciphertext shorter than nonce and tag"] = ((Good with { Encryption = new() { Content = c => c[..28] } }).Xml(), SamlRefusals.Decryption),
        ["a key of the wrong length"] = ((Good with { Encryption = new() { KeyLength = 16 } }).Xml(), SamlRefusals.Decryption),
        ["another padding than said"] = ((Good with { Encryption = new() { Padding = RSAEncryptionPadding.OaepSHA256 } }).Xml(), SamlRefusals.Decryption),

        ["CBC in a response that is not signed"] = ((Good with { Encryption = Cbc }).Xml(), SamlRefusals.UnauthenticatedCipher),
        ["CBC with bad padding, in a response that is not signed"] = ((Good with { Encryption = Cbc with { Content = c => [.. c[..^1], (byte)(c[^1] ^ 0xff)] } }).Xml(), SamlRefusals.UnauthenticatedCipher),
        ["CBC changed after the response was signed"] = (ChangeCipherText((Good with { Encryption = Cbc, ResponseSigner = new() }).Xml()), SamlRefusals.Digest),
        ["CBC signed with half a block"] = ((Good with { Encryption = Cbc with { Content = c => c[..^8] }, ResponseSigner = new() }).Xml(), SamlRefusals.Decryption),
        ["CBC signed with padding longer than a block"] = ((Good with { Encryption = Cbc with { Content = c => c[..^16] }, ResponseSigner = new() }).Xml(), SamlRefusals.Decryption),

        ["RSA PKCS#1 v1.5 key transport"] = ((Good with { Encryption = new() { Transport = Rsa15, Padding = RSAEncryptionPadding.Pkcs1 } }).Xml(), SamlRefusals.Algorithm),
        ["OAEP with two hashes"] = ((Good with { Encryption = new() { Transport = Mixed } }).Xml(), SamlRefusals.Algorithm),
        ["OAEP with a label"] = ((Good with { Encryption = new() { Transport = Labelled } }).Xml(), SamlRefusals.Algorithm),
        ["triple DES"] = (Good.Xml().Replace(SamlAlgorithms.Aes256Gcm, "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"), SamlRefusals.Algorithm),
        ["AES key wrap with a key by name"] = ((Good with { Encryption = new() { Transport = """<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#kw-aes256"/>""" } }).Xml(), SamlRefusals.Algorithm),
        ["no method"] = ((Good with { Encryption = new() { Transport = "" } }).Xml(), SamlRefusals.Structure),
        ["two keys"] = (Good.Xml().Replace("</saml:EncryptedAssertion>", "<xenc:EncryptedKey/></saml:EncryptedAssertion>"), SamlRefusals.Structure),
        ["no key"] = (Good.Xml().Replace("xenc:EncryptedKey", "xenc:OtherKey"), SamlRefusals.Structure),
        ["a ciphertext that is elsewhere"] = (Good.Xml().Replace("<xenc:CipherValue>", "<xenc:CipherReference URI=\"https://evil.example/\"/><xenc:Other>").Replace("</xenc:CipherValue>", "</xenc:Other>"), SamlRefusals.Structure),
        ["two data"] = (Good.Xml().Replace("</saml:EncryptedAssertion>", "<xenc:EncryptedData/></saml:EncryptedAssertion>"), SamlRefusals.Structure),
        ["an encrypted name"] = ((new TestResponse { NameId = "<saml:EncryptedID/>" }).Xml(), SamlRefusals.Claims),
    };

    public static TheoryData<string> Names => [.. Attacks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_refused(string attack)
    {
        (string xml, string word) = Attacks[attack];
        Assert.Null(SamlAcceptedTests.Read(xml, Provider, out string? refusal));
        Assert.Equal(word, refusal);
    }

    [Fact]
    public void The_originals_are_good()
    {
        SamlAcceptedTests.Accepted(Good);
        SamlAcceptedTests.Accepted(Good with { Encryption = Cbc, ResponseSigner = new() });
    }

    [Fact]
    public void Only_the_ciphers_of_this_provider_are_taken()
    {
        Assert.Equal(SamlRefusals.Algorithm, SamlAcceptedTests.Refused(Good, Provider with { Ciphers = [SamlAlgorithms.Aes128Gcm] }));
        Assert.Equal(SamlRefusals.Decryption, SamlAcceptedTests.Refused(Good, Provider with { Sp = Provider.Sp with { DecryptionCertificates = [] } }));
    }

    private static string Encrypt(string xml) => new TestEncryption().Encrypt(xml);

    private static string ChangeCipherText(string xml)
    {
        int at = xml.LastIndexOf("<xenc:CipherValue>", StringComparison.Ordinal) + "<xenc:CipherValue>".Length;
        return string.Concat(xml.AsSpan(0, at), xml[at] == 'A' ? "B" : "A", xml.AsSpan(at + 1));
    }
}
