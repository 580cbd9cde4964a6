using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// OpenSSH's own format of private keys (PROTOCOL.key).
/// <code>
///   "openssh-key-v1" 0, string ciphername, string kdfname, string kdfoptions, uint32 number of keys (1), string public key,
///   string of { uint32 check, uint32 the same, key, string comment, padding 1, 2, 3 … }, encrypted with the cipher
/// </code>
/// </summary>
internal static class OpenSshKeyFile
{
    public const string Label = "OPENSSH PRIVATE KEY";
    private const int BlockNone = 8;
    private const int LineLength = 70;

    private static ReadOnlySpan<byte> Magic => "openssh-key-v1\0"u8;

    public static SshPrivateKey Read(ReadOnlySpan<byte> file, string? passphrase)
    {
        if (!file.StartsWith(Magic))
            throw Bad();
        var reader = new SshReader(file[Magic.Length..]);
        string cipher = reader.ReadText(64), kdf = reader.ReadText(64);
        ReadOnlySpan<byte> kdfOptions = reader.ReadString();
        bool one = reader.ReadUInt32() == 1;
        ReadOnlySpan<byte> publicKey = reader.ReadString(), secret = reader.ReadString();
        if (!reader.AtEnd || !one || !SshPublicKey.TryParse(publicKey, out SshPublicKey? key))
            throw Bad();
        byte[] clear = OpenSshKeyCipher.Decrypt(cipher, kdf, kdfOptions, secret, passphrase);
        try
        {
            return ReadSecret(clear, key, passphrase is not null && cipher != "none");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(clear);
        }
    }

    public static byte[] Write(SshPrivateKey key)
    {
        uint check = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        SshWriter secret = new SshWriter().UInt32(check).UInt32(check).String(key.PublicKey.Type);
        key.WriteSecret(secret);
        secret.String(key.Comment);
        for (byte pad = 1; secret.Written.Length % BlockNone != 0; pad++)
            secret.Byte(pad);
        SshWriter file = new SshWriter().Raw(Magic).String("none").String("none").String([]).UInt32(1).String(key.PublicBlob.Span).String(secret.Written);
        char[] base64 = new char[(file.Written.Length + 2) / 3 * 4];
        Convert.TryToBase64Chars(file.Written, base64, out int length);
        var text = new StringBuilder("-----BEGIN " + Label + "-----\n");
        for (int at = 0; at < length; at += LineLength)
            text.Append(base64.AsSpan(at, Math.Min(LineLength, length - at))).Append('\n');
        text.Append("-----END " + Label + "-----\n");
        secret.Wipe();
        file.Wipe();
        Array.Clear(base64);
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static SshPrivateKey ReadSecret(ReadOnlySpan<byte> clear, SshPublicKey key, bool encrypted)
    {
        var reader = new SshReader(clear);
        if (reader.ReadUInt32() != reader.ReadUInt32())
            throw encrypted ? new FormatException("The passphrase is not the private key's.") : Bad();
        string type = reader.ReadText(64);
        if (type != key.Type || key.IsSecurityKey)
            throw key.IsSecurityKey ? new FormatException("A key in a FIDO authenticator cannot be used here: nobody is there to touch it.") : Bad();
        SshPrivateKey read = type switch
        {
            SshKeyTypes.Ed25519 => ReadEd25519(ref reader),
            SshKeyTypes.Rsa => ReadRsa(ref reader),
            _ => ReadEcdsa(ref reader, SshCurve.OfType(type)!),
        };
        if (reader.Failed || !IsPadding(ref reader) || !read.PublicKey.Equals(key))
            throw Bad();
        return read;
    }

    private static Ed25519PrivateKey ReadEd25519(ref SshReader reader)
    {
        ReadOnlySpan<byte> point = reader.ReadString(Ed25519.PublicKeySize);
        ReadOnlySpan<byte> both = reader.ReadString(2 * Ed25519.SecretKeySize);
        if (reader.Failed || !both[Ed25519.SecretKeySize..].SequenceEqual(point))
            throw Bad();
        return new Ed25519PrivateKey(both[..Ed25519.SecretKeySize].ToArray(), ReadComment(ref reader));
    }

    private static EcdsaPrivateKey ReadEcdsa(ref SshReader reader, SshCurve curve)
    {
        reader.ReadExpected(Encoding.ASCII.GetBytes(curve.Name));
        ReadOnlySpan<byte> point = reader.ReadString(1 + (2 * curve.FieldBytes));
        ReadOnlySpan<byte> d = reader.ReadMpint();
        if (reader.Failed || d.Length > curve.FieldBytes || !curve.IsPoint(point))
            throw Bad();
        byte[] scalar = new byte[curve.FieldBytes];
        d.CopyTo(scalar.AsSpan(scalar.Length - d.Length));
        var key = ECDsa.Create(new ECParameters
        {
            Curve = curve.Curve,
            D = scalar,
            Q = new ECPoint { X = point[1..(1 + curve.FieldBytes)].ToArray(), Y = point[(1 + curve.FieldBytes)..].ToArray() },
        });
        return new EcdsaPrivateKey(key, curve, ReadComment(ref reader));
    }

    private static RsaPrivateKey ReadRsa(ref SshReader reader)
    {
        byte[] n = reader.ReadMpint().ToArray(), e = reader.ReadMpint().ToArray(), d = reader.ReadMpint().ToArray();
        byte[] inverse = reader.ReadMpint().ToArray(), p = reader.ReadMpint().ToArray(), q = reader.ReadMpint().ToArray();
        if (reader.Failed || n.Length > SshPublicKey.MaxRsaBits / 8)
            throw Bad();
        BigInteger secret = Number(d), first = Number(p), second = Number(q);
        if (first <= 1 || second <= 1 || d.Length > n.Length || Math.Max(p.Length, q.Length) > (n.Length + 1) / 2)
            throw Bad();
        int half = (n.Length + 1) / 2;
        var key = RSA.Create(new RSAParameters
        {
            Modulus = n,
            Exponent = e,
            D = Fixed(secret, n.Length),
            P = Fixed(first, half),
            Q = Fixed(second, half),
            DP = Fixed(secret % (first - 1), half),
            DQ = Fixed(secret % (second - 1), half),
            InverseQ = Fixed(Number(inverse) % first, half),
        });
        return new RsaPrivateKey(key, ReadComment(ref reader));
    }

    private static string ReadComment(ref SshReader reader) => reader.ReadText(1024);

    private static bool IsPadding(ref SshReader reader)
    {
        for (byte expected = 1; reader.HasMore; expected++)
        {
            if (reader.ReadByte() != expected)
                return false;
        }

        return !reader.Failed;
    }

    private static BigInteger Number(ReadOnlySpan<byte> magnitude) => new(magnitude, isUnsigned: true, isBigEndian: true);

    private static byte[] Fixed(BigInteger number, int length)
    {
        byte[] bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return bytes.Length > length ? throw Bad() : [.. new byte[length - bytes.Length], .. bytes];
    }

    private static FormatException Bad() => new("The file is not a private key that OpenSSH would have written.");
}
