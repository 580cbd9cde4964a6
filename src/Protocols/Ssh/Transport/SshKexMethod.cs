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
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}

/// <summary>A server's public value, and the secret as the hash takes it.</summary>
internal sealed record SshKexAnswer(byte[] Public, byte[] Secret);
