using System.Security.Cryptography.Xml;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Exclusive XML canonicalisation without comments (W3C xml-exc-c14n): the octets that are signed, and the only ones that are read.</summary>
internal static class SamlCanonical
{
    /// <summary>The canonical octets of an element.</summary>
    /// <param name="inclusivePrefixes">The <c>InclusiveNamespaces</c> list, separated by spaces; null without one.</param>
    /// <param name="withoutSignature">Leaves out its child <c>ds:Signature</c>: the enveloped-signature transform (XML Signature 6.6.4).</param>
    public static byte[] Octets(XmlElement element, string? inclusivePrefixes, bool withoutSignature)
    {
        // The library canonicalises documents; so the element becomes one, with all the namespaces in scope. Those that it does not use
        // itself do not come out (xml-exc-c14n 3), but a prefix list may name them.
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        var copy = (XmlElement)document.ImportNode(element, deep: true);
        document.AppendChild(copy);
        for (XmlElement? above = element.ParentNode as XmlElement; above is not null; above = above.ParentNode as XmlElement)
        {
            foreach (XmlAttribute declaration in above.Attributes)
            {
                if (declaration.NamespaceURI == SamlNames.Xmlns && !copy.HasAttribute(declaration.Name))
                    copy.SetAttributeNode((XmlAttribute)document.ImportNode(declaration, deep: true));
            }
        }

        if (withoutSignature && SamlXml.Only(copy, SamlNames.Dsig, "Signature") is { } signature)
            copy.RemoveChild(signature);

        var transform = new XmlDsigExcC14NTransform(includeComments: false, inclusivePrefixes);
        transform.LoadInput(document);
        using var octets = (MemoryStream)transform.GetOutput(typeof(Stream));
        return octets.ToArray();
    }
}
