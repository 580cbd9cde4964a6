using System.Text;
using CsCheck;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Support;
using Xunit;
using static Sallyport.Proxy.Tests.Identity.Saml.TestResponse;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Whatever is done to the octets of a good response, nobody becomes somebody else.</summary>
public sealed class SamlMutationTests
{
    private static readonly SamlResponseReader Reader = new(Provider, new FakeTime());
    private static readonly byte[][] Good =
    [
        Encoding.UTF8.GetBytes(new TestResponse().Xml()),
        Encoding.UTF8.GetBytes(new TestResponse { AssertionSigner = null, ResponseSigner = new() }.Xml()),
        Encoding.UTF8.GetBytes(new TestResponse { Encryption = new() }.Xml()),
        Encoding.UTF8.GetBytes(new TestResponse { Encryption = new() { Cipher = SamlAlgorithms.Aes128Cbc, KeyLength = 16 }, AssertionSigner = null, ResponseSigner = new() }.Xml()),
    ];

    private static readonly string Claims = Told(Reader.Read(Convert.ToBase64String(Good[0]), out _)!);

    private static readonly Gen<byte[]> Byte =
        from which in Gen.Int[0, Good.Length - 1]
        let document = Good[which]
        from at in Gen.Int[0, document.Length - 1]
        from value in Gen.Byte
        select (byte[])[.. document[..at], value, .. document[(at + 1)..]];

    private static readonly Gen<byte[]> Moved =
        from which in Gen.Int[0, Good.Length - 1]
        let document = Good[which]
        from another in Gen.Int[0, Good.Length - 1]
        let other = Good[another]
        from at in Gen.Int[0, document.Length]
        from cut in Gen.Int[0, document.Length - at]
        from begin in Gen.Int[0, other.Length]
        from length in Gen.Int[0, other.Length - begin]
        select (byte[])[.. document[..at], .. other[begin..(begin + length)], .. document[(at + cut)..]];

    /// <summary>Elements cut out and put elsewhere: what stays well-formed.</summary>
    private static readonly Gen<byte[]> Grafted =
        from which in Gen.Int[0, 1]
        let document = Good[which]
        from pick in Gen.Int[0, 200]
        from place in Gen.Int[0, 200]
        from copy in Gen.Bool
        select Graft(Encoding.UTF8.GetString(document), pick, place, copy);

    [Fact]
    public void With_any_byte_changed() => Byte.Sample(Holds, iter: 1500);

    [Fact]
    public void With_parts_moved_doubled_or_cut() => Moved.Sample(Holds, iter: 600);

    [Fact]
    public void With_elements_moved_or_doubled() => Grafted.Sample(Holds, iter: 1000);

    private static void Holds(byte[] octets)
    {
        if (Reader.Read(Convert.ToBase64String(octets), out string? refusal) is { } assertion)
            Assert.Equal(Claims, Told(assertion));
        else
            Assert.StartsWith("saml-", refusal);
    }

    private static byte[] Graft(string xml, int pick, int place, bool copy)
    {
        var document = TestSigner.Load(xml);
        System.Xml.XmlElement[] elements = [.. SamlXml.Walk(document.DocumentElement!)];
        System.Xml.XmlElement from = elements[1 + (pick % (elements.Length - 1))], to = elements[place % elements.Length];
        var moved = (System.Xml.XmlElement)from.CloneNode(deep: true);
        if (copy)
            moved.SetAttribute("ID", "_copy");
        to.PrependChild(moved);
        if (!copy)
            from.ParentNode!.RemoveChild(from);
        return Encoding.UTF8.GetBytes(document.OuterXml);
    }

    private static string Told(SamlAssertion a) =>
        string.Join('|', [a.Provider, a.Issuer, a.Id, a.NameId, a.NameIdFormat, a.Subject, a.Email, a.Name, .. a.Groups, $"{a.AuthenticatedAt:O}", a.AuthnContext, a.SessionIndex, $"{a.SessionEndsAt:O}", $"{a.NotOnOrAfter:O}", a.InResponseTo]);
}
