namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>A private key that signs. Thread-safe.</summary>
public abstract class SshSigner
{
    /// <summary>The public key in its wire form (RFC 4253 6.6).</summary>
    public abstract ReadOnlyMemory<byte> PublicBlob { get; }

    /// <summary>A certificate of it in its wire form; empty: none.</summary>
    public ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>Signature algorithms it can make, strongest first (<c>rsa-sha2-512</c>, <c>rsa-sha2-256</c>; for others the key type's one).</summary>
    public abstract IReadOnlyList<string> Algorithms { get; }

    /// <summary>The signature in its wire form: <c>string algorithm, string blob</c>.</summary>
    public abstract byte[] Sign(string algorithm, ReadOnlySpan<byte> data);
}
