namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Why a SAML message was refused: fixed words for the audit, none of them taken from the message. The browser is told none of them, as
/// the differences between them are what an oracle is made of.
/// </summary>
internal static class SamlRefusals
{
    /// <summary>More bytes than <see cref="SamlLimits"/> allows.</summary>
    public const string TooLarge = "saml-too-large";

    /// <summary>Not base64, not DEFLATE, not UTF-8, not well-formed XML, or something a library could not make sense of.</summary>
    public const string Malformed = "saml-malformed";

    /// <summary>A DTD, an entity, a processing instruction, a comment or a CDATA section: no message needs them, many attacks do.</summary>
    public const string Xml = "saml-xml-refused";

    /// <summary>Nested deeper, or with more elements or attributes, than any message needs.</summary>
    public const string TooComplex = "saml-too-complex";

    /// <summary>An ID twice, whatever the spelling of the attribute.</summary>
    public const string DuplicateId = "saml-duplicate-id";

    /// <summary>Elements where they do not belong, twice, or missing.</summary>
    public const string Structure = "saml-structure";

    /// <summary>Sent to another address than ours.</summary>
    public const string Destination = "saml-destination-wrong";

    /// <summary>Not from this identity provider.</summary>
    public const string Issuer = "saml-issuer-wrong";

    /// <summary>The identity provider says that it did not work.</summary>
    public const string Status = "saml-status-not-success";

    /// <summary>Neither the message nor the assertion is signed.</summary>
    public const string Unsigned = "saml-unsigned";

    /// <summary>The signature's form is none that is accepted: references, transforms, canonicalisation, objects.</summary>
    public const string SignatureForm = "saml-signature-form";

    /// <summary>A signature, digest or encryption algorithm that is not allowed.</summary>
    public const string Algorithm = "saml-algorithm-refused";

    /// <summary>The signature is by none of the configured keys.</summary>
    public const string Signature = "saml-signature-invalid";

    /// <summary>What was signed is not what was sent.</summary>
    public const string Digest = "saml-digest-wrong";

    /// <summary>It could not be decrypted. One word for every reason, as in XML Encryption 1.1 6.1.3 and 6.2.</summary>
    public const string Decryption = "saml-decryption-failed";

    /// <summary>CBC in a message that is not signed: whoever may change the ciphertext may ask what is inside (XML Encryption 1.1 6.1.3).</summary>
    public const string UnauthenticatedCipher = "saml-cbc-unsigned";

    /// <summary>Past its end.</summary>
    public const string Expired = "saml-expired";

    /// <summary>Before its beginning, or made in the future.</summary>
    public const string NotYetValid = "saml-not-yet-valid";

    /// <summary>Valid for longer than <see cref="SamlLimits.LongestValidity"/>.</summary>
    public const string LifetimeTooLong = "saml-lifetime-too-long";

    /// <summary>A condition that is not understood (SAML core 2.5.1.1).</summary>
    public const string Conditions = "saml-conditions-refused";

    /// <summary>Meant for another service.</summary>
    public const string Audience = "saml-audience-wrong";

    /// <summary>Not a bearer confirmation as SAML profiles 4.1.4.2 wants it.</summary>
    public const string Confirmation = "saml-confirmation-refused";

    /// <summary>To be delivered to another address than ours.</summary>
    public const string Recipient = "saml-recipient-wrong";

    /// <summary>Not asked for, and this identity provider may not begin by itself.</summary>
    public const string Unsolicited = "saml-unsolicited";

    /// <summary>An answer to no request of ours, or to one that was answered before or long ago.</summary>
    public const string RequestUnknown = "saml-request-unknown";

    /// <summary>An answer to a request that was sent to another identity provider.</summary>
    public const string MixUp = "saml-provider-mix-up";

    /// <summary>An answer to a request that was begun in another browser: somebody's login is being planted here.</summary>
    public const string OtherBrowser = "saml-other-browser";

    /// <summary>Seen before.</summary>
    public const string Replayed = "saml-replayed";

    /// <summary>The subject, or an attribute that an identity is made of, is missing, twice, or out of bounds.</summary>
    public const string Claims = "saml-claims-refused";

    /// <summary>Not authenticated the way that was asked for, or not anew.</summary>
    public const string AuthnContext = "saml-authn-context-wrong";
}
