using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sallyport.Proxy.Tests.Identity.Saml;

/// <summary>Keys for all SAML tests: they take long to make.</summary>
internal static class TestKeys
{
    public static X509Certificate2 Idp { get; } = Rsa("idp", 2048);

    public static X509Certificate2 IdpNext { get; } = Rsa("idp next", 2048);

    public static X509Certificate2 IdpEc { get; } = Ec("idp ec");

    public static X509Certificate2 Stranger { get; } = Rsa("stranger", 2048);

    public static X509Certificate2 Sp { get; } = Rsa("sp", 2048);

    public static X509Certificate2 SpEc { get; } = Ec("sp ec");

    public static X509Certificate2 SpDecryption { get; } = Rsa("sp decryption", 2048);

    public static X509Certificate2 SpDecryptionOld { get; } = Rsa("sp decryption old", 2048);

    public static X509Certificate2 Weak { get; } = Rsa("weak", 1024);

    private static X509Certificate2 Rsa(string name, int bits)
    {
        using RSA key = RSA.Create(bits);
        return SelfSigned(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static X509Certificate2 Ec(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return SelfSigned(new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256));
    }

    private static X509Certificate2 SelfSigned(CertificateRequest request) =>
        request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2020, 2, 1, 0, 0, 0, TimeSpan.Zero));
}
