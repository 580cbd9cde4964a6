using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Issuer elements (SAML core 2.2.5): an entityID and nothing else.</summary>
internal static class SamlIssuer
{
    /// <summary>True when this names <paramref name="entityId"/>, compared as a whole string, and is of the entity format.</summary>
    public static bool Is(XmlElement? issuer, string entityId) =>
        issuer is not null
        && SamlXml.Name(issuer) == entityId
        && (issuer.GetAttributeNode("Format", "") is not { } format || format.Value == SamlNames.EntityFormat);
}
