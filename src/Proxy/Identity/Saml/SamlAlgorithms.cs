using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>A signature algorithm: what it hashes with, and how RSA pads; null for ECDSA.</summary>
internal sealed record SamlSignatureAlgorithm(string Uri, HashAlgorithmName Hash, RSASignaturePadding? Padding);

/// <summary>
/// The algorithms there are (RFC 6931, RFC 9231, XML Encryption 1.1 5). SHA-1, DSA, HMAC and RSA PKCS#1 v1.5 key transport are not
/// among them, so no configuration can allow them.
/// </summary>
internal static class SamlAlgorithms
{
    public const string RsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    public const string RsaSha384 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
    public const string RsaSha512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    public const string RsaPssSha256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
    public const string EcdsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    public const string EcdsaSha384 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
    public const string EcdsaSha512 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512";

    public const string Sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    public const string Sha384 = "http://www.w3.org/2001/04/xmldsig-more#sha384";
    public const string Sha512 = "http://www.w3.org/2001/04/xmlenc#sha512";

    public const string Aes128Cbc = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    public const string Aes256Cbc = "http://www.w3.org/2001/04/xmlenc#aes256-cbc";
    public const string Aes128Gcm = "http://www.w3.org/2009/xmlenc11#aes128-gcm";
    public const string Aes256Gcm = "http://www.w3.org/2009/xmlenc11#aes256-gcm";

    public const string RsaOaepMgf1p = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
    public const string RsaOaep = "http://www.w3.org/2009/xmlenc11#rsa-oaep";

    /// <summary>Fewest bits of an RSA modulus (NIST SP 800-131A).</summary>
    public const int SmallestRsa = 2048;

    /// <summary>Fewest bits of a curve: P-256.</summary>
    public const int SmallestCurve = 256;

    /// <summary>Every signature algorithm, by its URI.</summary>
    public static readonly FrozenDictionary<string, SamlSignatureAlgorithm> Signatures = new SamlSignatureAlgorithm[]
    {
        new(RsaSha256, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        new(RsaSha384, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1),
        new(RsaSha512, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        new(RsaPssSha256, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        new(EcdsaSha256, HashAlgorithmName.SHA256, null),
        new(EcdsaSha384, HashAlgorithmName.SHA384, null),
        new(EcdsaSha512, HashAlgorithmName.SHA512, null),
    }.ToFrozenDictionary(algorithm => algorithm.Uri, StringComparer.Ordinal);

    /// <summary>Every digest algorithm, by its URI.</summary>
    public static readonly FrozenDictionary<string, HashAlgorithmName> Digests = new Dictionary<string, HashAlgorithmName>
    {
        [Sha256] = HashAlgorithmName.SHA256,
        [Sha384] = HashAlgorithmName.SHA384,
        [Sha512] = HashAlgorithmName.SHA512,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every content cipher and the bytes of its key.</summary>
    public static readonly FrozenDictionary<string, int> Ciphers = new Dictionary<string, int>
    {
        [Aes128Gcm] = 16,
        [Aes256Gcm] = 32,
        [Aes128Cbc] = 16,
        [Aes256Cbc] = 32,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every key transport.</summary>
    public static readonly FrozenSet<string> KeyTransports = FrozenSet.Create(StringComparer.Ordinal, RsaOaepMgf1p, RsaOaep);

    /// <summary>True for ciphers without authentication.</summary>
    public static bool IsCbc(string cipher) => cipher is Aes128Cbc or Aes256Cbc;

    /// <summary>True when the signature over these octets is by the certificate's key, and that key is of the algorithm's kind and large enough.</summary>
    public static bool Verify(SamlSignatureAlgorithm algorithm, X509Certificate2 certificate, ReadOnlySpan<byte> octets, ReadOnlySpan<byte> signature)
    {
        if (algorithm.Padding is { } padding)
        {
            using RSA? rsa = certificate.GetRSAPublicKey();
            return rsa is { KeySize: >= SmallestRsa } && rsa.VerifyData(octets, signature, algorithm.Hash, padding);
        }

        // RFC 6931 2.3.6: r and s side by side, not DER.
        using ECDsa? ecdsa = certificate.GetECDsaPublicKey();
        return ecdsa is { KeySize: >= SmallestCurve } && ecdsa.VerifyData(octets, signature, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>Signs with our own key, with SHA-256; <paramref name="uri"/> says how.</summary>
    /// <exception cref="CryptographicException">The certificate has no private key of a kind that signs.</exception>
    public static Func<byte[], byte[]> SignerOf(X509Certificate2 certificate, out string uri)
    {
        uri = IsRsa(certificate) ? RsaSha256 : EcdsaSha256;
        return octets =>
        {
            using RSA? rsa = certificate.GetRSAPrivateKey();
            if (rsa is not null)
                return rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            using ECDsa ecdsa = certificate.GetECDsaPrivateKey() ?? throw new CryptographicException("The certificate has no private key that signs.");
            return ecdsa.SignData(octets, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        };
    }

    /// <summary>True for an RSA or ECDSA key of the size that is accepted.</summary>
    public static bool IsStrong(X509Certificate2 certificate)
    {
        using RSA? rsa = certificate.GetRSAPublicKey();
        using ECDsa? ecdsa = certificate.GetECDsaPublicKey();
        return rsa is { KeySize: >= SmallestRsa } || ecdsa is { KeySize: >= SmallestCurve };
    }

    /// <summary>True for an RSA key, which alone can be encrypted to.</summary>
    public static bool IsRsa(X509Certificate2 certificate)
    {
        using RSA? rsa = certificate.GetRSAPublicKey();
        return rsa is not null;
    }
}
