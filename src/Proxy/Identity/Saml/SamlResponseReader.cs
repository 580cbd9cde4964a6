using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// From the form field SAMLResponse to what is asserted, or to a word why not. Pure: who asked, and whether this was seen before, is
/// <see cref="SamlLogin"/>'s. In this order:
/// <code>
///   1 bound and decode                      4 signature of the response  -> its octets, read again
///   2 read hardened; shape and unique IDs   5 decrypt                    -> plaintext, read, shaped
///   3 destination, issuer, status           6 signature of the assertion -> its octets, read again
///                                           7 claims, from the document of the last step only
/// </code>
/// </summary>
internal sealed class SamlResponseReader(SamlProvider provider, TimeProvider time)
{
    /// <summary>Reads and verifies a response; null with the word for it when it is refused.</summary>
    /// <param name="samlResponse">The form field as posted: base64 (SAML bindings 3.5.4).</param>
    public SamlAssertion? Read(string samlResponse, out string? refusal) =>
        SamlGuard.Run((out string? word) => ReadUnguarded(samlResponse, out word), out refusal);

    private SamlAssertion? ReadUnguarded(string samlResponse, out string? refusal)
    {
        // 1, 2
        refusal = samlResponse.Length > SamlLimits.LongestMessage ? SamlRefusals.TooLarge : SamlRefusals.Malformed;
        if (samlResponse.Length is 0 or > SamlLimits.LongestMessage || SamlBase64.Decode(samlResponse) is not { } octets)
            return null;
        HashSet<string> ids = new(StringComparer.Ordinal);
        if (Shaped(octets, "Response", SamlNames.Protocol, ids, out refusal) is not { } response)
            return null;

        // 3
        refusal = RefuseEnvelope(response);
        if (refusal is not null)
            return null;

        // 4
        XmlElement received = response;
        bool covered = SamlSignature.IsOn(response);
        if (covered)
        {
            if (Verified(response, ids, out refusal) is not { } verified)
                return null;
            response = verified;
            refusal = RefuseEnvelope(response);
            if (refusal is not null)
                return null;
        }

        // 5
        XmlElement? assertion = SamlXml.Only(response, SamlNames.Assertion, "Assertion");
        if (SamlXml.Only(response, SamlNames.Assertion, "EncryptedAssertion") is { } encrypted)
            assertion = Decrypted(encrypted, covered, ids, out refusal);
        if (assertion is null)
            return null;

        // 6. As received, since what the response's signature leaves out as unused (namespace prefixes) the assertion's may be over.
        if (SamlSignature.IsOn(assertion))
            assertion = Verified(assertion.ParentNode == response ? SamlXml.Only(received, SamlNames.Assertion, "Assertion")! : assertion, ids, out refusal);
        else
            refusal = covered ? null : SamlRefusals.Unsigned;
        if (refusal is not null)
            return null;

        // 7
        return new SamlAssertionReader(provider, time.GetUtcNow()).Read(assertion!, SamlXml.Attribute(response, "InResponseTo"), out refusal);
    }

    /// <summary>
    /// What the response says about itself. Without a signature of its own it proves nothing, and everything in it that matters is in the
    /// assertion again; a wrong value is refused all the same.
    /// </summary>
    private string? RefuseEnvelope(XmlElement response)
    {
        if (response.GetAttribute("Version") != "2.0" || SamlXml.Attribute(response, "ID") is null)
            return SamlRefusals.Structure;
        // SAML bindings 3.5.5.2: must be there when the message is signed; it always is from a provider that conforms.
        if (SamlXml.Attribute(response, "Destination") != provider.Sp.AssertionConsumerUrl)
            return SamlRefusals.Destination;
        // SAML profiles 4.1.4.2: may be left out of a response that is not signed.
        bool nameless = !SamlXml.Has(response, SamlNames.Assertion, "Issuer") && !SamlSignature.IsOn(response);
        if (!nameless && !SamlIssuer.Is(SamlXml.Only(response, SamlNames.Assertion, "Issuer"), provider.Idp.EntityId))
            return SamlRefusals.Issuer;
        XmlElement? code = SamlXml.Only(SamlXml.Only(response, SamlNames.Protocol, "Status"), SamlNames.Protocol, "StatusCode");
        return code?.GetAttribute("Value") == SamlNames.Success ? null : SamlRefusals.Status;
    }

    /// <summary>The element again, read from the octets that its signature was verified over.</summary>
    private XmlElement? Verified(XmlElement signed, HashSet<string> known, out string? refusal)
    {
        if (SamlSignature.Verify(signed, provider, out refusal) is not { } octets)
            return null;
        HashSet<string> ids = new(StringComparer.Ordinal);
        XmlElement? verified = Shaped(octets, signed.LocalName, signed.NamespaceURI, ids, out refusal);
        // It cannot hold what the document it came from did not.
        if (verified is not null && !ids.IsSubsetOf(known))
            refusal = SamlRefusals.Structure;
        return refusal is null ? verified : null;
    }

    private XmlElement? Decrypted(XmlElement encrypted, bool covered, HashSet<string> ids, out string? refusal)
    {
        if (SamlDecryption.Decrypt(encrypted, provider, covered, out refusal) is not { } plain)
            return null;
        // What came out is as hostile as what came in: anybody can encrypt to our key. Its faults are all one fault.
        XmlElement? assertion = SamlGuard.Run((out string? word) => Shaped(plain, "Assertion", SamlNames.Assertion, ids, out word), out refusal);
        refusal = assertion is null ? SamlRefusals.Decryption : null;
        return assertion;
    }

    private static XmlElement? Shaped(byte[] octets, string name, string ns, HashSet<string> ids, out string? refusal)
    {
        if (SamlXml.Parse(octets, out refusal) is not { } root)
            return null;
        refusal = SamlXml.Is(root, ns, name) ? SamlShape.Refuse(root, ids) : SamlRefusals.Structure;
        return refusal is null ? root : null;
    }
}
