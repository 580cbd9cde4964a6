using System.IO.Compression;
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

/// <summary>Logout requests of the provider by both bindings, the answers, and those that throw nobody out.</summary>
public sealed class SamlLogoutTests
{
    private static readonly string Good = $"""<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout" Version="2.0" IssueInstant="{At(-10)}" NotOnOrAfter="{At(60)}" Destination="{Slo}"><saml:Issuer>{IdpId}</saml:Issuer><saml:NameID Format="urn:f">alice@example.com</saml:NameID><samlp:SessionIndex>_s1</samlp:SessionIndex><samlp:SessionIndex>_s2</samlp:SessionIndex></samlp:LogoutRequest>""";

    private readonly FakeTime _time = new();
    private readonly SamlLogout _logout;

    public SamlLogoutTests() => _logout = new SamlLogout(Provider, new SamlLocalMemory(_time), _time);

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "Destination=\"" + Slo, "Destination=\"" + Acs, SamlRefusals.Destination },
        { IdpId, "https://evil.example", SamlRefusals.Issuer },
        { "IssueInstant=\"" + At(-10), "IssueInstant=\"" + At(61), SamlRefusals.NotYetValid },
        { "IssueInstant=\"" + At(-10), "IssueInstant=\"" + At(-360), SamlRefusals.Expired },
        { "NotOnOrAfter=\"" + At(60), "NotOnOrAfter=\"" + At(-60), SamlRefusals.Expired },
        { "NotOnOrAfter=\"" + At(60), "NotOnOrAfter=\"soon", SamlRefusals.Structure },
        { "Version=\"2.0\"", "Version=\"1.1\"", SamlRefusals.Structure },
        { "LogoutRequest", "AuthnRequest", SamlRefusals.Structure },
        { ">alice@example.com<", "><x/><", SamlRefusals.Claims },
        { "NameID", "EncryptedID", SamlRefusals.Claims },
        { "<samlp:SessionIndex>_s1</samlp:SessionIndex>", "<samlp:SessionIndex/>", SamlRefusals.Claims },
        { "<samlp:SessionIndex>_s1</samlp:SessionIndex>", string.Concat(Enumerable.Range(0, 64).Select(i => $"<samlp:SessionIndex>{i}</samlp:SessionIndex>")), SamlRefusals.Claims },
        { "<samlp:LogoutRequest ", "<!DOCTYPE x><samlp:LogoutRequest ", SamlRefusals.Xml },
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signed_request_is_taken_once(bool redirect)
    {
        (SamlLogoutRequest? request, string? refusal) = await AcceptAsync(Good, redirect);
        Assert.Null(refusal);
        Assert.Equal("alice@example.com", request!.NameId);
        Assert.Equal("urn:f", request.NameIdFormat);
        Assert.Equal<string>(["_s1", "_s2"], request.SessionIndexes);
        Assert.Equal((null, SamlRefusals.Replayed), await AcceptAsync(Good, redirect));
        // The same request by the other binding is the same request.
        Assert.Equal((null, SamlRefusals.Replayed), await AcceptAsync(Good, !redirect));
        _time.Now += TimeSpan.FromSeconds(350);
        Assert.Equal((null, SamlRefusals.Expired), await AcceptAsync(Good, redirect));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_wrong_one_is_refused_by_either_binding(string part, string instead, string word)
    {
        Assert.Contains(part, Good);
        string wrong = Good.Replace(part, instead);
        Assert.Equal((null, word), await AcceptAsync(wrong, redirect: true));
        if (word != SamlRefusals.Xml)
            Assert.Equal((null, word), await AcceptAsync(wrong, redirect: false));
    }

    [Fact]
    public async Task Unsigned_and_ill_signed_forms_are_refused()
    {
        async Task<string?> RefusalOf(string xml) => (await _logout.AcceptPostAsync(Post(xml), default)).Refusal;
        string signed = new TestSigner().Sign(Good);
        Assert.Equal(SamlRefusals.Unsigned, await RefusalOf(Good));
        Assert.Equal(SamlRefusals.Signature, await RefusalOf(new TestSigner { Certificate = TestKeys.Stranger }.Sign(Good)));
        Assert.Equal(SamlRefusals.Digest, await RefusalOf(signed.Replace("alice", "admin")));
        Assert.Equal(SamlRefusals.Structure, await RefusalOf(Good.Replace("_logout", "_evil").Replace("</samlp:LogoutRequest>", signed + "</samlp:LogoutRequest>")));
        Assert.Equal(SamlRefusals.Xml, await RefusalOf(signed.Replace("alice", "al<!---->ice")));
        Assert.Equal(SamlRefusals.Malformed, (await _logout.AcceptPostAsync("*", default)).Refusal);
        Assert.Equal(SamlRefusals.TooLarge, (await _logout.AcceptPostAsync(new string('A', SamlLimits.LongestMessage + 1), default)).Refusal);
        // A response is not a request, even from the right provider.
        Assert.Equal(SamlRefusals.Structure, await RefusalOf(new TestResponse { ResponseSigner = new() }.Xml()));
    }

    [Fact]
    public async Task Unsigned_and_ill_signed_queries_are_refused()
    {
        async Task<string?> RefusalOf(string query) => (await _logout.AcceptRedirectAsync(query, default)).Refusal;
        string good = Query(Good, TestKeys.Idp, "state");
        Assert.Equal(SamlRefusals.Unsigned, await RefusalOf(good[..good.IndexOf("&SigAlg=", StringComparison.Ordinal)]));
        Assert.Equal(SamlRefusals.Signature, await RefusalOf(Query(Good, TestKeys.Stranger, "state")));
        Assert.Equal(SamlRefusals.Signature, await RefusalOf(good.Replace("RelayState=state", "RelayState=other")));
        Assert.Equal(SamlRefusals.Signature, await RefusalOf(good.Replace("RelayState=state&", "")));
        Assert.Equal(SamlRefusals.Signature, await RefusalOf("SAMLRequest=" + Uri.EscapeDataString(SamlDeflate.Encode(Good.Replace("alice", "admin"))) + good[good.IndexOf('&')..]));
        Assert.Equal(SamlRefusals.Malformed, await RefusalOf(good + "&SAMLRequest=" + Uri.EscapeDataString(SamlDeflate.Encode(Good.Replace("alice", "admin")))));
        Assert.Equal(SamlRefusals.Malformed, await RefusalOf(good + "&%53AMLRequest=x"));
        Assert.Equal(SamlRefusals.Structure, await RefusalOf(good + "&SAMLResponse=x"));
        Assert.Equal(SamlRefusals.Structure, await RefusalOf(good + "&SAMLEncoding=urn:x"));
        Assert.Equal(SamlRefusals.Structure, await RefusalOf(good.Replace("SAMLRequest", "SAMLResponse")));
        Assert.Equal(SamlRefusals.Algorithm, await RefusalOf(good.Replace("rsa-sha256", "rsa-sha1")));
        Assert.Equal(SamlRefusals.Malformed, await RefusalOf(""));
        Assert.Equal(SamlRefusals.SignatureForm, await RefusalOf(Query(new TestSigner().Sign(Good), TestKeys.Idp, null)));
        Assert.Null(await RefusalOf("?" + good));
    }

    [Fact]
    public async Task A_deflate_bomb_stops_at_the_limit()
    {
        using var bomb = new MemoryStream();
        using (var deflate = new DeflateStream(bomb, CompressionLevel.Optimal, leaveOpen: true))
            deflate.Write(new byte[100 << 20]);
        Assert.InRange(bomb.Length, 1, SamlLimits.LongestMessage / 2);
        string query = Signed("SAMLRequest=" + Uri.EscapeDataString(Convert.ToBase64String(bomb.ToArray())), TestKeys.Idp);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal((null, SamlRefusals.TooLarge), await _logout.AcceptRedirectAsync(query, default));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public async Task Answers_are_signed_and_name_the_request()
    {
        SamlLogoutRequest request = (await AcceptAsync(Good, redirect: true)).Request!;
        string url = _logout.AnswerByRedirect(request, success: true, "state");
        XmlElement answer = SamlRequestTests.Inflated(url, "SAMLResponse");
        Assert.Equal("_logout", answer.GetAttribute("InResponseTo"));
        Assert.Equal("https://idp.example/slo", answer.GetAttribute("Destination"));
        Assert.Contains(SamlNames.Success, answer.OuterXml);
        Assert.Contains("&RelayState=state&SigAlg=", url);

        SamlPostForm form = _logout.AnswerByPost(request, success: false, null);
        Assert.Equal("SAMLResponse", form.Field);
        XmlDocument document = TestSigner.Load(Encoding.UTF8.GetString(Convert.FromBase64String(form.Value)));
        Assert.Contains(SamlNames.Responder, document.OuterXml);
        var library = new SignedXml(document);
        library.LoadXml(document.DocumentElement!["ds:Signature"]!);
        Assert.True(library.CheckSignature(TestKeys.Sp.GetRSAPublicKey()!));
    }

    private async Task<(SamlLogoutRequest? Request, string? Refusal)> AcceptAsync(string xml, bool redirect) => redirect
        ? await _logout.AcceptRedirectAsync(Query(xml, TestKeys.Idp, "state"), default)
        : await _logout.AcceptPostAsync(Post(new TestSigner().Sign(xml)), default);

    private static string Query(string xml, X509Certificate2 certificate, string? relayState) =>
        Signed("SAMLRequest=" + Uri.EscapeDataString(SamlDeflate.Encode(xml)) + (relayState is null ? "" : "&RelayState=" + relayState), certificate);

    private static string Signed(string query, X509Certificate2 certificate)
    {
        // Lower-case escapes, as some providers write them: the signature is over what was sent, not over what we would have written.
        string signed = query.Replace("%2B", "%2b").Replace("%2F", "%2f") + "&SigAlg=" + Uri.EscapeDataString(SamlAlgorithms.RsaSha256);
        byte[] value = certificate.GetRSAPrivateKey()!.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return signed + "&Signature=" + Uri.EscapeDataString(Convert.ToBase64String(value));
    }
}
