using Sallyport.Proxy.Identity.Saml;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>
/// Signature wrapping: a signed element is kept so that its signature stays good, and put where the verifier finds it and the reader does
/// not; an unsigned one stands where the reader looks. The numbers are those of Somorovsky et al., "On Breaking SAML".
/// </summary>
public sealed class SamlWrappingTests
{
    private static readonly TestResponse Good = new();

    /// <summary>A signed assertion about alice.</summary>
    private static readonly string Original = Good.AssertionXml();
    private static readonly string Signature = SignatureOf(Original);
    private static readonly string Bare = Strip(Original);

    /// <summary>The same about admin, under another ID, unsigned.</summary>
    private static readonly string Evil = Bare.Replace("alice", "admin").Replace("\"_assertion\"", "\"_evil\"");

    private static readonly string Response = (Good with { AssertionSigner = null, ResponseSigner = new() }).Xml();
    private static readonly string ResponseSignature = SignatureOf(Response);
    private static readonly string BareResponse = Strip(Response);
    private static readonly string EvilResponse = BareResponse.Replace("alice", "admin").Replace("\"_response\"", "\"_evil\"").Replace("\"_assertion\"", "\"_evil2\"");

    private static readonly Dictionary<string, (string Xml, string Word)> Attacks = new()
    {
        // What is signed is the response.
        ["XSW1: the original response within the evil one's signature"] = (AfterIssuer(EvilResponse, Within(ResponseSignature, BareResponse)), SamlRefusals.Structure),
        ["XSW1: the original response within an Object of the evil one's signature"] = (AfterIssuer(EvilResponse, Within(ResponseSignature, Object(BareResponse))), SamlRefusals.Structure),
        ["XSW2: the original response before the evil one's signature"] = (AfterIssuer(EvilResponse, BareResponse + ResponseSignature), SamlRefusals.Structure),
        ["the original response within the evil one"] = (Within(EvilResponse, Response), SamlRefusals.Structure),
        ["the original response in Extensions"] = (AfterIssuer(EvilResponse, Extensions(Response)), SamlRefusals.Structure),
        ["the evil response within the original"] = (Within(Response, EvilResponse), SamlRefusals.Structure),
        ["both responses within something else"] = ($"<x>{Response}{EvilResponse}</x>", SamlRefusals.Structure),
        ["the evil response with the original's signature"] = (AfterIssuer(EvilResponse, ResponseSignature), SamlRefusals.SignatureForm),
        ["the evil response under the original's ID with its signature"] = (AfterIssuer(EvilResponse.Replace("\"_evil\"", "\"_response\""), ResponseSignature), SamlRefusals.Digest),
        ["an evil assertion added to the signed response"] = (Within(Response, Evil), SamlRefusals.Structure),
        ["the signature at the end of the response"] = (Within(BareResponse, ResponseSignature), SamlRefusals.Structure),
        ["the signature in Status"] = (BareResponse.Replace("</samlp:Status>", ResponseSignature + "</samlp:Status>"), SamlRefusals.Structure),
        ["the signature of the response in its assertion"] = (BareResponse.Replace("<saml:Subject>", ResponseSignature + "<saml:Subject>"), SamlRefusals.SignatureForm),

        // What is signed is the assertion.
        ["XSW3: the evil assertion before the original"] = (Good.Around(Evil + Original), SamlRefusals.Structure),
        ["XSW3: the evil assertion after the original"] = (Good.Around(Original + Evil), SamlRefusals.Structure),
        ["XSW4: the original within the evil assertion"] = (Good.Around(Within(Evil, Original)), SamlRefusals.Structure),
        ["XSW5: the evil assertion has the signature, the original follows"] = (Good.Around(AfterIssuer(Evil, Signature) + Bare), SamlRefusals.Structure),
        ["XSW6: the original within the evil one's signature"] = (Good.Around(AfterIssuer(Evil, Within(Signature, Bare))), SamlRefusals.Structure),
        ["XSW7: the original in Extensions"] = (Good.Around(Extensions(Original) + Evil), SamlRefusals.Structure),
        ["XSW8: the original within an Object of the evil one's signature"] = (Good.Around(AfterIssuer(Evil, Within(Signature, Object(Bare)))), SamlRefusals.Structure),
        ["the original in StatusDetail"] = ((Good with { Status = Good.Status.Replace("</samlp:Status>", $"<samlp:StatusDetail>{Original}</samlp:StatusDetail></samlp:Status>") }).Around(Evil), SamlRefusals.Structure),
        ["the original in Advice"] = (Good.Around(Evil.Replace("</saml:Conditions>", $"</saml:Conditions><saml:Advice>{Original}</saml:Advice>")), SamlRefusals.Structure),
        ["the original as the value of an attribute"] = (Good.Around(Evil.Replace("</saml:AttributeStatement>", $"<saml:Attribute Name=\"x\"><saml:AttributeValue>{Original}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>")), SamlRefusals.Structure),
        ["the original in the confirmation"] = (Good.Around(Evil.Replace("</saml:SubjectConfirmation>", $"{Original}</saml:SubjectConfirmation>")), SamlRefusals.Structure),
        ["the original within an element of our own"] = (Good.Around($"<wrap xmlns=\"urn:x\">{Original}</wrap>{Evil}"), SamlRefusals.Structure),
        ["two originals"] = (Good.Around(Original + Original.Replace("\"_assertion\"", "\"_other\"")), SamlRefusals.Structure),
        ["the evil assertion is of another namespace"] = (Good.Around(Evil.Replace("urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:1.0:assertion") + Original), SamlRefusals.Structure),
        ["the evil assertion with the original's signature"] = (Good.Around(AfterIssuer(Evil, Signature)), SamlRefusals.SignatureForm),
        ["the evil assertion under the original's ID with its signature"] = (Good.Around(AfterIssuer(Evil.Replace("_evil", "_assertion"), Signature)), SamlRefusals.Digest),
        ["the evil assertion with an empty signature"] = (Good.Around(AfterIssuer(Evil, "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>")), SamlRefusals.SignatureForm),
        ["the evil assertion with a signature of another namespace"] = (Good.Around(AfterIssuer(Evil, Signature.Replace("http://www.w3.org/2000/09/xmldsig#\"", "urn:x\""))), SamlRefusals.Structure),
        ["the signature last in the assertion"] = (Good.Around(Within(Bare, Signature)), SamlRefusals.Structure),
        ["the signature before the issuer"] = (Good.Around(Bare.Replace("<saml:Issuer>", Signature + "<saml:Issuer>")), SamlRefusals.Structure),
        ["the signature of the assertion on the response"] = (AfterIssuer(Good.Around(Bare), Signature), SamlRefusals.SignatureForm),
        ["two signatures on the assertion"] = (Good.Around(AfterIssuer(Original, Signature)), SamlRefusals.Structure),
        ["the signature in the subject"] = (Good.Around(Bare.Replace("<saml:Subject>", "<saml:Subject>" + Signature)), SamlRefusals.Structure),
        ["the signature within the issuer"] = (Good.Around(Bare.Replace("</saml:Issuer>", Signature + "</saml:Issuer>")), SamlRefusals.Structure),
        ["an evil assertion by itself"] = (Evil, SamlRefusals.Structure),
        ["the original by itself"] = (Original, SamlRefusals.Structure),
        ["no assertion"] = (Good.Around(""), SamlRefusals.Structure),

        // IDs.
        ["the evil assertion has the original's ID"] = (Good.Around(Evil.Replace("_evil", "_assertion") + Original), SamlRefusals.DuplicateId),
        ["the original's ID is the response's"] = ((Good with { ResponseId = "_assertion" }).Around(Original), SamlRefusals.DuplicateId),
        ["the original's ID is also an Id"] = (Good.Around(Original.Replace("<saml:Subject>", "<saml:Subject Id=\"_assertion\">")), SamlRefusals.DuplicateId),
        ["the original's ID is also an id"] = (AddAttribute(Good.Around(Original), "x:id=\"_assertion\" xmlns:x=\"urn:x\""), SamlRefusals.DuplicateId),
        ["the original's ID is also an xml:id"] = (Good.Around(Original.Replace("<saml:Conditions", "<saml:Conditions xml:id=\"_assertion\"")), SamlRefusals.DuplicateId),
        ["an element with two IDs"] = (Good.Around(Original.Replace("ID=\"_assertion\"", "ID=\"_assertion\" Id=\"_other\"")), SamlRefusals.DuplicateId),
        ["an ID spelt otherwise"] = (Good.Around(Original.Replace("ID=\"_assertion\"", "Id=\"_assertion\"")), SamlRefusals.SignatureForm),

        // Signed content changed where it stands.
        ["another subject"] = (Good.Around(Original.Replace("alice", "admin")), SamlRefusals.Digest),
        ["another group"] = (Good.Around(Original.Replace("engineers", "admins")), SamlRefusals.Digest),
        ["an attribute statement more"] = (Good.Around(Within(Original, "<saml:AttributeStatement/>")), SamlRefusals.Digest),
        ["another subject in the signed response"] = (Response.Replace("alice", "admin"), SamlRefusals.Digest),
        ["neither is signed"] = ((Good with { AssertionSigner = null }).Xml(), SamlRefusals.Unsigned),
    };

    public static TheoryData<string> Names => [.. Attacks.Keys];

    [Fact]
    public void The_originals_are_good()
    {
        Assert.Equal("alice@example.com", SamlAcceptedTests.Read(Good.Around(Original), Provider, out _)?.Subject);
        Assert.Equal("alice@example.com", SamlAcceptedTests.Read(Response, Provider, out _)?.Subject);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Wrapping_is_refused(string attack)
    {
        (string xml, string word) = Attacks[attack];
        Assert.Null(SamlAcceptedTests.Read(xml, Provider, out string? refusal));
        Assert.Equal(word, refusal);
    }

    private static string SignatureOf(string xml) => xml[xml.IndexOf("<ds:Signature ", StringComparison.Ordinal)..(xml.IndexOf("</ds:Signature>", StringComparison.Ordinal) + "</ds:Signature>".Length)];

    private static string Strip(string xml) => xml.Replace(SignatureOf(xml), "");

    /// <summary>Puts something behind the first issuer.</summary>
    private static string AfterIssuer(string xml, string what)
    {
        int at = xml.IndexOf("</saml:Issuer>", StringComparison.Ordinal) + "</saml:Issuer>".Length;
        return xml.Insert(at, what);
    }

    /// <summary>Puts something last into the root.</summary>
    private static string Within(string xml, string what) => xml.Insert(xml.LastIndexOf("</", StringComparison.Ordinal), what);

    private static string AddAttribute(string response, string attribute) => response.Replace("<samlp:StatusCode ", $"<samlp:StatusCode {attribute} ");

    private static string Object(string xml) => $"<ds:Object>{xml}</ds:Object>";

    private static string Extensions(string xml) => $"<samlp:Extensions>{xml}</samlp:Extensions>";
}
