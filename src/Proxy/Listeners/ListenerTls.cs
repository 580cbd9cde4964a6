using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Proxy.Listeners;

/// <summary>TLS settings towards clients.</summary>
internal static class ListenerTls
{
    /// <summary>ALPN name of the protocol (PostgreSQL 55.2.11): a connection that asks for another protocol is refused (CVE-2021-23222's kin, ALPACA).</summary>
    private static readonly SslApplicationProtocol Postgres = new("postgresql");

    /// <summary>Lets nobody in who has no certificate of these authorities. Who they are is for their login to say.</summary>
    public static void RequireClient(SslServerAuthenticationOptions options, X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            TrustMode = X509ChainTrustMode.CustomRootTrust,
        };
        policy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2")); // clientAuth, RFC 5280 4.2.1.12
        policy.CustomTrustStore.AddRange(authorities);
        options.ClientCertificateRequired = true;
        options.CertificateChainPolicy = policy;
        options.RemoteCertificateValidationCallback = static (_, certificate, _, errors) => certificate is not null && errors == SslPolicyErrors.None;
    }

    /// <summary>Loads a certificate chain (leaf first) and its key.</summary>
    /// <exception cref="CryptographicException">They are unusable, or do not belong together.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static SslServerAuthenticationOptions Load(string certificatePath, string keyPath)
    {
        try
        {
            string certificates = File.ReadAllText(certificatePath);
            X509Certificate2 leaf = X509Certificate2.CreateFromPem(certificates, File.ReadAllText(keyPath));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificates);
            return new SslServerAuthenticationOptions
            {
                // offline: no address in a certificate is ever connected to.
                ServerCertificateContext = SslStreamCertificateContext.Create(leaf, chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [Postgres],
                AllowRenegotiation = false,
                ClientCertificateRequired = false,
            };
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException("permission denied", denied);
        }
        catch (ArgumentException wrong)
        {
            throw new CryptographicException("no certificate or key in PEM form", wrong);
        }
    }
}
