using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>A certificate for localhost, made once a run.</summary>
internal static class Certificate
{
    private static readonly X509Certificate2 Own = Make();

    public static SslServerAuthenticationOptions Server => new()
    {
        ServerCertificate = Own,
        ApplicationProtocols = [new SslApplicationProtocol("postgresql")],
    };

    /// <summary>Trusts exactly that certificate.</summary>
    public static SslClientAuthenticationOptions Client => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == Own.GetCertHashString(),
    };

    /// <summary>Trusts nothing.</summary>
    public static SslClientAuthenticationOptions Distrustful => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = (_, _, _, _) => false,
    };

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
