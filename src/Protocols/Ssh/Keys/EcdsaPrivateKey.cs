using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>An ECDSA private key (RFC 5656).</summary>
internal sealed class EcdsaPrivateKey(ECDsa key, SshCurve curve, string comment, Lock? gate = null) : SshPrivateKey(PublicOf(key, curve), comment)
{
    private readonly string[] _algorithms = [curve.Type];

    // The library does not promise that one of its objects signs for several at once. It is the object's, which a key with a certificate shares.
    private readonly Lock _lock = gate ?? new Lock();

    /// <inheritdoc/>
    public override IReadOnlyList<string> Algorithms => _algorithms;

    /// <inheritdoc/>
    public override byte[] Sign(string algorithm, ReadOnlySpan<byte> data)
    {
        if (algorithm != curve.Type)
            throw new ArgumentException("The key does not make such signatures.", nameof(algorithm));
        byte[] signature;
        lock (_lock)
            signature = key.SignData(data, curve.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        SshWriter blob = new SshWriter().Mpint(signature.AsSpan(0, curve.FieldBytes)).Mpint(signature.AsSpan(curve.FieldBytes));
        return new SshWriter().String(algorithm).String(blob.Written).ToArray();
    }

    /// <inheritdoc/>
    internal override void WriteSecret(SshWriter writer)
    {
        ECParameters parts = key.ExportParameters(includePrivateParameters: true);
        writer.String(curve.Name).String(PublicKey.Material).Mpint(parts.D);
        CryptographicOperations.ZeroMemory(parts.D);
    }

    private protected override SshPrivateKey Certified(byte[] certificate) => new EcdsaPrivateKey(key, curve, Comment, _lock) { Certificate = certificate };

    private static SshPublicKey PublicOf(ECDsa key, SshCurve curve)
    {
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        return KeyParts.Public(curve.Type, [4, .. q.X!, .. q.Y!], []);
    }
}
