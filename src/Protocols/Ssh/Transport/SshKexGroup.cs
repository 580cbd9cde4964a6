using System.Security.Cryptography;
using Org.BouncyCastle.Math;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Diffie-Hellman in a fixed group (RFC 4253 8, RFC 8268), and in one that a server chooses (<see cref="SshKexGroupExchange"/>).</summary>
internal class SshKexGroup(SshGroup? group, HashAlgorithmName hash) : SshKexMethod(hash)
{
    private BigInteger? _exponent;

    /// <summary>Null: not chosen yet.</summary>
    protected SshGroup? Group { get; set; } = group;

    public override byte[] Offer()
    {
        _exponent = SshGroup.NewExponent();
        return SshGroup.Write(Group!.Generator.ModPow(_exponent, Group.Prime));
    }

    public override SshKexAnswer? Answer(ReadOnlySpan<byte> offer)
    {
        // What is not a value of the group is not worth the arithmetic.
        if (SshGroup.Read(offer) is not { } value || !Group!.Contains(value))
            return null;
        byte[] answer = Offer();
        return Finish(offer) is { } secret ? new SshKexAnswer(answer, secret) : null;
    }

    public override byte[]? Finish(ReadOnlySpan<byte> answer)
    {
        if (SshGroup.Read(answer) is not { } value || !Group!.Contains(value))
            return null;
        BigInteger secret = value.ModPow(_exponent!, Group.Prime);
        return Group.Contains(secret) ? new SshWriter().Mpint(secret.ToByteArrayUnsigned()).ToArray() : null;
    }

    public override void Dispose() => _exponent = null;
}
