using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Signs our own messages.</summary>
internal static class SamlSigner
{
    /// <summary>Puts an enveloped signature over <paramref name="message"/> behind its Issuer, where the schema has it (SAML core 5.4).</summary>
    /// <exception cref="CryptographicException">The certificate has no private key of a kind that signs.</exception>
    public static void Sign(XmlElement message, X509Certificate2 certificate)
    {
        Func<byte[], byte[]> sign = SamlAlgorithms.SignerOf(certificate, out string algorithm);
        byte[] digest = SHA256.HashData(SamlCanonical.Octets(message, inclusivePrefixes: null, withoutSignature: false));

        XmlElement signature = message.OwnerDocument.CreateElement("ds", "Signature", SamlNames.Dsig);
        XmlElement signedInfo = Add(signature, "SignedInfo");
        Add(signedInfo, "CanonicalizationMethod", SamlNames.ExclusiveC14N);
        Add(signedInfo, "SignatureMethod", algorithm);
        XmlElement reference = Add(signedInfo, "Reference");
        reference.SetAttribute("URI", "#" + message.GetAttribute("ID"));
        XmlElement transforms = Add(reference, "Transforms");
        Add(transforms, "Transform", SamlNames.EnvelopedSignature);
        Add(transforms, "Transform", SamlNames.ExclusiveC14N);
        Add(reference, "DigestMethod", SamlAlgorithms.Sha256);
        Add(reference, "DigestValue").InnerText = Convert.ToBase64String(digest);

        message.InsertAfter(signature, SamlXml.Only(message, SamlNames.Assertion, "Issuer"));
        byte[] value = sign(SamlCanonical.Octets(signedInfo, inclusivePrefixes: null, withoutSignature: false));
        Add(signature, "SignatureValue").InnerText = Convert.ToBase64String(value);
        Add(Add(Add(signature, "KeyInfo"), "X509Data"), "X509Certificate").InnerText = Convert.ToBase64String(certificate.RawData);
    }

    /// <summary>The query of a message by HTTP-Redirect with its detached signature (SAML bindings 3.4.4.1): what is signed is the query as it is sent.</summary>
    /// <param name="parameter"><c>SAMLRequest</c> or <c>SAMLResponse</c>.</param>
    public static string SignedQuery(string parameter, XmlElement message, string? relayState, X509Certificate2 certificate)
    {
        Func<byte[], byte[]> sign = SamlAlgorithms.SignerOf(certificate, out string algorithm);
        var query = new StringBuilder(parameter).Append('=').Append(Uri.EscapeDataString(SamlDeflate.Encode(message.OuterXml)));
        if (relayState is not null)
            query.Append("&RelayState=").Append(Uri.EscapeDataString(relayState));
        query.Append("&SigAlg=").Append(Uri.EscapeDataString(algorithm));
        byte[] value = sign(Encoding.ASCII.GetBytes(query.ToString()));
        return query.Append("&Signature=").Append(Uri.EscapeDataString(Convert.ToBase64String(value))).ToString();
    }

    private static XmlElement Add(XmlElement parent, string name, string? algorithm = null)
    {
        XmlElement child = parent.OwnerDocument.CreateElement("ds", name, SamlNames.Dsig);
        if (algorithm is not null)
            child.SetAttribute("Algorithm", algorithm);
        parent.AppendChild(child);
        return child;
    }
}
