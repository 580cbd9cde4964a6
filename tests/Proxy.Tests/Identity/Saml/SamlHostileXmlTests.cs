using System.Text;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Octets that are not a message, or are made to be more to the parser than to the eye.</summary>
public sealed class SamlHostileXmlTests
{
    private static readonly string Good = new TestResponse().Xml();

    private static readonly Dictionary<string, (byte[] Octets, string Word)> Documents = new()
    {
        ["nothing but white space"] = (Utf8("  "), SamlRefusals.Malformed),
        ["not XML"] = (Utf8("hello"), SamlRefusals.Malformed),
        ["half a response"] = (Utf8(Good[..(Good.Length / 2)]), SamlRefusals.Malformed),
        ["two roots"] = (Utf8(Good + Good), SamlRefusals.Malformed),
        ["text after the root"] = (Utf8(Good + "x"), SamlRefusals.Malformed),
        ["an undefined entity"] = (Utf8(Good.Replace("alice", "&alice;")), SamlRefusals.Malformed),
        ["a character XML does not have"] = (Utf8(Good.Replace("alice", "al\u0001ice")), SamlRefusals.Malformed),
        ["a reference to a character XML does not have"] = (Utf8(Good.Replace("alice", "al&#0;ice")), SamlRefusals.Malformed),
        ["an undeclared prefix"] = (Utf8(Good.Replace("<samlp:Status>", "<nobody:Status>").Replace("</samlp:Status>", "</nobody:Status>")), SamlRefusals.Malformed),
        ["an attribute twice"] = (Utf8(Good.Replace(" Version=\"2.0\"", " Version=\"2.0\" Version=\"2.0\"")), SamlRefusals.Malformed),
        ["XML 1.1"] = (Utf8("<?xml version=\"1.1\"?>" + Good), SamlRefusals.Malformed),

        ["a comment in the name: admin@x<!-- -->.evil"] = (Utf8(Good.Replace("alice@example.com</saml:NameID>", "alice@example.com<!-- -->.evil.example</saml:NameID>")), SamlRefusals.Xml),
        ["a comment in a signed name"] = (Utf8((new TestResponse { NameId = "<saml:NameID>admin@example.com.evil</saml:NameID>" }).Xml().Replace("example.com.evil", "example.com<!---->.evil")), SamlRefusals.Xml),
        ["a comment in a digest"] = (Utf8(Good.Replace("<ds:DigestValue>", "<ds:DigestValue><!--AAAA-->")), SamlRefusals.Xml),
        ["a comment anywhere"] = (Utf8(Good + "<!-- -->"), SamlRefusals.Xml),
        ["CDATA"] = (Utf8(Good.Replace("alice@example.com</saml:NameID>", "<![CDATA[alice@example.com]]></saml:NameID>")), SamlRefusals.Xml),
        ["a processing instruction in the name"] = (Utf8(Good.Replace("alice@example.com</saml:NameID>", "alice@example.com<?x?>.evil</saml:NameID>")), SamlRefusals.Xml),
        ["a stylesheet"] = (Utf8("<?xml-stylesheet href=\"https://evil.example/\"?>" + Good), SamlRefusals.Xml),
        ["a second declaration"] = (Utf8("<?xml version=\"1.0\"?><?xml version=\"1.0\"?>" + Good), SamlRefusals.Xml),
        ["a DTD"] = (Utf8("<!DOCTYPE x>" + Good), SamlRefusals.Xml),
        ["an external DTD"] = (Utf8("<!DOCTYPE x SYSTEM \"https://evil.example/x.dtd\">" + Good), SamlRefusals.Xml),
        ["XXE"] = (Utf8("<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" + Good.Replace("alice", "&f;")), SamlRefusals.Xml),
        ["XXE by parameter entities"] = (Utf8("<!DOCTYPE x [<!ENTITY % f SYSTEM \"https://evil.example/\">%f;]>" + Good), SamlRefusals.Xml),
        ["billion laughs"] = (Utf8("<!DOCTYPE x [<!ENTITY a \"ha\">" + string.Concat(Enumerable.Range(0, 25).Select(i => $"<!ENTITY {(char)('b' + i)} \"{string.Concat(Enumerable.Repeat($"&{(char)('a' + i)};", 10))}\">")) + "]>" + Good.Replace("alice", "&z;")), SamlRefusals.Xml),
        ["attributes by default from a DTD"] = (Utf8("<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA \"_assertion\">]>" + Good), SamlRefusals.Xml),

        ["a depth bomb"] = (Utf8(Good.Replace("<samlp:Status>", string.Concat(Enumerable.Repeat("<x>", 20_000)) + string.Concat(Enumerable.Repeat("</x>", 20_000)) + "<samlp:Status>")), SamlRefusals.TooComplex),
        ["just too deep"] = (Utf8(Good.Replace("<samlp:Status>", string.Concat(Enumerable.Repeat("<x>", 32)) + string.Concat(Enumerable.Repeat("</x>", 32)) + "<samlp:Status>")), SamlRefusals.TooComplex),
        ["an element bomb"] = (Utf8(Good.Replace("<samlp:Status>", string.Concat(Enumerable.Repeat("<x/>", 3000)) + "<samlp:Status>")), SamlRefusals.TooComplex),
        ["an attribute bomb"] = (Utf8(Good.Replace("<samlp:Status>", $"<x {string.Concat(Enumerable.Range(0, 10_000).Select(i => $"a{i}='' "))}/><samlp:Status>")), SamlRefusals.TooComplex),
        ["attributes spread over elements"] = (Utf8(Good.Replace("<samlp:Status>", string.Concat(Enumerable.Repeat($"<x {string.Concat(Enumerable.Range(0, 30).Select(i => $"a{i}='' "))}/>", 140)) + "<samlp:Status>")), SamlRefusals.TooComplex),
        ["a namespace bomb"] = (Utf8(Good.Replace("<samlp:Status>", $"<x {string.Concat(Enumerable.Range(0, 5000).Select(i => $"xmlns:a{i}='u' "))}/><samlp:Status>")), SamlRefusals.TooComplex),
        ["a size bomb"] = (Utf8(Good.Replace("<samlp:Status>", new string(' ', 195_000) + "<samlp:Status>")), SamlRefusals.TooLarge),

        ["UTF-16, little end first"] = ([0xff, 0xfe, .. Encoding.Unicode.GetBytes(Good)], SamlRefusals.Malformed),
        ["UTF-16, big end first"] = ([0xfe, 0xff, .. Encoding.BigEndianUnicode.GetBytes(Good)], SamlRefusals.Malformed),
        ["UTF-16 without a mark"] = (Encoding.Unicode.GetBytes(Good), SamlRefusals.Malformed),
        ["UTF-16 declared"] = (Utf8("<?xml version=\"1.0\" encoding=\"utf-16\"?>" + Good), SamlRefusals.Xml),
        ["UTF-7 declared, with a comment that is none in UTF-8"] = (Utf8("<?xml version=\"1.0\" encoding=\"utf-7\"?>" + Good.Replace("alice@example.com<", "alice@example.com+ADwAIQ---+AD4-.evil<")), SamlRefusals.Xml),
        ["EBCDIC declared"] = (Utf8("<?xml version=\"1.0\" encoding=\"ibm037\"?>" + Good), SamlRefusals.Xml),
        ["Latin-1 declared"] = (Utf8("<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>" + Good), SamlRefusals.Xml),
        ["octets that are not UTF-8"] = ([.. Utf8(Good), 0xc0, 0x80], SamlRefusals.Malformed),
        ["'<' in two octets"] = (Overlong(), SamlRefusals.Malformed),
        ["a byte order mark"] = ([0xef, 0xbb, 0xbf, .. Utf8(Good)], SamlRefusals.Malformed),
    };

    public static TheoryData<string> Names => [.. Documents.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_refused(string document)
    {
        (byte[] octets, string word) = Documents[document];
        Assert.Null(new SamlResponseReader(Provider, new FakeTime()).Read(Convert.ToBase64String(octets), out string? refusal));
        Assert.Equal(word, refusal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("%%%")]
    [InlineData("PHg+PC94Pg")]
    [InlineData("PHg-PC94Pg==")]
    public void What_is_not_base64_is_refused(string field)
    {
        Assert.Null(new SamlResponseReader(Provider, new FakeTime()).Read(field, out string? refusal));
        Assert.Equal(SamlRefusals.Malformed, refusal);
    }

    [Fact]
    public void A_field_longer_than_any_message_is_not_even_decoded()
    {
        string field = new('A', SamlLimits.LongestMessage + 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(new SamlResponseReader(Provider, new FakeTime()).Read(field, out string? refusal));
        Assert.Equal(SamlRefusals.TooLarge, refusal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    [Fact]
    public void What_is_canonicalised_before_a_key_has_verified_anything_is_bounded()
    {
        string declarations = string.Concat(Enumerable.Range(0, 20).Select(i => $"xmlns:p{i}='urn:{i}' "));
        string branch = string.Concat(Enumerable.Range(0, 20).Select(i => $"<p{i}:x {declarations}>")) + string.Concat(Enumerable.Range(0, 20).Reverse().Select(i => $"</p{i}:x>"));
        string bomb = string.Concat(Enumerable.Repeat(branch, 9)) + string.Concat(Enumerable.Repeat("<x/>", 1500));
        string xml = new TestResponse { AssertionSigner = new() { Certificate = TestKeys.Stranger, SignedInfo = s => s.Replace("</ds:Transforms>", bomb + "</ds:Transforms>") } }.Xml();
        var reader = new SamlResponseReader(Provider, new FakeTime());
        string field = Post(xml);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(reader.Read(field, out string? refusal));
        Assert.Equal(SamlRefusals.Signature, refusal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 32 << 20);
    }

    [Fact]
    public void Declarations_white_space_and_line_breaks_in_base64_are_harmless()
    {
        string field = Convert.ToBase64String(Utf8("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + Good + "\n"), Base64FormattingOptions.InsertLineBreaks);
        Assert.NotNull(new SamlResponseReader(Provider, new FakeTime()).Read(field, out _));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Overlong()
    {
        byte[] octets = Utf8(Good);
        return [0xc0, 0xbc, .. octets[1..]];
    }
}
