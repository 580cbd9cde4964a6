namespace Sallyport.Proxy.Identity.Saml;

/// <summary>Namespaces and identifiers, as the specifications spell them.</summary>
internal static class SamlNames
{
    public const string Assertion = "urn:oasis:names:tc:SAML:2.0:assertion";
    public const string Protocol = "urn:oasis:names:tc:SAML:2.0:protocol";
    public const string Metadata = "urn:oasis:names:tc:SAML:2.0:metadata";
    public const string Dsig = "http://www.w3.org/2000/09/xmldsig#";
    public const string Xenc = "http://www.w3.org/2001/04/xmlenc#";
    public const string Xenc11 = "http://www.w3.org/2009/xmlenc11#";
    public const string Xmlns = "http://www.w3.org/2000/xmlns/";

    /// <summary>Exclusive canonicalisation, without comments; also the namespace of <c>InclusiveNamespaces</c>.</summary>
    public const string ExclusiveC14N = "http://www.w3.org/2001/10/xml-exc-c14n#";

    public const string EnvelopedSignature = Dsig + "enveloped-signature";

    public const string RedirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
    public const string PostBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

    public const string Success = "urn:oasis:names:tc:SAML:2.0:status:Success";
    public const string Responder = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    public const string Bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

    public const string EntityFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    public const string TransientFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    public const string PersistentFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    public const string UnspecifiedFormat = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
}
