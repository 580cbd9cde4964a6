using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>Private keys in PEM (RFC 7468): OpenSSH's own, PKCS #8 (RFC 5208, 8410), PKCS #1 (RFC 8017) and SEC 1 (RFC 5915).</summary>
internal static class PrivateKeyFile
{
    private const string Pkcs8 = "PRIVATE KEY";
    private const string Pkcs1 = "RSA PRIVATE KEY";
    private const string Sec1 = "EC PRIVATE KEY";

    /// <summary>PKCS #8 of an Ed25519 key (RFC 8410 7): a version, the algorithm 1.3.101.112, and 32 bytes in a string in a string.</summary>
    private static ReadOnlySpan<byte> Ed25519Prefix => [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    /// <summary>1.2.840.113549.1.1.1</summary>
    private static ReadOnlySpan<byte> RsaOid => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];

    /// <summary>1.2.840.10045.2.1</summary>
    private static ReadOnlySpan<byte> EcOid => [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

    public static SshPrivateKey Read(ReadOnlySpan<byte> file, string? passphrase)
    {
        char[] text = new char[file.Length];
        byte[] der = [];
        try
        {
            Encoding.Latin1.GetChars(file, text);
            if (!PemEncoding.TryFind(text, out PemFields fields))
                throw new FormatException("The file is no private key in PEM.");
            der = new byte[fields.DecodedDataLength];
            if (!Convert.TryFromBase64Chars(text.AsSpan()[fields.Base64Data], der, out int length) || length != der.Length)
                throw new FormatException("The file is no private key in PEM.");
            return Read(text.AsSpan()[fields.Label], der, passphrase);
        }
        catch (CryptographicException refused)
        {
            throw new FormatException("The private key cannot be read.", refused);
        }
        finally
        {
            Array.Clear(text);
            CryptographicOperations.ZeroMemory(der);
        }
    }

    private static SshPrivateKey Read(ReadOnlySpan<char> label, byte[] der, string? passphrase) => label switch
    {
        OpenSshKeyFile.Label => OpenSshKeyFile.Read(der, passphrase),
        Pkcs8 when der.Length == Ed25519Prefix.Length + 32 && der.AsSpan().StartsWith(Ed25519Prefix) => new Ed25519PrivateKey(der[Ed25519Prefix.Length..], ""),
        Pkcs8 => ReadPkcs8(der),
        Pkcs1 => ReadRsa(der, (rsa, bytes) => rsa.ImportRSAPrivateKey(bytes, out _)),
        Sec1 => ReadEcdsa(der, (ecdsa, bytes) => ecdsa.ImportECPrivateKey(bytes, out _)),
        "ENCRYPTED PRIVATE KEY" => throw new FormatException("A private key that is encrypted must be in OpenSSH's format: ssh-keygen -p -f converts it."),
        _ => throw new FormatException("The file is no private key of a known format."),
    };

    private static SshPrivateKey ReadPkcs8(byte[] der)
    {
        // The algorithm's identifier, at the beginning, says whose it is.
        if (der.AsSpan().IndexOf(RsaOid) is > 0 and < 32)
            return ReadRsa(der, (rsa, bytes) => rsa.ImportPkcs8PrivateKey(bytes, out _));
        if (der.AsSpan().IndexOf(EcOid) is > 0 and < 32)
            return ReadEcdsa(der, (ecdsa, bytes) => ecdsa.ImportPkcs8PrivateKey(bytes, out _));
        throw new FormatException("The private key is of a type that is not known.");
    }

    private static RsaPrivateKey ReadRsa(byte[] der, Action<RSA, byte[]> import)
    {
        var rsa = RSA.Create();
        import(rsa, der);
        return new RsaPrivateKey(rsa, "");
    }

    private static EcdsaPrivateKey ReadEcdsa(byte[] der, Action<ECDsa, byte[]> import)
    {
        var ecdsa = ECDsa.Create();
        import(ecdsa, der);
        SshCurve? curve = ecdsa.ExportParameters(false).Curve.Oid.Value switch
        {
            "1.2.840.10045.3.1.7" => SshCurve.P256,
            "1.3.132.0.34" => SshCurve.P384,
            "1.3.132.0.35" => SshCurve.P521,
            _ => null,
        };
        return curve is null ? throw new FormatException("The private key is on a curve that is not known.") : new EcdsaPrivateKey(ecdsa, curve, "");
    }
}
