using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// mlkem768x25519-sha256 and sntrup761x25519-sha512 (draft-ietf-sshm-mlkem-hybrid-kex, draft-ietf-sshm-ntruprime-ssh): both halves must break before the
/// secret does. Public values are the mechanism's and the curve's one behind the other; the secret is the hash of both, and enters hashes as a string.
/// </summary>
internal sealed class SshKexHybrid(SshKem kem, HashAlgorithmName hash) : SshKexMethod(hash)
{
    private readonly byte[] _private = new byte[X25519.ScalarSize];

    public override byte[] Offer() => [.. kem.Generate(), .. SshKexCurve25519.Generate(_private)];

    public override SshKexAnswer? Answer(ReadOnlySpan<byte> offer)
    {
        if (offer.Length != kem.PublicSize + SshKexCurve25519.PointSize || kem.Encapsulate(offer[..kem.PublicSize].ToArray()) is not { } made)
            return null;
        byte[] point = SshKexCurve25519.Generate(_private);
        return Combine(made.Secret, offer[kem.PublicSize..]) is { } secret ? new SshKexAnswer([.. made.Ciphertext, .. point], secret) : null;
    }

    public override byte[]? Finish(ReadOnlySpan<byte> answer) =>
        answer.Length == kem.CiphertextSize + SshKexCurve25519.PointSize
            ? Combine(kem.Decapsulate(answer[..kem.CiphertextSize].ToArray()), answer[kem.CiphertextSize..])
            : null;

    public override void Dispose() => CryptographicOperations.ZeroMemory(_private);

    private byte[]? Combine(byte[] first, ReadOnlySpan<byte> point)
    {
        byte[] both = [.. first, .. new byte[SshKexCurve25519.PointSize]];
        try
        {
            if (!SshKexCurve25519.Agree(_private, point, both.AsSpan(first.Length)))
                return null;
            return new SshWriter().String(CryptographicOperations.HashData(Hash, both)).ToArray();
        }
        finally
        {
            CryptographicOperations.ZeroMemory(first);
            CryptographicOperations.ZeroMemory(both);
        }
    }
}
