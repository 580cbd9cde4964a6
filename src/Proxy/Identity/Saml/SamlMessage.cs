using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Builds the messages we send.</summary>
internal static class SamlMessage
{
    /// <summary>A message of the protocol namespace with what all of them have (SAML core 3.2): ID, Version, IssueInstant, Destination, Issuer.</summary>
    public static XmlElement New(string name, string id, DateTimeOffset now, string destination, string issuer)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        XmlElement message = document.CreateElement("samlp", name, SamlNames.Protocol);
        document.AppendChild(message);
        message.SetAttribute("ID", id);
        message.SetAttribute("Version", "2.0");
        message.SetAttribute("IssueInstant", SamlTime.Format(now));
        message.SetAttribute("Destination", destination);
        Add(message, "saml", "Issuer", SamlNames.Assertion).InnerText = issuer;
        return message;
    }

    /// <summary>Adds a child element.</summary>
    public static XmlElement Add(XmlElement parent, string prefix, string name, string ns)
    {
        XmlElement child = parent.OwnerDocument.CreateElement(prefix, name, ns);
        parent.AppendChild(child);
        return child;
    }

    /// <summary>An address with a query of ours behind whatever query it has.</summary>
    public static string WithQuery(string url, string query) => url + (url.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;

    /// <summary>As HTTP-POST carries it.</summary>
    public static string Base64(XmlElement message) => Convert.ToBase64String(Encoding.UTF8.GetBytes(message.OuterXml));

    /// <summary>Throws when a RelayState is longer than the bindings allow.</summary>
    /// <exception cref="ArgumentException">More than 80 bytes.</exception>
    public static void RequireRelayState(string? relayState)
    {
        if (relayState is not null && Encoding.UTF8.GetByteCount(relayState) > SamlLimits.RelayState)
            throw new ArgumentException($"RelayState is longer than {SamlLimits.RelayState} bytes (SAML bindings 3.4.3).", nameof(relayState));
    }
}
