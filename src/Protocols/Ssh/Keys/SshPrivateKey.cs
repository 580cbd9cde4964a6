using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// A private key: <c>ssh-ed25519</c>, <c>ecdsa-sha2-nistp*</c> or <c>ssh-rsa</c>. Read from OpenSSH's own format, PKCS #8, PKCS #1 or SEC 1 PEM; written
/// in OpenSSH's. Its secret never leaves it but by <see cref="Write"/>.
/// </summary>
public abstract class SshPrivateKey : SshSigner
{
    /// <summary>Longest file that is read, bytes.</summary>
    public const int MaxFile = 64 << 10;

    private protected SshPrivateKey(SshPublicKey publicKey, string comment)
    {
        PublicKey = publicKey;
        Comment = comment;
    }

    public SshPublicKey PublicKey { get; }

    /// <summary>What the file calls it.</summary>
    public string Comment { get; }

    /// <inheritdoc/>
    public sealed override ReadOnlyMemory<byte> PublicBlob => PublicKey.Blob;

    /// <summary>Reads a private key file.</summary>
    /// <param name="file">The file as it is. A secret.</param>
    /// <param name="passphrase">For an encrypted file; null: there is none. A secret.</param>
    /// <exception cref="FormatException">It is none, of a type that is not known, encrypted otherwise, or the passphrase is wrong. The message holds nothing of the file.</exception>
    public static SshPrivateKey Load(ReadOnlySpan<byte> file, string? passphrase = null) =>
        file.Length > MaxFile ? throw new FormatException("The private key file is too long.") : PrivateKeyFile.Read(file, passphrase);

    /// <summary>Makes a new key.</summary>
    /// <param name="type"><see cref="SshKeyTypes.Ed25519"/>, an ECDSA type, or <see cref="SshKeyTypes.Rsa"/>.</param>
    /// <param name="rsaBits">Length of an RSA modulus.</param>
    /// <exception cref="ArgumentException">No such type, or too few bits.</exception>
    public static SshPrivateKey Generate(string type, string comment = "", int rsaBits = 3072)
    {
        if (type == SshKeyTypes.Ed25519)
            return new Ed25519PrivateKey(RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize), comment);
        if (SshCurve.OfType(type) is { } curve)
            return new EcdsaPrivateKey(ECDsa.Create(curve.Curve), curve, comment);
        if (type != SshKeyTypes.Rsa)
            throw new ArgumentException("No key of this type can be made.", nameof(type));
        if (rsaBits is < SshPublicKey.MinRsaBits or > SshPublicKey.MaxRsaBits)
            throw new ArgumentException("An RSA key of so many bits cannot be made.", nameof(rsaBits));
        return new RsaPrivateKey(RSA.Create(rsaBits), comment);
    }

    /// <summary>The same key with a certificate of it.</summary>
    /// <exception cref="ArgumentException">The certificate is none, or another key's.</exception>
    public SshPrivateKey WithCertificate(ReadOnlySpan<byte> certificate) =>
        SshCertificate.TryParse(certificate, out SshCertificate? read) && read.Key.Equals(PublicKey)
            ? Certified(certificate.ToArray())
            : throw new ArgumentException("The certificate is not this key's.", nameof(certificate));

    /// <summary>The file as OpenSSH writes it (PROTOCOL.key), not encrypted. A secret: the caller wipes it.</summary>
    public byte[] Write() => OpenSshKeyFile.Write(this);

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"private key of {PublicKey.Fingerprint}";

    /// <summary>The fields behind the type in OpenSSH's format.</summary>
    internal abstract void WriteSecret(SshWriter writer);

    private protected abstract SshPrivateKey Certified(byte[] certificate);
}
