using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Contract;

namespace Sallyport.Proxy.Upstream;

/// <summary>TLS settings towards a target; the modes are libpq's <c>sslmode</c> (PostgreSQL 33.1.2, 33.19), without those that fall back to plaintext.</summary>
internal static class TargetTls
{
    /// <summary>The settings; null for <see cref="TargetTlsMode.Disable"/>.</summary>
    /// <param name="serverName">Sent as SNI, and with verify-full the name the certificate must be for.</param>
    /// <param name="authorities">Roots to trust; null: those of the system.</param>
    public static SslClientAuthenticationOptions? Options(TargetTlsMode mode, string serverName, X509Certificate2Collection? authorities)
    {
        if (mode == TargetTlsMode.Disable)
            return null;
        return new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            CertificateChainPolicy = ChainPolicy(authorities),

            // Without a callback SslStream accepts only what has no error at all: verify-full needs none, so none can weaken it.
            RemoteCertificateValidationCallback = mode switch
            {
                TargetTlsMode.VerifyFull => null,
                TargetTlsMode.VerifyCa => AcceptAnyName,
                TargetTlsMode.Require => AcceptAnyCertificate,
                _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "no such mode"),
            },
        };
    }

    private static X509ChainPolicy ChainPolicy(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy
        {
            // Databases are rarely given certificates with reachable revocation lists, and libpq looks at none by default either.
            RevocationMode = X509RevocationMode.NoCheck,

            // Intermediates come in the handshake; fetching them from addresses in a certificate lets a stranger choose where we connect.
            DisableCertificateDownloads = true,
            VerificationFlags = X509VerificationFlags.NoFlag,
        };
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1")); // serverAuth, RFC 5280 4.2.1.12
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }

        return policy;
    }

    private static bool AcceptAnyName(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    /// <summary>libpq's <c>require</c>: encrypted, to whom is not known.</summary>
    private static bool AcceptAnyCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null;
}
