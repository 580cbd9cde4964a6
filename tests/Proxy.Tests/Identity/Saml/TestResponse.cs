using System.Text;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>A response of an identity provider, right in every part until a test makes one wrong.</summary>
internal sealed record TestResponse
{
    public const string IdpId = "https://idp.example/metadata";
    public const string SpId = "https://sallyport.example/saml";
    public const string Acs = "https://sallyport.example/saml/acs";
    public const string Slo = "https://sallyport.example/saml/logout";
    public const string Password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

    private static readonly DateTimeOffset Now = new FakeTime().Now;

    public static SamlProvider Provider { get; } = new()
    {
        Name = "corporate",
        Idp = new SamlIdentityProvider
        {
            EntityId = IdpId,
            RedirectUrl = "https://idp.example/sso?tenant=1",
            PostUrl = "https://idp.example/sso",
            LogoutRedirectUrl = "https://idp.example/slo",
            LogoutPostUrl = "https://idp.example/slo",
            SigningCertificates = [TestKeys.Idp],
        },
        Sp = new SamlServiceProvider
        {
            EntityId = SpId,
            AssertionConsumerUrl = Acs,
            LogoutUrl = Slo,
            SigningCertificate = TestKeys.Sp,
            DecryptionCertificates = [TestKeys.SpDecryption, TestKeys.SpDecryptionOld],
        },
        Attributes = new SamlAttributeNames { Email = "mail", Name = "displayName" },
    };

    public string Issuer { get; init; } = IdpId;

    public string? AssertionIssuer { get; init; }

    public string Destination { get; init; } = Acs;

    public string Recipient { get; init; } = Acs;

    public string Audience { get; init; } = SpId;

    public string? InResponseTo { get; init; } = "_request";

    public string? ConfirmedInResponseTo { get; init; }

    public string ResponseId { get; init; } = "_response";

    public string AssertionId { get; init; } = "_assertion";

    public string Status { get; init; } = """<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>""";

    /// <summary>NameID, with its tags.</summary>
    public string NameId { get; init; } = """<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">alice@example.com</saml:NameID>""";

    public string Method { get; init; } = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

    public string? NotBefore { get; init; } = At(-30);

    public string? NotOnOrAfter { get; init; } = At(300);

    public string? ConfirmedUntil { get; init; } = At(300);

    public string IssueInstant { get; init; } = At(0);

    public string AuthnInstant { get; init; } = At(-20);

    public string? SessionNotOnOrAfter { get; init; } = At(28_800);

    public string MoreConditions { get; init; } = "";

    public string Attributes { get; init; } =
        Attribute("groups", "engineers", "on-call") + Attribute("mail", "alice@example.com") + Attribute("displayName", "Alice Ö. Example") + Attribute("unused", "x");

    public string MoreStatements { get; init; } = "";

    /// <summary>Changes the assertion before it is signed.</summary>
    public Func<string, string> Assertion { get; init; } = text => text;

    /// <summary>Null: the assertion is not signed.</summary>
    public TestSigner? AssertionSigner { get; init; } = new();

    /// <summary>Null: the response is not signed.</summary>
    public TestSigner? ResponseSigner { get; init; }

    public TestEncryption? Encryption { get; init; }

    public static string At(double seconds) => SamlTime.Format(Now.AddSeconds(seconds));

    public static string Attribute(string name, params string[] values) =>
        $"""<saml:Attribute Name="{name}">{string.Concat(values.Select(v => $"""<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">{v}</saml:AttributeValue>"""))}</saml:Attribute>""";

    public static string Post(string xml) => Convert.ToBase64String(Encoding.UTF8.GetBytes(xml));

    /// <summary>The assertion, signed when it is to be.</summary>
    public string AssertionXml()
    {
        string xml = Assertion($"""
            <saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{AssertionId}" Version="2.0" IssueInstant="{IssueInstant}">
            <saml:Issuer>{AssertionIssuer ?? Issuer}</saml:Issuer>
            <saml:Subject>{NameId}<saml:SubjectConfirmation Method="{Method}"><saml:SubjectConfirmationData{Optional("NotOnOrAfter", ConfirmedUntil)} Recipient="{Recipient}"{Optional("InResponseTo", ConfirmedInResponseTo ?? InResponseTo)}/></saml:SubjectConfirmation></saml:Subject>
            <saml:Conditions{Optional("NotBefore", NotBefore)}{Optional("NotOnOrAfter", NotOnOrAfter)}><saml:AudienceRestriction><saml:Audience>{Audience}</saml:Audience></saml:AudienceRestriction>{MoreConditions}</saml:Conditions>
            <saml:AuthnStatement AuthnInstant="{AuthnInstant}" SessionIndex="_session"{Optional("SessionNotOnOrAfter", SessionNotOnOrAfter)}><saml:AuthnContext><saml:AuthnContextClassRef>{Password}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>{MoreStatements}
            <saml:AttributeStatement>{Attributes}</saml:AttributeStatement>
            </saml:Assertion>
            """);
        return AssertionSigner?.Sign(xml) ?? xml;
    }

    /// <summary>The response around something.</summary>
    public string Around(string content) => $"""
        <samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="{ResponseId}" Version="2.0" IssueInstant="{IssueInstant}" Destination="{Destination}"{Optional("InResponseTo", InResponseTo)}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{Issuer}</saml:Issuer>
        {Status}{content}
        </samlp:Response>
        """;

    public string Xml()
    {
        string assertion = AssertionXml();
        string response = Around(Encryption?.Encrypt(assertion) ?? assertion);
        return ResponseSigner?.Sign(response) ?? response;
    }

    private static string Optional(string name, string? value) => value is null ? "" : $" {name}=\"{value}\"";
}
