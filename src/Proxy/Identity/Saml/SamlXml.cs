using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// The one way XML is read here: strict UTF-8, no DTD, no entity, no processing instruction, no CDATA, no comment, everything counted
/// before it is kept. The tree is built node by node from the one <see cref="XmlReader"/>, so that nothing is parsed twice and nothing
/// that is not expected can be in it.
/// </summary>
internal static class SamlXml
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a message; null with the word for it when it is refused.</summary>
    /// <exception cref="XmlException">It is not well-formed.</exception>
    /// <exception cref="DecoderFallbackException">It is not UTF-8.</exception>
    public static XmlElement? Parse(ReadOnlySpan<byte> octets, out string? refusal)
    {
        refusal = octets.Length > SamlLimits.LongestXml ? SamlRefusals.TooLarge : null;
        if (refusal is not null)
            return null;
        string text = StrictUtf8.GetString(octets);

        // "<" stands nowhere in well-formed XML but before markup. These are DTDs, comments, CDATA sections and processing instructions,
        // whatever the parser would make of them; the XML declaration is at the very beginning or nowhere.
        bool declared = text.StartsWith("<?xml ", StringComparison.Ordinal);
        refusal = text.Contains("<!", StringComparison.Ordinal) || text.IndexOf("<?", declared ? 2 : 0, StringComparison.Ordinal) >= 0 ? SamlRefusals.Xml : null;
        return refusal is null ? Build(text, SamlLimits.Elements, SamlLimits.Attributes, commentsSkipped: false, out refusal) : null;
    }

    /// <summary>Reads metadata: a file of the operator, where comments are usual; they are left out.</summary>
    /// <exception cref="XmlException">It is not well-formed.</exception>
    /// <exception cref="DecoderFallbackException">It is not UTF-8.</exception>
    public static XmlElement? ParseMetadata(ReadOnlySpan<byte> octets, out string? refusal)
    {
        refusal = octets.Length > SamlLimits.LongestMetadata ? SamlRefusals.TooLarge : null;
        if (refusal is not null)
            return null;
        ReadOnlySpan<byte> bom = [0xef, 0xbb, 0xbf];
        string text = StrictUtf8.GetString(octets.StartsWith(bom) ? octets[3..] : octets);
        return Build(text, SamlLimits.MetadataElements, SamlLimits.MetadataAttributes, commentsSkipped: true, out refusal);
    }

    /// <summary>True for an element of this name.</summary>
    public static bool Is([NotNullWhen(true)] XmlNode? node, string ns, string name) =>
        node is XmlElement && node.LocalName == name && node.NamespaceURI == ns;

    /// <summary>The child elements, in order.</summary>
    public static IEnumerable<XmlElement> Children(XmlElement parent) => parent.ChildNodes.OfType<XmlElement>();

    /// <summary>The child elements of this name, in order.</summary>
    public static IEnumerable<XmlElement> Children(XmlElement parent, string ns, string name) => Children(parent).Where(child => Is(child, ns, name));

    /// <summary>The child of this name; null when there is none or more than one.</summary>
    public static XmlElement? Only(XmlElement? parent, string ns, string name)
    {
        XmlElement? only = null;
        foreach (XmlElement child in parent is null ? [] : Children(parent, ns, name))
        {
            if (only is not null)
                return null;
            only = child;
        }

        return only;
    }

    /// <summary>True when there are child elements of this name.</summary>
    public static bool Has(XmlElement parent, string ns, string name) => Children(parent, ns, name).Any();

    /// <summary>This element and all below it.</summary>
    public static IEnumerable<XmlElement> Walk(XmlElement root)
    {
        yield return root;
        foreach (XmlElement child in Children(root))
        {
            foreach (XmlElement below in Walk(child))
                yield return below;
        }
    }

    /// <summary>An attribute without namespace; null when it is missing, empty or longer than any name.</summary>
    public static string? Attribute(XmlElement element, string name) =>
        element.GetAttributeNode(name, "")?.Value is { Length: > 0 and <= SamlLimits.LongestName } value ? value : null;

    /// <summary>
    /// The text of an element that has exactly one child, a text node; null otherwise. What a second node does to text is where readers
    /// disagree (CVE-2017-11427 and its family).
    /// </summary>
    public static string? Text(XmlElement? element) =>
        element is { ChildNodes.Count: 1, FirstChild: XmlText { Value.Length: > 0 } text } ? text.Value : null;

    /// <summary>As <see cref="Text"/>, without white space around it, and no longer than a name.</summary>
    public static string? Name(XmlElement? element) => Text(element)?.Trim(' ', '\t', '\r', '\n') is { Length: > 0 and <= SamlLimits.LongestName } text ? text : null;

    /// <summary>The octets an element's text stands for; null when it is not base64, or none.</summary>
    public static byte[]? Base64(XmlElement? element) => Text(element) is { } text && SamlBase64.Decode(text) is { Length: > 0 } octets ? octets : null;

    private static XmlElement? Build(string text, int mostElements, int mostAttributes, bool commentsSkipped, out string? refusal)
    {
        var settings = new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            ConformanceLevel = ConformanceLevel.Document,
            CheckCharacters = true,
            IgnoreComments = commentsSkipped,
        };
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        using var reader = XmlReader.Create(new StringReader(text), settings);
        XmlNode at = document;
        int elements = 0, attributes = 0;
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.XmlDeclaration when IsUtf8(reader):
                    break;
                case XmlNodeType.Element:
                    attributes += reader.AttributeCount;
                    if (++elements > mostElements || reader.Depth >= SamlLimits.Depth || attributes > mostAttributes || reader.AttributeCount > SamlLimits.AttributesOfElement)
                    {
                        refusal = SamlRefusals.TooComplex;
                        return null;
                    }

                    bool open = !reader.IsEmptyElement;
                    XmlNode added = at.AppendChild(ElementAt(reader, document))!;
                    at = open ? added : at;
                    break;
                case XmlNodeType.EndElement:
                    at = at.ParentNode!;
                    break;
                case XmlNodeType.Text or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                    if (at != document)
                        at.AppendChild(document.CreateTextNode(reader.Value));
                    break;
                default:
                    refusal = SamlRefusals.Xml;
                    return null;
            }
        }

        refusal = null;
        return document.DocumentElement;
    }

    private static XmlElement ElementAt(XmlReader reader, XmlDocument document)
    {
        XmlElement element = document.CreateElement(reader.Prefix, reader.LocalName, reader.NamespaceURI);
        while (reader.MoveToNextAttribute())
        {
            XmlAttribute attribute = document.CreateAttribute(reader.Prefix, reader.LocalName, reader.NamespaceURI);
            attribute.Value = reader.Value;
            element.SetAttributeNode(attribute);
        }

        return element;
    }

    /// <summary>The octets were read as UTF-8; a declaration that says otherwise is meant for another reader.</summary>
    private static bool IsUtf8(XmlReader declaration) =>
        declaration.GetAttribute("encoding") is not { } encoding || encoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase);
}
