using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// The key of the local issuer: ECDSA P-256 as a PEM file. The daemon needs the public half only, <c>token create</c> the private one.
/// </summary>
internal static class LocalKey
{
    /// <summary>Largest key file read, bytes.</summary>
    private const int LargestFile = 16 * 1024;

    /// <summary>Makes a new key file, readable by its owner only.</summary>
    /// <exception cref="IOException">It exists already: a key is never overwritten; or it cannot be written.</exception>
    public static void Create(string path)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        OwnerOnly.Create(path, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
    }

    /// <summary>Reads the key.</summary>
    /// <exception cref="IOException">It cannot be read, others can read it too, or it is no P-256 key.</exception>
    public static ECDsa Read(string path) => Import(Encoding.UTF8.GetString(OwnerOnly.Read(path, LargestFile)));

    /// <summary>The public half, as a JWK with its thumbprint (RFC 7638) for an id.</summary>
    public static JsonWebKey PublicJwk(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        var jwk = new JsonWebKey
        {
            Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve,
            Crv = JsonWebKeyECTypes.P256,
            X = Base64UrlEncoder.Encode(parameters.Q.X),
            Y = Base64UrlEncoder.Encode(parameters.Q.Y),
            Alg = SecurityAlgorithms.EcdsaSha256,
        };
        jwk.Kid = Base64UrlEncoder.Encode(jwk.ComputeJwkThumbprint());
        return jwk;
    }

    private static ECDsa Import(string pem)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.KeySize != 256)
                throw new IOException("not a P-256 key");
            return key;
        }
        catch (Exception wrong) when (wrong is ArgumentException or CryptographicException or IOException)
        {
            key.Dispose();
            throw wrong as IOException ?? new IOException("not a private EC key in PEM form", wrong);
        }
    }
}
