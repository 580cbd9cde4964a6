using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;
using Org.BouncyCastle.Security;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>curve25519-sha256 (RFC 8731).</summary>
internal sealed class SshKexCurve25519() : SshKexMethod(HashAlgorithmName.SHA256)
{
    public const int PointSize = X25519.PointSize;

    private readonly byte[] _private = new byte[X25519.ScalarSize];

    public override byte[] Offer() => Generate(_private);

    public override SshKexAnswer? Answer(ReadOnlySpan<byte> offer)
    {
        byte[] point = Generate(_private);
        return Finish(offer) is { } secret ? new SshKexAnswer(point, secret) : null;
    }

    public override byte[]? Finish(ReadOnlySpan<byte> answer)
    {
        Span<byte> secret = stackalloc byte[PointSize];
        return Agree(_private, answer, secret) ? new SshWriter().Mpint(secret).ToArray() : null;
    }

    public override void Dispose() => CryptographicOperations.ZeroMemory(_private);

    /// <summary>A new private key, and the public value of it.</summary>
    public static byte[] Generate(byte[] privateKey)
    {
        X25519.GeneratePrivateKey(SecureRandom, privateKey);
        byte[] point = new byte[PointSize];
        X25519.GeneratePublicKey(privateKey, point);
        return point;
    }

    /// <summary>False: the point is of another length, or of small order, where the secret is zero (RFC 8731 3).</summary>
    public static bool Agree(byte[] privateKey, ReadOnlySpan<byte> point, Span<byte> secret) =>
        point.Length == PointSize && X25519.CalculateAgreement(privateKey, point, secret);

    internal static SecureRandom SecureRandom { get; } = new();
}
