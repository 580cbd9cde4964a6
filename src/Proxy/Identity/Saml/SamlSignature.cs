using System.Security.Cryptography;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Verifies an enveloped signature (SAML core 5.4, XML Signature 1.1) and hands out the octets it was verified over. Whoever reads
/// claims reads them from those octets, never from the document the signature was found in.
/// <para>
/// What is in the signature decides nothing: algorithms must be allowed, keys are the configured ones (KeyInfo is not read), the
/// reference must be to the element that holds the signature, and the transforms are the two that SAML prescribes.
/// </para>
/// </summary>
internal static class SamlSignature
{
    private const int LongestValue = 1024;

    /// <summary>True when the element holds a signature, good or not.</summary>
    public static bool IsOn(XmlElement element) => SamlXml.Has(element, SamlNames.Dsig, "Signature");

    /// <summary>The canonical octets of <paramref name="signed"/> without its signature, when that is good; else null with the word for it.</summary>
    public static byte[]? Verify(XmlElement signed, SamlProvider provider, out string? refusal)
    {
        refusal = SamlRefusals.SignatureForm;
        if (SamlXml.Attribute(signed, "ID") is not { } id || SamlXml.Only(signed, SamlNames.Dsig, "Signature") is not { } signature)
            return null;
        if (VerifiedSignedInfo(signature, provider, out refusal) is not { } signedInfo)
            return null;

        refusal = SamlRefusals.SignatureForm;
        if (SamlXml.Only(signedInfo, SamlNames.Dsig, "Reference") is not { } reference || !RefersTo(reference, id, out string? prefixes))
            return null;
        if (SamlXml.Only(reference, SamlNames.Dsig, "DigestMethod") is not { } method || SamlXml.Children(method).Any()
            || SamlXml.Base64(SamlXml.Only(reference, SamlNames.Dsig, "DigestValue")) is not { } digest)
            return null;
        if (SamlXml.Attribute(method, "Algorithm") is not { } uri || !provider.DigestAlgorithms.Contains(uri) || !SamlAlgorithms.Digests.TryGetValue(uri, out HashAlgorithmName hash))
        {
            refusal = SamlRefusals.Algorithm;
            return null;
        }

        byte[] octets = SamlCanonical.Octets(signed, prefixes, withoutSignature: true);
        bool same = octets.Length > 0 && CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(hash, octets), digest);
        refusal = same ? null : SamlRefusals.Digest;
        return same ? octets : null;
    }

    /// <summary>True when one of the provider's keys made this signature with an algorithm that is allowed; else false with the word for it.</summary>
    public static bool VerifyOctets(string algorithm, ReadOnlySpan<byte> octets, ReadOnlySpan<byte> signature, SamlProvider provider, out string? refusal)
    {
        refusal = SamlRefusals.Algorithm;
        if (!provider.SignatureAlgorithms.Contains(algorithm) || !SamlAlgorithms.Signatures.TryGetValue(algorithm, out SamlSignatureAlgorithm? known))
            return false;

        refusal = SamlRefusals.Signature;
        if (octets.Length == 0 || signature.Length is 0 or > LongestValue)
            return false;
        foreach (var certificate in provider.Idp.SigningCertificates)
        {
            if (SamlAlgorithms.Verify(known, certificate, octets, signature))
            {
                refusal = null;
                return true;
            }
        }

        return false;
    }

    /// <summary>SignedInfo as it was signed: verified as octets, and read again from those.</summary>
    private static XmlElement? VerifiedSignedInfo(XmlElement signature, SamlProvider provider, out string? refusal)
    {
        refusal = SamlRefusals.SignatureForm;
        if (!IsPlain(signature) || SamlXml.Only(signature, SamlNames.Dsig, "SignedInfo") is not { } signedInfo || !IsPlainSignedInfo(signedInfo)
            || SamlXml.Base64(SamlXml.Only(signature, SamlNames.Dsig, "SignatureValue")) is not { } value)
            return null;
        XmlElement canonicalization = SamlXml.Only(signedInfo, SamlNames.Dsig, "CanonicalizationMethod")!;
        XmlElement method = SamlXml.Only(signedInfo, SamlNames.Dsig, "SignatureMethod")!;
        if (!IsExclusive(canonicalization, out string? prefixes) || SamlXml.Children(method).Any())
            return null;

        byte[] octets = SamlCanonical.Octets(signedInfo, prefixes, withoutSignature: false);
        if (!VerifyOctets(SamlXml.Attribute(method, "Algorithm") ?? "", octets, value, provider, out refusal))
            return null;
        return SamlXml.Parse(octets, out refusal) is { } verified && SamlXml.Is(verified, SamlNames.Dsig, "SignedInfo") ? verified : null;
    }

    /// <summary>SignedInfo, SignatureValue and perhaps KeyInfo; no Object, in which other documents hide.</summary>
    private static bool IsPlain(XmlElement signature)
    {
        XmlElement[] children = [.. SamlXml.Children(signature).Take(4)];
        return children.Length is 2 or 3
            && SamlXml.Is(children[0], SamlNames.Dsig, "SignedInfo")
            && SamlXml.Is(children[1], SamlNames.Dsig, "SignatureValue")
            && (children.Length == 2 || SamlXml.Is(children[2], SamlNames.Dsig, "KeyInfo"));
    }

    /// <summary>Exactly one reference.</summary>
    private static bool IsPlainSignedInfo(XmlElement signedInfo)
    {
        XmlElement[] children = [.. SamlXml.Children(signedInfo).Take(4)];
        return children.Length == 3
            && SamlXml.Is(children[0], SamlNames.Dsig, "CanonicalizationMethod")
            && SamlXml.Is(children[1], SamlNames.Dsig, "SignatureMethod")
            && SamlXml.Is(children[2], SamlNames.Dsig, "Reference");
    }

    /// <summary>
    /// SAML core 5.4.2 and 5.4.4: the reference is the ID of the signed element (never "", never an XPointer), the transforms are
    /// enveloped-signature and exclusive canonicalisation, in this order.
    /// </summary>
    private static bool RefersTo(XmlElement reference, string id, out string? prefixes)
    {
        prefixes = null;
        if (reference.GetAttributeNode("URI", "")?.Value != "#" + id || SamlXml.Only(reference, SamlNames.Dsig, "Transforms") is not { } transforms)
            return false;
        XmlElement[] both = [.. SamlXml.Children(transforms).Take(3)];
        return both.Length == 2
            && SamlXml.Is(both[0], SamlNames.Dsig, "Transform")
            && SamlXml.Is(both[1], SamlNames.Dsig, "Transform")
            && SamlXml.Attribute(both[0], "Algorithm") == SamlNames.EnvelopedSignature
            && !SamlXml.Children(both[0]).Any()
            && IsExclusive(both[1], out prefixes);
    }

    /// <summary>Exclusive canonicalisation without comments, and at most a short list of prefixes.</summary>
    private static bool IsExclusive(XmlElement method, out string? prefixes)
    {
        prefixes = null;
        if (SamlXml.Attribute(method, "Algorithm") != SamlNames.ExclusiveC14N)
            return false;
        XmlElement[] children = [.. SamlXml.Children(method).Take(2)];
        if (children.Length == 0)
            return true;
        if (children.Length > 1 || !SamlXml.Is(children[0], SamlNames.ExclusiveC14N, "InclusiveNamespaces"))
            return false;
        string[] list = (SamlXml.Attribute(children[0], "PrefixList") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        prefixes = string.Join(' ', list);
        return list.Length is > 0 and <= SamlLimits.InclusivePrefixes && list.All(prefix => prefix == "#default" || prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));
    }
}
