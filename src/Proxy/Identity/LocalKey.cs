using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Sallyport.Proxy.Identity;

/// <summary>
/// The key of the local issuer: ECDSA P-256 as a PEM file. The daemon needs the public half only, <c>token create</c> the private one.
/// </summary>
internal static class LocalKey
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Largest key file read, bytes.</summary>
    private const int LargestFile = 16 * 1024;

    /// <summary>Makes a new key file, readable by its owner only.</summary>
    /// <exception cref="IOException">It exists already: a key is never overwritten; or it cannot be written.</exception>
    public static void Create(string path)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        });
        using var writer = new StreamWriter(file);
        writer.Write(key.ExportPkcs8PrivateKeyPem());
        writer.Write('\n');
    }

    /// <summary>Reads the key.</summary>
    /// <exception cref="IOException">It cannot be read, others can read it too, or it is no P-256 key.</exception>
    public static ECDsa Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if ((File.GetUnixFileMode(file.SafeFileHandle) & Others) != 0)
                throw new IOException("others than its owner may read or write it: chmod 600");
            if (file.Length > LargestFile)
                throw new IOException("too large for a key");
            using var reader = new StreamReader(file);
            return Import(reader.ReadToEnd());
        }
        catch (UnauthorizedAccessException denied)
        {
            throw new IOException("permission denied", denied);
        }
    }

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
