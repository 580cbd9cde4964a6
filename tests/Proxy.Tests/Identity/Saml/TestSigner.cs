using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Signs documents the way an identity provider does, and in every way that one should not.</summary>
internal sealed record TestSigner
{
    public X509Certificate2 Certificate { get; init; } = TestKeys.Idp;

    public string Method { get; init; } = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

    public string DigestMethod { get; init; } = "http://www.w3.org/2001/04/xmlenc#sha256";

    public Func<byte[], byte[]> Digest { get; init; } = SHA256.HashData;

    /// <summary>The octets of SignedInfo to the signature's value; null: with the certificate's key and SHA-256.</summary>
    public Func<byte[], byte[]>? Value { get; init; }

    public string Uri { get; init; } = "#{0}";

    public string Transforms { get; init; } =
        """<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>""";

    public string Canonicalization { get; init; } = """<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>""";

    public string? Prefixes { get; init; }

    /// <summary>Changes SignedInfo before it is signed.</summary>
    public Func<string, string> SignedInfo { get; init; } = text => text;

    /// <summary>Changes the whole signature after it was made.</summary>
    public Func<string, string> Signature { get; init; } = text => text;

    /// <summary>The document with a signature over its root, behind the first Issuer.</summary>
    public string Sign(string xml)
    {
        XmlDocument document = Load(xml);
        XmlElement root = document.DocumentElement!;
        XmlNode issuer = root.ChildNodes.OfType<XmlElement>().First(e => e.LocalName == "Issuer");
        XmlDocument signature = Load(SignatureOver(root));
        root.InsertAfter(document.ImportNode(signature.DocumentElement!, true), issuer);
        return document.OuterXml;
    }

    public string SignatureOver(XmlElement root)
    {
        string digest = Convert.ToBase64String(Digest(Canonical(root.OuterXml, Prefixes)));
        string signedInfo = SignedInfo(
            $"""<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{Canonicalization}<ds:SignatureMethod Algorithm="{Method}"/>"""
            + $"""<ds:Reference URI="{string.Format(Uri, root.GetAttribute("ID"))}"><ds:Transforms>{Transforms}</ds:Transforms>"""
            + $"""<ds:DigestMethod Algorithm="{DigestMethod}"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>""");
        string value = Convert.ToBase64String((Value ?? Default)(Canonical(signedInfo, null)));
        string certificate = Convert.ToBase64String(Certificate.RawData);
        return Signature(
            $"""<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{signedInfo}<ds:SignatureValue>{value}</ds:SignatureValue>"""
            + $"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>");
    }

    public static XmlDocument Load(string xml)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        document.LoadXml(xml);
        return document;
    }

    public static byte[] Canonical(string xml, string? prefixes)
    {
        var transform = new XmlDsigExcC14NTransform(false, prefixes);
        transform.LoadInput(new MemoryStream(Encoding.UTF8.GetBytes(xml)));
        using var octets = (MemoryStream)transform.GetOutput(typeof(Stream));
        return octets.ToArray();
    }

    private byte[] Default(byte[] octets)
    {
        using RSA? rsa = Certificate.GetRSAPrivateKey();
        using ECDsa? ecdsa = Certificate.GetECDsaPrivateKey();
        return rsa?.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) ?? ecdsa!.SignData(octets, HashAlgorithmName.SHA256);
    }
}
