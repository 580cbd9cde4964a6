using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Reads an identity provider's metadata (SAML metadata 2.4.3). It is a file that the operator chose to trust, so a signature in it is
/// not looked at; it is read as strictly as a message all the same, comments excepted.
/// </summary>
internal static class SamlIdpMetadata
{
    private const string Ns = SamlNames.Metadata;
    private const int MostCertificates = 16;

    /// <summary>The identity provider it describes; null with a word when it describes none.</summary>
    public static SamlIdentityProvider? Read(ReadOnlySpan<byte> file, DateTimeOffset now, out string? refusal)
    {
        byte[] octets = file.ToArray();
        return SamlGuard.Run((out string? word) => ReadUnguarded(octets, now, out word), out refusal);
    }

    private static SamlIdentityProvider? ReadUnguarded(byte[] octets, DateTimeOffset now, out string? refusal)
    {
        if (SamlXml.ParseMetadata(octets, out refusal) is not { } entity)
            return null;
        refusal = SamlRefusals.Structure;
        // A federation's aggregate (EntitiesDescriptor) has many: which one is meant must be the operator's word.
        if (!SamlXml.Is(entity, Ns, "EntityDescriptor") || SamlXml.Attribute(entity, "entityID") is not { } id || SamlXml.Only(entity, Ns, "IDPSSODescriptor") is not { } idp)
            return null;
        if (!idp.GetAttribute("protocolSupportEnumeration").Split(' ').Contains(SamlNames.Protocol))
            return null;
        foreach (XmlElement dated in (ReadOnlySpan<XmlElement>)[entity, idp])
        {
            if (dated.HasAttribute("validUntil") && SamlTime.Parse(dated.GetAttribute("validUntil")) is var until && (until is null || until <= now))
            {
                refusal = SamlRefusals.Expired;
                return null;
            }
        }

        if (Certificates(idp) is not { IsEmpty: false } certificates)
            return null;
        var provider = new SamlIdentityProvider
        {
            EntityId = id,
            RedirectUrl = Location(idp, "SingleSignOnService", SamlNames.RedirectBinding),
            PostUrl = Location(idp, "SingleSignOnService", SamlNames.PostBinding),
            LogoutRedirectUrl = Location(idp, "SingleLogoutService", SamlNames.RedirectBinding),
            LogoutPostUrl = Location(idp, "SingleLogoutService", SamlNames.PostBinding),
            SigningCertificates = certificates,
            WantAuthnRequestsSigned = idp.GetAttribute("WantAuthnRequestsSigned") is "true" or "1",
        };
        refusal = provider.RedirectUrl is null && provider.PostUrl is null ? SamlRefusals.Structure : null;
        return refusal is null ? provider : null;
    }

    /// <summary>The signing keys, each once, weak ones for <see cref="SamlProvider.Problems"/> to name; null when one is no certificate. A key without <c>use</c> is for both (SAML metadata 2.4.1.1).</summary>
    private static ImmutableArray<X509Certificate2>? Certificates(XmlElement idp)
    {
        Dictionary<string, X509Certificate2> certificates = [];
        foreach (XmlElement key in SamlXml.Children(idp, Ns, "KeyDescriptor").Where(key => key.GetAttribute("use") is "signing" or ""))
        {
            foreach (XmlElement element in SamlXml.Walk(key).Where(element => SamlXml.Is(element, SamlNames.Dsig, "X509Certificate")))
            {
                if (SamlXml.Base64(element) is not { } octets || certificates.Count == MostCertificates)
                    return null;
                X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(octets);
                certificates.TryAdd(certificate.Thumbprint, certificate);
            }
        }

        return [.. certificates.Values];
    }

    private static string? Location(XmlElement idp, string service, string binding) =>
        SamlXml.Children(idp, Ns, service).FirstOrDefault(s => s.GetAttribute("Binding") == binding) is { } endpoint
            // Responses may have an address of their own (SAML metadata 2.2.2); it is for logout responses only.
            ? (service == "SingleLogoutService" ? SamlXml.Attribute(endpoint, "ResponseLocation") : null) ?? SamlXml.Attribute(endpoint, "Location")
            : null;
}
