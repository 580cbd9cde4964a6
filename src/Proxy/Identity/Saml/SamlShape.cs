using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Where the elements that matter may stand, checked over the whole document before any signature is looked at. Signature wrapping
/// (Somorovsky et al., "On Breaking SAML", XSW1 to XSW8) needs a second response, assertion or signature somewhere; there is no such place.
/// </summary>
internal static class SamlShape
{
    /// <summary>The word why this document cannot be a message; null when it can. Adds its IDs to <paramref name="ids"/>.</summary>
    public static string? Refuse(XmlElement root, HashSet<string> ids)
    {
        int assertions = 0;
        foreach (XmlElement element in SamlXml.Walk(root))
        {
            if (!HasUniqueIds(element, ids))
                return SamlRefusals.DuplicateId;
            if (!StandsRight(element, root))
                return SamlRefusals.Structure;
            assertions += element.LocalName is "Assertion" or "EncryptedAssertion" ? 1 : 0;
        }

        return assertions > 1 ? SamlRefusals.Structure : null;
    }

    /// <summary>
    /// Every attribute that some reader takes for an ID: any spelling, any namespace (xml:id, wsu:Id). IDs are names (xs:ID), so that
    /// "#" and the ID is a reference to it and nothing else.
    /// </summary>
    private static bool HasUniqueIds(XmlElement element, HashSet<string> ids)
    {
        bool found = false;
        foreach (XmlAttribute attribute in element.Attributes)
        {
            if (attribute.NamespaceURI == SamlNames.Xmlns || !attribute.LocalName.Equals("ID", StringComparison.OrdinalIgnoreCase))
                continue;
            if (found || attribute.Value.Length > SamlLimits.LongestName || !ids.Add(attribute.Value))
                return false;
            found = true;
        }

        return true;
    }

    private static bool StandsRight(XmlElement element, XmlElement root)
    {
        var parent = element.ParentNode as XmlElement;
        // By local name first: an element of the same name in another namespace has no business here either.
        return element.LocalName switch
        {
            "Response" or "LogoutRequest" or "LogoutResponse" or "AuthnRequest" => element == root && element.NamespaceURI == SamlNames.Protocol,
            "Assertion" => element.NamespaceURI == SamlNames.Assertion && (element == root || (parent == root && SamlXml.Is(root, SamlNames.Protocol, "Response"))),
            "EncryptedAssertion" => element.NamespaceURI == SamlNames.Assertion && parent == root && SamlXml.Is(root, SamlNames.Protocol, "Response"),
            "Signature" => element.NamespaceURI == SamlNames.Dsig && IsSignable(parent, root) && FollowsIssuer(element),
            "SignedInfo" => element.NamespaceURI == SamlNames.Dsig && parent is { LocalName: "Signature" } && element.PreviousSibling is not XmlElement,
            _ => true,
        };
    }

    private static bool IsSignable(XmlElement? parent, XmlElement root) =>
        parent is not null && (parent == root || (parent.ParentNode == root && parent.LocalName == "Assertion"));

    /// <summary>The schema has it second, after the issuer; so there is at most one.</summary>
    private static bool FollowsIssuer(XmlElement signature)
    {
        XmlElement? before = null;
        foreach (XmlElement sibling in SamlXml.Children((XmlElement)signature.ParentNode!))
        {
            if (sibling == signature)
                return SamlXml.Is(before, SamlNames.Assertion, "Issuer") && SamlXml.Only((XmlElement)signature.ParentNode!, SamlNames.Assertion, "Issuer") == before;
            before = sibling;
        }

        return false;
    }
}
