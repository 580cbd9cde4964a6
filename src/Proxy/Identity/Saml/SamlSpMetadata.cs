using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Our own metadata (SAML metadata 2.4.4), for the identity provider's administrator.</summary>
internal static class SamlSpMetadata
{
    /// <summary>The document, in UTF-8.</summary>
    public static string Write(SamlProvider provider)
    {
        SamlServiceProvider sp = provider.Sp;
        var text = new StringBuilder();
        var settings = new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n" };
        using (var xml = XmlWriter.Create(text, settings))
        {
            xml.WriteStartElement("md", "EntityDescriptor", SamlNames.Metadata);
            xml.WriteAttributeString("entityID", sp.EntityId);
            xml.WriteStartElement("md", "SPSSODescriptor", SamlNames.Metadata);
            xml.WriteAttributeString("AuthnRequestsSigned", "true");
            xml.WriteAttributeString("WantAssertionsSigned", "true");
            xml.WriteAttributeString("protocolSupportEnumeration", SamlNames.Protocol);

            WriteKey(xml, "signing", sp.SigningCertificate, []);
            // The first is the one to encrypt to; the others open what was encrypted before it was.
            if (!sp.DecryptionCertificates.IsEmpty)
                WriteKey(xml, "encryption", sp.DecryptionCertificates[0], [.. provider.Ciphers, SamlAlgorithms.RsaOaepMgf1p]);
            if (sp.LogoutUrl is not null)
            {
                WriteEndpoint(xml, "SingleLogoutService", SamlNames.RedirectBinding, sp.LogoutUrl);
                WriteEndpoint(xml, "SingleLogoutService", SamlNames.PostBinding, sp.LogoutUrl);
            }

            if (provider.NameIdFormat is not null)
                xml.WriteElementString("md", "NameIDFormat", SamlNames.Metadata, provider.NameIdFormat);
            xml.WriteStartElement("md", "AssertionConsumerService", SamlNames.Metadata);
            xml.WriteAttributeString("Binding", SamlNames.PostBinding);
            xml.WriteAttributeString("Location", sp.AssertionConsumerUrl);
            xml.WriteAttributeString("index", "0");
            xml.WriteAttributeString("isDefault", "true");
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return text.Append('\n').ToString();
    }

    private static void WriteKey(XmlWriter xml, string use, X509Certificate2 certificate, IEnumerable<string> methods)
    {
        xml.WriteStartElement("md", "KeyDescriptor", SamlNames.Metadata);
        xml.WriteAttributeString("use", use);
        xml.WriteStartElement("ds", "KeyInfo", SamlNames.Dsig);
        xml.WriteStartElement("ds", "X509Data", SamlNames.Dsig);
        xml.WriteElementString("ds", "X509Certificate", SamlNames.Dsig, Convert.ToBase64String(certificate.RawData));
        xml.WriteEndElement();
        xml.WriteEndElement();
        foreach (string method in methods)
        {
            xml.WriteStartElement("md", "EncryptionMethod", SamlNames.Metadata);
            xml.WriteAttributeString("Algorithm", method);
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void WriteEndpoint(XmlWriter xml, string name, string binding, string url)
    {
        xml.WriteStartElement("md", name, SamlNames.Metadata);
        xml.WriteAttributeString("Binding", binding);
        xml.WriteAttributeString("Location", url);
        xml.WriteEndElement();
    }
}
