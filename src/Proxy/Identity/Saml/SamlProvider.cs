using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>The identity provider, as its metadata tells it.</summary>
internal sealed record SamlIdentityProvider
{
    /// <summary>Its entityID, compared as a whole string.</summary>
    public required string EntityId { get; init; }

    /// <summary>Where requests go by HTTP-Redirect; null when it does not take them so.</summary>
    public string? RedirectUrl { get; init; }

    /// <summary>Where requests go by HTTP-POST; null when it does not take them so.</summary>
    public string? PostUrl { get; init; }

    /// <summary>Where answers to its logout requests go by HTTP-Redirect.</summary>
    public string? LogoutRedirectUrl { get; init; }

    /// <summary>Where answers to its logout requests go by HTTP-POST.</summary>
    public string? LogoutPostUrl { get; init; }

    /// <summary>
    /// Keys it signs with; more than one while they roll over. The key counts and not what the certificate says about it (SAML metadata
    /// interoperability profile 2.6.1): trust comes from the configuration.
    /// </summary>
    public required ImmutableArray<X509Certificate2> SigningCertificates { get; init; }

    /// <summary>It takes signed requests only.</summary>
    public bool WantAuthnRequestsSigned { get; init; }

    public override string ToString() => EntityId;
}

/// <summary>Ourselves, as one identity provider knows us.</summary>
internal sealed record SamlServiceProvider
{
    /// <summary>Our entityID: the audience of every assertion.</summary>
    public required string EntityId { get; init; }

    /// <summary>Where responses are posted: their Destination and Recipient, compared as whole strings.</summary>
    public required string AssertionConsumerUrl { get; init; }

    /// <summary>Where logout requests arrive; null when there is no such place.</summary>
    public string? LogoutUrl { get; init; }

    /// <summary>Signs requests and logout responses; with its private key.</summary>
    public required X509Certificate2 SigningCertificate { get; init; }

    /// <summary>RSA keys that assertions are encrypted to; with their private keys. The first is told to others, all are tried.</summary>
    public ImmutableArray<X509Certificate2> DecryptionCertificates { get; init; } = [];

    public override string ToString() => EntityId;
}

/// <summary>Names of the attributes that make an identity. Null: there is none, and for the subject the NameID is taken.</summary>
internal sealed record SamlAttributeNames
{
    public string? Subject { get; init; }

    public string? Email { get; init; }

    public string? Name { get; init; }

    public string? Groups { get; init; } = "groups";
}

/// <summary>One identity provider and the rules its messages are judged by.</summary>
internal sealed record SamlProvider
{
    /// <summary>Its name in the configuration.</summary>
    public required string Name { get; init; }

    public required SamlIdentityProvider Idp { get; init; }

    public required SamlServiceProvider Sp { get; init; }

    public SamlAttributeNames Attributes { get; init; } = new();

    /// <summary>Signature algorithms it may use: some of <see cref="SamlAlgorithms.Signatures"/>.</summary>
    public ImmutableArray<string> SignatureAlgorithms { get; init; } = [.. SamlAlgorithms.Signatures.Keys];

    /// <summary>Digests it may use: some of <see cref="SamlAlgorithms.Digests"/>.</summary>
    public ImmutableArray<string> DigestAlgorithms { get; init; } = [.. SamlAlgorithms.Digests.Keys];

    /// <summary>Content ciphers it may use: some of <see cref="SamlAlgorithms.Ciphers"/>.</summary>
    public ImmutableArray<string> Ciphers { get; init; } = [.. SamlAlgorithms.Ciphers.Keys];

    /// <summary>The NameID format asked for and insisted on; null: whatever it sends.</summary>
    public string? NameIdFormat { get; init; }

    /// <summary>Takes responses nobody asked for. They can be planted in somebody's browser (login CSRF), so it is off.</summary>
    public bool AllowIdpInitiated { get; init; }

    /// <summary>How far its clock and ours may differ.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Authentication contexts asked for with every request, one of which must be in the answer; empty: any.</summary>
    public ImmutableArray<string> AuthnContexts { get; init; } = [];

    /// <summary>Asks for a fresh login with every request, and insists on it.</summary>
    public bool ForceAuthn { get; init; }

    public override string ToString() => Name;

    /// <summary>What is wrong with these settings, in words for the operator; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems()
    {
        List<string> problems = [];
        void Require(bool holds, string problem)
        {
            if (!holds)
                problems.Add(problem);
        }

        Require(Idp.EntityId is { Length: > 0 and <= SamlLimits.LongestName }, "the identity provider's entity ID is empty or too long");
        Require(Sp.EntityId is { Length: > 0 and <= SamlLimits.LongestName }, "our entity ID is empty or too long");
        Require(Idp.RedirectUrl is not null || Idp.PostUrl is not null, "no single sign-on address of the identity provider");
        foreach (string? url in (ReadOnlySpan<string?>)[Idp.RedirectUrl, Idp.PostUrl, Idp.LogoutRedirectUrl, Idp.LogoutPostUrl, Sp.AssertionConsumerUrl, Sp.LogoutUrl])
            Require(url is null || IsWebAddress(url), "an address is not an absolute http or https URL");
        Require(!Idp.SigningCertificates.IsDefaultOrEmpty, "no signing certificate of the identity provider");
        Require(Idp.SigningCertificates.All(SamlAlgorithms.IsStrong), "a signing certificate of the identity provider has neither an RSA key of 2048 bits nor one on P-256 or a larger curve");
        Require(Sp.SigningCertificate.HasPrivateKey && SamlAlgorithms.IsStrong(Sp.SigningCertificate), "our signing certificate has no private key, or a weak one");
        Require(Sp.DecryptionCertificates.All(c => c.HasPrivateKey && SamlAlgorithms.IsRsa(c) && SamlAlgorithms.IsStrong(c)), "a decryption certificate has no private RSA key of 2048 bits");
        Require(SignatureAlgorithms.Length > 0 && SignatureAlgorithms.All(SamlAlgorithms.Signatures.ContainsKey), "signature algorithms: none, or one that is not allowed");
        Require(DigestAlgorithms.Length > 0 && DigestAlgorithms.All(SamlAlgorithms.Digests.ContainsKey), "digest algorithms: none, or one that is not allowed");
        Require(Ciphers.All(SamlAlgorithms.Ciphers.ContainsKey), "a cipher that is not allowed");
        Require(ClockSkew >= TimeSpan.Zero && ClockSkew <= TimeSpan.FromMinutes(5), "the clock skew is negative or above five minutes");
        return problems;
    }

    private static bool IsWebAddress(string url) =>
        url.Length <= 2048 && Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "https" or "http" && parsed.Fragment.Length == 0 && parsed.UserInfo.Length == 0;
}
