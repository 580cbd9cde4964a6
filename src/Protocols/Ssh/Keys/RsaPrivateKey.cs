using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>An RSA private key: signs with SHA-2 only (RFC 8332).</summary>
internal sealed class RsaPrivateKey(RSA key, string comment, Lock? gate = null) : SshPrivateKey(PublicOf(key), comment)
{
    private static readonly string[] Names = [SshKeyTypes.RsaSha512, SshKeyTypes.RsaSha256];

    // The library does not promise that one of its objects signs for several at once. It is the object's, which a key with a certificate shares.
    private readonly Lock _lock = gate ?? new Lock();

    /// <inheritdoc/>
    public override IReadOnlyList<string> Algorithms => Names;

    /// <inheritdoc/>
    public override byte[] Sign(string algorithm, ReadOnlySpan<byte> data)
    {
        if (!SshKeyTypes.Fits(SshKeyTypes.Rsa, algorithm))
            throw new ArgumentException("The key does not make such signatures.", nameof(algorithm));
        lock (_lock)
            return new SshWriter().String(algorithm).String(key.SignData(data, SshSignature.HashOf(algorithm), RSASignaturePadding.Pkcs1)).ToArray();
    }

    /// <inheritdoc/>
    internal override void WriteSecret(SshWriter writer)
    {
        RSAParameters parts = key.ExportParameters(includePrivateParameters: true);
        writer.Mpint(parts.Modulus).Mpint(parts.Exponent).Mpint(parts.D).Mpint(parts.InverseQ).Mpint(parts.P).Mpint(parts.Q);
        foreach (byte[]? secret in new[] { parts.D, parts.DP, parts.DQ, parts.InverseQ, parts.P, parts.Q })
            CryptographicOperations.ZeroMemory(secret);
    }

    private protected override SshPrivateKey Certified(byte[] certificate) => new RsaPrivateKey(key, Comment, _lock) { Certificate = certificate };

    private static SshPublicKey PublicOf(RSA key)
    {
        RSAParameters parts = key.ExportParameters(includePrivateParameters: false);
        return KeyParts.Public(SshKeyTypes.Rsa, parts.Exponent, parts.Modulus);
    }
}
