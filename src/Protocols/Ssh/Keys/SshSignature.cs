using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>What a FIDO key said when it signed (OpenSSH PROTOCOL.u2f); all false and zero for other keys.</summary>
/// <param name="Present">A person touched it. Always true where a FIDO key's signature is taken.</param>
/// <param name="Verified">It knows the person (PIN, fingerprint).</param>
/// <param name="Counter">How often it has signed, as it says.</param>
internal readonly record struct SshSignatureFacts(bool Present, bool Verified, uint Counter);

/// <summary>Verifies signatures (RFC 4253 6.6, 5656 3.1.2, 8332 3, 8709 6, OpenSSH PROTOCOL.u2f). Never throws for hostile bytes.</summary>
internal static class SshSignature
{
    private const byte UserPresent = 0x01;
    private const byte UserVerified = 0x04;

    /// <summary>Longest signature, bytes: RSA of 16384 bits fits.</summary>
    private const int MaxSignature = 4096;

    /// <summary>Verifies one signature.</summary>
    /// <param name="publicBlob">A key, or a certificate: then the certified key must have signed. That somebody vouches for the certificate is not looked at.</param>
    /// <param name="signature">In its wire form: <c>string algorithm, string blob</c> and, by FIDO keys, what they add.</param>
    /// <param name="data">What was signed.</param>
    /// <param name="expectedAlgorithm">
    /// What was agreed (a host key algorithm, the algorithm of a publickey request), as it was on the wire: with or without
    /// <c>-cert-v01@openssh.com</c>. The signature must name this algorithm in its plain form, and it must fit the key: there is no other way for
    /// a signature to choose, and RSA with SHA-1 fits nothing.
    /// </param>
    public static bool Verify(ReadOnlySpan<byte> publicBlob, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> data, string expectedAlgorithm)
    {
        if (SshPublicKey.TryParse(publicBlob, out SshPublicKey? key))
            return !SshKeyTypes.IsCertificate(expectedAlgorithm) && Verify(key, signature, data, expectedAlgorithm, out _);
        return SshCertificate.TryParse(publicBlob, out SshCertificate? certificate) && Verify(certificate.Key, signature, data, SshKeyTypes.Plain(expectedAlgorithm), out _);
    }

    /// <summary>Verifies one signature by a key, of the plain <paramref name="algorithm"/>.</summary>
    public static bool Verify(SshPublicKey key, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> data, string algorithm, out SshSignatureFacts facts)
    {
        facts = default;
        if (signature.Length > MaxSignature || !SshKeyTypes.Fits(key.Type, algorithm))
            return false;
        var reader = new SshReader(signature);
        reader.ReadExpected(Encoding.ASCII.GetBytes(algorithm));
        ReadOnlySpan<byte> blob = reader.ReadString();
        if (key.IsSecurityKey)
            return VerifySecurityKey(key, ref reader, blob, data, out facts);
        return reader.AtEnd && VerifyPlain(key, blob, data, algorithm);
    }

    /// <summary>What was signed is the hash of the application, the flags, the counter and the hash of the data: without a touch it is worth nothing.</summary>
    private static bool VerifySecurityKey(SshPublicKey key, ref SshReader reader, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> data, out SshSignatureFacts facts)
    {
        byte flags = reader.ReadByte();
        uint counter = reader.ReadUInt32();
        facts = default;
        if (!reader.AtEnd || (flags & UserPresent) == 0)
            return false;
        Span<byte> signed = stackalloc byte[SHA256.HashSizeInBytes + 5 + SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key.Application!), signed);
        signed[SHA256.HashSizeInBytes] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(signed[(SHA256.HashSizeInBytes + 1)..], counter);
        SHA256.HashData(data, signed[(SHA256.HashSizeInBytes + 5)..]);
        if (!VerifyPlain(key, blob, signed, key.Type))
            return false;
        facts = new SshSignatureFacts(true, (flags & UserVerified) != 0, counter);
        return true;
    }

    private static bool VerifyPlain(SshPublicKey key, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> data, string algorithm) => key.Type switch
    {
        SshKeyTypes.Ed25519 or SshKeyTypes.SkEd25519 => VerifyEd25519(key, blob, data),
        SshKeyTypes.Rsa => VerifyRsa(key, blob, data, algorithm),
        _ => VerifyEcdsa(key, SshCurve.OfType(key.Type) ?? SshCurve.P256, blob, data),
    };

    private static bool VerifyEd25519(SshPublicKey key, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> data)
    {
        if (blob.Length != Ed25519.SignatureSize)
            return false;
        byte[] message = data.ToArray();
        return Ed25519.Verify(blob.ToArray(), 0, key.Material, 0, message, 0, message.Length);
    }

    private static bool VerifyEcdsa(SshPublicKey key, SshCurve curve, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> data)
    {
        int size = curve.FieldBytes;
        var reader = new SshReader(blob);
        ReadOnlySpan<byte> r = reader.ReadMpint(), s = reader.ReadMpint();
        if (!reader.AtEnd || r.Length > size || s.Length > size)
            return false;
        Span<byte> joined = stackalloc byte[2 * size];
        joined.Clear();
        r.CopyTo(joined[(size - r.Length)..]);
        s.CopyTo(joined[((2 * size) - s.Length)..]);
        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = curve.Curve,
            Q = new ECPoint { X = key.Material[1..(1 + size)], Y = key.Material[(1 + size)..] },
        });
        return ecdsa.VerifyData(data, joined, curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool VerifyRsa(SshPublicKey key, ReadOnlySpan<byte> blob, ReadOnlySpan<byte> data, string algorithm)
    {
        byte[] modulus = key.Modulus!;
        if (blob.IsEmpty || blob.Length > modulus.Length)
            return false;

        // Some signers leave leading zeros out; OpenSSH puts them back.
        byte[] padded = new byte[modulus.Length];
        blob.CopyTo(padded.AsSpan(modulus.Length - blob.Length));
        using var rsa = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = key.Material });
        return rsa.VerifyData(data, padded, HashOf(algorithm), RSASignaturePadding.Pkcs1);
    }

    /// <summary>The hash of an RSA signature algorithm (RFC 8332 3).</summary>
    internal static HashAlgorithmName HashOf(string algorithm) =>
        algorithm == SshKeyTypes.RsaSha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
}
