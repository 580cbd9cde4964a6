using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Well signed, and yet not for us, not now, or not clear about whom.</summary>
public sealed class SamlConditionTests
{
    private const string Elsewhere = "https://other.example/saml";

    private static readonly Dictionary<string, (TestResponse Response, string Word)> Wrong = new()
    {
        ["expired by the conditions"] = (new() { NotOnOrAfter = At(-61) }, SamlRefusals.Expired),
        ["expired by the confirmation"] = (new() { ConfirmedUntil = At(-61) }, SamlRefusals.Expired),
        ["expired just now"] = (new() { ConfirmedUntil = At(-60) }, SamlRefusals.Expired),
        ["not yet valid"] = (new() { NotBefore = At(61) }, SamlRefusals.NotYetValid),
        ["issued in the future"] = (new() { IssueInstant = At(61) }, SamlRefusals.NotYetValid),
        ["logged in in the future"] = (new() { AuthnInstant = At(61) }, SamlRefusals.NotYetValid),
        ["a session that is over"] = (new() { SessionNotOnOrAfter = At(-61) }, SamlRefusals.Expired),
        ["valid for days"] = (new() { ConfirmedUntil = At(25 * 3600) }, SamlRefusals.LifetimeTooLong),
        ["valid to the end of time"] = (new() { ConfirmedUntil = "9999-12-31T23:59:59.9999999Z" }, SamlRefusals.LifetimeTooLong),
        ["no end"] = (new() { ConfirmedUntil = null }, SamlRefusals.Structure),
        ["an end that is no time"] = (new() { NotOnOrAfter = "soon" }, SamlRefusals.Structure),
        ["an end without zone"] = (new() { ConfirmedUntil = At(300).TrimEnd('Z') }, SamlRefusals.Structure),
        ["an end in another zone"] = (new() { ConfirmedUntil = At(300).Replace("Z", "+05:00") }, SamlRefusals.Structure),
        ["a beginning that is no time"] = (new() { NotBefore = "" }, SamlRefusals.Structure),
        ["a session end that is no time"] = (new() { SessionNotOnOrAfter = "soon" }, SamlRefusals.Structure),
        ["no time of login"] = (new() { AuthnInstant = "" }, SamlRefusals.Structure),

        ["another service's audience"] = (new() { Audience = Elsewhere }, SamlRefusals.Audience),
        ["an audience that begins as ours"] = (new() { Audience = SpId + ".evil.example" }, SamlRefusals.Audience),
        ["our audience in another case"] = (new() { Audience = SpId.ToUpperInvariant() }, SamlRefusals.Audience),
        ["a second restriction to somebody else"] = (new() { MoreConditions = $"<saml:AudienceRestriction><saml:Audience>{Elsewhere}</saml:Audience></saml:AudienceRestriction>" }, SamlRefusals.Audience),
        ["no audience"] = (new() { Assertion = a => Cut(a, "<saml:AudienceRestriction>", "</saml:AudienceRestriction>") }, SamlRefusals.Audience),
        ["a condition nobody knows"] = (new() { MoreConditions = "<x:Condition xmlns:x=\"urn:x\"/>" }, SamlRefusals.Conditions),
        ["an extended condition"] = (new() { MoreConditions = "<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"x\"/>" }, SamlRefusals.Conditions),
        ["no conditions"] = (new() { Assertion = a => Cut(a, "<saml:Conditions", "</saml:Conditions>") }, SamlRefusals.Structure),

        ["another service's recipient"] = (new() { Recipient = Elsewhere }, SamlRefusals.Recipient),
        ["another destination"] = (new() { Destination = Elsewhere }, SamlRefusals.Destination),
        ["our destination and something more"] = (new() { Destination = Acs + "/" }, SamlRefusals.Destination),
        ["no destination"] = (new() { Destination = "" }, SamlRefusals.Destination),
        ["for another service altogether"] = (new() { Audience = Elsewhere, Recipient = Elsewhere, Destination = Elsewhere }, SamlRefusals.Destination),
        ["for another service, posted on to us"] = (new() { Audience = Elsewhere, Recipient = Elsewhere }, SamlRefusals.Audience),
        ["another issuer"] = (new() { Issuer = "https://evil.example" }, SamlRefusals.Issuer),
        ["another issuer of the assertion"] = (new() { AssertionIssuer = "https://evil.example" }, SamlRefusals.Issuer),
        ["an issuer of another format"] = (new() { Assertion = a => a.Replace("<saml:Issuer>", "<saml:Issuer Format=\"urn:x\">") }, SamlRefusals.Issuer),
        ["no issuer of the assertion, response signed"] = (new() { AssertionSigner = null, ResponseSigner = new(), Assertion = a => Cut(a, "<saml:Issuer>", "</saml:Issuer>") }, SamlRefusals.Issuer),
        ["not successful"] = (new() { Status = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:StatusCode></samlp:Status>" }, SamlRefusals.Status),
        ["two statuses"] = (new() { Status = new TestResponse().Status + new TestResponse().Status }, SamlRefusals.Status),
        ["no status"] = (new() { Status = "" }, SamlRefusals.Status),

        ["holder of key"] = (new() { Method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key" }, SamlRefusals.Confirmation),
        ["sender vouches"] = (new() { Method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches" }, SamlRefusals.Confirmation),
        ["a confirmation with a beginning"] = (new() { Assertion = a => a.Replace("<saml:SubjectConfirmationData", $"<saml:SubjectConfirmationData NotBefore=\"{At(-60)}\"") }, SamlRefusals.Confirmation),
        ["two confirmations"] = (new() { Assertion = a => a.Replace("</saml:Subject>", "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"/></saml:Subject>") }, SamlRefusals.Confirmation),
        ["no confirmation"] = (new() { Assertion = a => Cut(a, "<saml:SubjectConfirmation ", "</saml:SubjectConfirmation>") }, SamlRefusals.Confirmation),
        ["response and assertion answer different requests"] = (new() { ConfirmedInResponseTo = "_other" }, SamlRefusals.RequestUnknown),
        ["the response answers nothing"] = (new() { InResponseTo = null, ConfirmedInResponseTo = "_request" }, SamlRefusals.RequestUnknown),
        ["an answer to a name that is too long"] = (new() { InResponseTo = new string('x', 600) }, SamlRefusals.Structure),

        ["no name"] = (new() { NameId = "" }, SamlRefusals.Claims),
        ["an empty name"] = (new() { NameId = "<saml:NameID/>" }, SamlRefusals.Claims),
        ["a blank name"] = (new() { NameId = "<saml:NameID> </saml:NameID>" }, SamlRefusals.Claims),
        ["two names"] = (new() { NameId = "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>" }, SamlRefusals.Claims),
        ["a name with an element in it"] = (new() { NameId = "<saml:NameID>admin<x/>@example.com</saml:NameID>" }, SamlRefusals.Claims),
        ["a name within an element"] = (new() { NameId = "<saml:NameID><x>admin</x></saml:NameID>" }, SamlRefusals.Claims),
        ["a name with a control character"] = (new() { NameId = "<saml:NameID>al\tice</saml:NameID>" }, SamlRefusals.Claims),
        ["a name that is written backwards"] = (new() { NameId = "<saml:NameID>ali\u202Eece</saml:NameID>" }, SamlRefusals.Claims),
        ["a name that is too long"] = (new() { NameId = $"<saml:NameID>{new string('x', 513)}</saml:NameID>" }, SamlRefusals.Claims),
        ["a name within another service's namespace"] = (new() { NameId = $"<saml:NameID SPNameQualifier=\"{Elsewhere}\">alice</saml:NameID>" }, SamlRefusals.Claims),
        ["groups twice"] = (new() { Attributes = Attribute("groups", "a") + Attribute("groups", "b") }, SamlRefusals.Claims),
        ["mail twice"] = (new() { Attributes = Attribute("mail", "a@example.com", "b@example.com") }, SamlRefusals.Claims),
        ["a group with an element in it"] = (new() { Attributes = Attribute("groups", "ad<x/>mins") }, SamlRefusals.Claims),
        ["a group with a line break"] = (new() { Attributes = Attribute("groups", "a&#10;admins") }, SamlRefusals.Claims),
        ["a thousand and one groups"] = (new() { Attributes = $"<saml:Attribute Name=\"groups\">{string.Concat(Enumerable.Range(0, 1001).Select(i => $"<saml:AttributeValue>g{i}</saml:AttributeValue>"))}</saml:Attribute>" }, SamlRefusals.Claims),
        ["groups in two statements"] = (new() { MoreStatements = $"<saml:AttributeStatement>{Attribute("groups", "admins")}</saml:AttributeStatement>" }, SamlRefusals.Claims),
        ["two logins"] = (new() { MoreStatements = $"<saml:AuthnStatement AuthnInstant=\"{At(0)}\"/>" }, SamlRefusals.Structure),
        ["two subjects"] = (new() { MoreStatements = "<saml:Subject/>" }, SamlRefusals.Structure),
        ["SAML 1.1"] = (new() { Assertion = a => a.Replace("Version=\"2.0\"", "Version=\"1.1\"") }, SamlRefusals.Structure),
        ["no time of issue"] = (new() { Assertion = a => a.Replace("IssueInstant", "IssuedAt") }, SamlRefusals.Structure),
    };

    public static TheoryData<string> Names => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_refused(string response) => Assert.Equal(Wrong[response].Word, SamlAcceptedTests.Refused(Wrong[response].Response));

    [Fact]
    public void Clocks_may_differ_by_the_skew_and_no_more()
    {
        SamlAcceptedTests.Accepted(new TestResponse { NotBefore = At(60), IssueInstant = At(60), AuthnInstant = At(60), SessionNotOnOrAfter = At(-59), NotOnOrAfter = At(-59), ConfirmedUntil = At(-59) });
        Assert.Equal(SamlRefusals.Expired, SamlAcceptedTests.Refused(new TestResponse { ConfirmedUntil = At(-59) }, Provider with { ClockSkew = TimeSpan.FromSeconds(30) }));
    }

    [Fact]
    public void Clocks_at_the_ends_of_time_refuse_and_do_not_fail()
    {
        string response = Post(new TestResponse { NotOnOrAfter = "9999-12-31T23:59:59Z", SessionNotOnOrAfter = "9999-12-31T23:59:59Z", AuthnInstant = "0001-01-01T00:00:00Z" }.Xml());
        Assert.NotNull(new SamlResponseReader(Provider, new FakeTime()).Read(response, out _));
        Assert.Null(new SamlResponseReader(Provider, new FakeTime { Now = DateTimeOffset.MaxValue }).Read(response, out string? late));
        Assert.Equal(SamlRefusals.Expired, late);
        Assert.Null(new SamlResponseReader(Provider, new FakeTime { Now = DateTimeOffset.MinValue }).Read(response, out string? early));
        Assert.Equal(SamlRefusals.NotYetValid, early);
    }

    [Fact]
    public void The_format_asked_for_is_insisted_on()
    {
        SamlProvider persistent = Provider with { NameIdFormat = SamlNames.PersistentFormat };
        Assert.Equal(SamlRefusals.Claims, SamlAcceptedTests.Refused(new TestResponse(), persistent));
        SamlAcceptedTests.Accepted(new TestResponse { NameId = $"<saml:NameID Format=\"{SamlNames.PersistentFormat}\" SPNameQualifier=\"{SpId}\">x</saml:NameID>" }, persistent);
    }

    [Fact]
    public void Attributes_nobody_asked_about_may_be_anything()
    {
        SamlAssertion assertion = SamlAcceptedTests.Accepted(new TestResponse { Attributes = Attribute("x", "<y/>") + Attribute("x", "1") + Attribute("groups", "", "a") });
        Assert.Equal<string>(["a"], assertion.Groups);
        Assert.Null(assertion.Email);
    }

    private static string Cut(string xml, string from, string to)
    {
        int begin = xml.IndexOf(from, StringComparison.Ordinal), end = xml.IndexOf(to, StringComparison.Ordinal) + to.Length;
        return xml.Remove(begin, end - begin);
    }
}
