using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>An Ed25519 private key (RFC 8709).</summary>
internal sealed class Ed25519PrivateKey(byte[] seed, string comment) : SshPrivateKey(PublicOf(seed), comment)
{
    private static readonly string[] Names = [SshKeyTypes.Ed25519];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Algorithms => Names;

    /// <inheritdoc/>
    public override byte[] Sign(string algorithm, ReadOnlySpan<byte> data)
    {
        if (algorithm != SshKeyTypes.Ed25519)
            throw new ArgumentException("The key does not make such signatures.", nameof(algorithm));
        byte[] signature = new byte[Ed25519.SignatureSize];
        byte[] message = data.ToArray();
        Ed25519.Sign(seed, 0, PublicKey.Material, 0, message, 0, message.Length, signature, 0);
        return new SshWriter().String(algorithm).String(signature).ToArray();
    }

    /// <inheritdoc/>
    internal override void WriteSecret(SshWriter writer) =>
        writer.String(PublicKey.Material).UInt32((uint)(2 * Ed25519.SecretKeySize)).Raw(seed).Raw(PublicKey.Material);

    private protected override SshPrivateKey Certified(byte[] certificate) => new Ed25519PrivateKey(seed, Comment) { Certificate = certificate };

    private static SshPublicKey PublicOf(byte[] seed)
    {
        byte[] point = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(seed, 0, point, 0);
        return KeyParts.Public(SshKeyTypes.Ed25519, point, []);
    }
}
