using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>hmac-sha2-256 and hmac-sha2-512 (RFC 6668) over the sequence number and the packet.</summary>
internal sealed class SshMac : IDisposable
{
    private readonly IncrementalHash _hmac;

    public SshMac(HashAlgorithmName hash, ReadOnlySpan<byte> key) => _hmac = IncrementalHash.CreateHMAC(hash, key);

    public int Size => _hmac.HashLengthInBytes;

    public void Compute(uint sequence, ReadOnlySpan<byte> packet, Span<byte> tag)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, sequence);
        _hmac.AppendData(number);
        _hmac.AppendData(packet);
        _hmac.GetHashAndReset(tag);
    }

    public bool IsRight(uint sequence, ReadOnlySpan<byte> packet, ReadOnlySpan<byte> tag)
    {
        Span<byte> computed = stackalloc byte[SHA512.HashSizeInBytes];
        Compute(sequence, packet, computed);
        return CryptographicOperations.FixedTimeEquals(computed[..Size], tag);
    }

    public void Dispose() => _hmac.Dispose();
}
