namespace Sallyport.Proxy.Identity.Saml;

/// <summary>How much of a message is looked at. All of it comes from strangers.</summary>
internal static class SamlLimits
{
    /// <summary>Characters of base64 (or of a query) in a message. Responses with hundreds of groups stay under 100 KiB.</summary>
    public const int LongestMessage = 256 * 1024;

    /// <summary>Bytes of XML in a message, inflated or decrypted ones too.</summary>
    public const int LongestXml = 192 * 1024;

    /// <summary>Bytes of an identity provider's metadata: a file of the operator, with both roles of every binding in it.</summary>
    public const int LongestMetadata = 2 * 1024 * 1024;

    /// <summary>Nesting. A signed response with an encrypted assertion has 12 levels.</summary>
    public const int Depth = 32;

    /// <summary>Elements of a message: each of 1,000 groups takes one, and the rest is some sixty.</summary>
    public const int Elements = 2048;

    /// <summary>Elements of metadata.</summary>
    public const int MetadataElements = 20_000;

    /// <summary>Attributes and namespace declarations of one element.</summary>
    public const int AttributesOfElement = 32;

    /// <summary>Attributes and namespace declarations of a message.</summary>
    public const int Attributes = 4096;

    /// <summary>Attributes and namespace declarations of metadata.</summary>
    public const int MetadataAttributes = 40_000;

    /// <summary>Characters of an identifier, a name or a URI taken over.</summary>
    public const int LongestName = 512;

    /// <summary>Groups of one person.</summary>
    public const int Groups = 1000;

    /// <summary>Session indexes in one logout request.</summary>
    public const int SessionIndexes = 64;

    /// <summary>Prefixes in an <c>InclusiveNamespaces</c> list; libraries write one (<c>xs</c>).</summary>
    public const int InclusivePrefixes = 16;

    /// <summary>Bytes of RelayState (SAML bindings 3.4.3).</summary>
    public const int RelayState = 80;

    /// <summary>Longest time an assertion may be good for: it is remembered so long, to be known when it comes again.</summary>
    public static readonly TimeSpan LongestValidity = TimeSpan.FromHours(24);

    /// <summary>How long a request waits for its answer: somebody has to find a second factor meanwhile.</summary>
    public static readonly TimeSpan RequestLifetime = TimeSpan.FromMinutes(15);

    /// <summary>How old a logout request may be, when it does not say itself until when it is good.</summary>
    public static readonly TimeSpan LogoutLifetime = TimeSpan.FromMinutes(5);
}
