using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Protocols.Postgres;

/// <summary>Channel binding of type tls-server-end-point (RFC 5929 4).</summary>
internal static class PgChannelBinding
{
    /// <summary>
    /// The hash of the certificate that this connection was served with, by the hash of its own signature (MD5 and SHA-1 count as SHA-256);
    /// null when there is no TLS, or its signature has no single hash (Ed25519, RSA-PSS with parameters), for which the type is not defined.
    /// </summary>
    public static byte[]? EndPoint(SslStream? tls)
    {
        if (tls?.LocalCertificate is not { } own)
            return null;
        byte[] raw = own.GetRawCertData();
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(raw);
        return HashOf(certificate.SignatureAlgorithm.Value) is { } hash ? CryptographicOperations.HashData(hash, raw) : null;
    }

    /// <summary>RFC 8017 A.2.4, RFC 5758 3.2.</summary>
    internal static HashAlgorithmName? HashOf(string? signature) => signature switch
    {
        "1.2.840.113549.1.1.4" or "1.2.840.113549.1.1.5" or "1.2.840.113549.1.1.11" or "1.2.840.10045.4.1" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
        "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
        "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
        _ => null,
    };
}
