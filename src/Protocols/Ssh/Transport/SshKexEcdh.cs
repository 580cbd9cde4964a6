using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>ecdh-sha2-nistp256, -nistp384 and -nistp521 (RFC 5656 4): uncompressed points, checked to be on the curve before they are used.</summary>
internal sealed class SshKexEcdh(ECCurve curve, int fieldSize, HashAlgorithmName hash) : SshKexMethod(hash)
{
    /// <summary>SEC 1 2.3.3.</summary>
    private const byte Uncompressed = 4;

    private readonly ECDiffieHellman _key = ECDiffieHellman.Create(curve);

    public override byte[] Offer()
    {
        ECPoint point = _key.ExportParameters(includePrivateParameters: false).Q;
        return [Uncompressed, .. point.X!, .. point.Y!];
    }

    public override SshKexAnswer? Answer(ReadOnlySpan<byte> offer) => Finish(offer) is { } secret ? new SshKexAnswer(Offer(), secret) : null;

    public override byte[]? Finish(ReadOnlySpan<byte> answer)
    {
        if (answer.Length != 1 + 2 * fieldSize || answer[0] != Uncompressed)
            return null;
        var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = answer.Slice(1, fieldSize).ToArray(), Y = answer[(1 + fieldSize)..].ToArray() } };
        try
        {
            // Refuses a point that is not on the curve.
            using var peer = ECDiffieHellman.Create(parameters);
            byte[] x = _key.DeriveRawSecretAgreement(peer.PublicKey);
            byte[] secret = new SshWriter().Mpint(x).ToArray();
            CryptographicOperations.ZeroMemory(x);
            return secret;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public override void Dispose() => _key.Dispose();
}
