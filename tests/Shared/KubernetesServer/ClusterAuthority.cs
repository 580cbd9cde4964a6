using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Shared.KubernetesServer;

/// <summary>The throw-away authority of a cluster: signs its server's certificate and those of its users.</summary>
internal sealed class ClusterAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ClusterAuthority()
    {
        var request = new CertificateRequest("CN=throw-away cluster", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(7));
    }

    /// <summary>The authority's own certificate.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>A certificate with its key for a server on this machine, known by these names too.</summary>
    public X509Certificate2 NewServer(params string[] names)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (string name in (string[])["localhost", .. names])
            alternatives.AddDnsName(name);
        alternatives.AddIpAddress(IPAddress.Loopback);
        alternatives.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(alternatives.Build());
        using X509Certificate2 signed = Sign(request, "1.3.6.1.5.5.7.3.1");
        using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
        // A key in memory only is not found again by every TLS backend; one that went through PKCS #12 is.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A client certificate: the common name is the user, each organisation a group (kube-apiserver, "X509 client certificates").</summary>
    public ClusterCredential NewClient(string user, params string[] groups)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        foreach (string group in groups)
            name.AddOrganizationName(group);
        name.AddCommonName(user);
        using X509Certificate2 signed = Sign(new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256), "1.3.6.1.5.5.7.3.2");
        return ClusterCredential.OfCertificate(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>True when this authority signed it and it is valid now.</summary>
    public bool Signed(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Sign(CertificateRequest request, string usage)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.Create(Certificate, now.AddMinutes(-30), now.AddDays(6), RandomNumberGenerator.GetBytes(8));
    }
}
