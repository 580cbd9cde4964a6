using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// One use of a key exchange method. Every one of them is two messages: the client's public value, and the server's with its host key and signature
/// (RFC 4253 8, RFC 5656 4, RFC 8731 3). Values that break the method's rules are answered with null: the peer is wrong, or hostile.
/// </summary>
/// <param name="hash">Hash of the exchange and of keys derived from it.</param>
internal abstract class SshKexMethod(HashAlgorithmName hash) : IDisposable
{
    public HashAlgorithmName Hash => hash;

    /// <summary>Number of the client's message: SSH_MSG_KEXDH_INIT, SSH_MSG_KEX_ECDH_INIT.</summary>
    public virtual byte InitNumber => SshMessageNumber.KexFirst;

    public byte ReplyNumber => (byte)(InitNumber + 1);

    /// <summary>False while the group is still to be agreed, by a message of each side (RFC 4419 3).</summary>
    public virtual bool HasGroup => true;

    /// <summary>What a client asks for a group with.</summary>
    public virtual byte[] Request() => throw new InvalidOperationException("The group is known.");

    /// <summary>The server's answer to it; null: it is malformed, or there is no such group.</summary>
    public virtual byte[]? OnRequest(ReadOnlySpan<byte> payload) => null;

    /// <summary>Takes the group that a server has chosen; false: it is malformed, or not one to be used.</summary>
    public virtual bool OnGroup(ReadOnlySpan<byte> payload) => false;

    /// <summary>The client's public value, the bytes of its field.</summary>
    public abstract byte[] Offer();

    /// <summary>The server's public value, and the secret; null: the client's value is not one.</summary>
    public abstract SshKexAnswer? Answer(ReadOnlySpan<byte> offer);

    /// <summary>The secret as the client finds it; null: the server's value is not one.</summary>
    public abstract byte[]? Finish(ReadOnlySpan<byte> answer);

    /// <summary>Writes what the exchange hash takes between the host key and the public values.</summary>
    public virtual void WriteParameters(SshWriter hashed)
    {
    }

    public abstract void Dispose();

    public static SshKexMethod Create(string name) => name switch
    {
        SshAlgorithms.Curve25519 or SshAlgorithms.Curve25519LibSsh => new SshKexCurve25519(),
        SshAlgorithms.EcdhNistp256 => new SshKexEcdh(ECCurve.NamedCurves.nistP256, 32, HashAlgorithmName.SHA256),
        SshAlgorithms.EcdhNistp384 => new SshKexEcdh(ECCurve.NamedCurves.nistP384, 48, HashAlgorithmName.SHA384),
        SshAlgorithms.EcdhNistp521 => new SshKexEcdh(ECCurve.NamedCurves.nistP521, 66, HashAlgorithmName.SHA512),
        SshAlgorithms.Group14 => new SshKexGroup(SshGroup.Modp2048, HashAlgorithmName.SHA256),
        SshAlgorithms.Group16 => new SshKexGroup(SshGroup.Modp4096, HashAlgorithmName.SHA512),
        SshAlgorithms.Group18 => new SshKexGroup(SshGroup.Modp8192, HashAlgorithmName.SHA512),
        SshAlgorithms.GroupExchange => new SshKexGroupExchange(),
        SshAlgorithms.MlKem768X25519 => new SshKexHybrid(new SshMlKem768(), HashAlgorithmName.SHA256),
        SshAlgorithms.Sntrup761X25519 or SshAlgorithms.Sntrup761X25519OpenSsh => new SshKexHybrid(new SshSntrup761(), HashAlgorithmName.SHA512),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}

/// <summary>A server's public value, and the secret as the hash takes it.</summary>
internal sealed record SshKexAnswer(byte[] Public, byte[] Secret);
