using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// chacha20-poly1305@openssh.com (OpenSSH PROTOCOL.chacha20poly1305): two keys, one for packet_length and one for everything else; the nonce is the
/// sequence number; the first block of the second key's stream is the key of Poly1305, over the encrypted length and body.
/// </summary>
internal sealed class SshChaCha20Poly1305 : SshCipher
{
    private readonly uint[] _body = new uint[ChaCha20.KeySize / sizeof(uint)];
    private readonly uint[] _length = new uint[ChaCha20.KeySize / sizeof(uint)];

    /// <param name="key">64 bytes: K_2, for the body, then K_1, for the length.</param>
    public SshChaCha20Poly1305(ReadOnlySpan<byte> key)
    {
        for (int i = 0; i < _body.Length; i++)
        {
            _body[i] = BinaryPrimitives.ReadUInt32LittleEndian(key[(sizeof(uint) * i)..]);
            _length[i] = BinaryPrimitives.ReadUInt32LittleEndian(key[(ChaCha20.KeySize + sizeof(uint) * i)..]);
        }
    }

    public override int BlockSize => 8;

    public override int TagSize => Poly1305.TagSize;

    public override bool LengthIsApart => true;

    public override long BytesPerKey => 1L << 30;

    public override uint ReadLength(uint sequence, Span<byte> head)
    {
        Span<byte> stream = stackalloc byte[ChaCha20.BlockSize];
        ChaCha20.Block(_length, Nonce(sequence), 0, stream);
        return BinaryPrimitives.ReadUInt32BigEndian(head) ^ BinaryPrimitives.ReadUInt32BigEndian(stream);
    }

    public override bool TryOpen(uint sequence, Span<byte> packet)
    {
        Span<byte> tag = stackalloc byte[Poly1305.TagSize];
        Span<byte> encrypted = packet[..^Poly1305.TagSize];
        ComputeTag(sequence, encrypted, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, packet[^Poly1305.TagSize..]))
            return false;
        ChaCha20.Xor(_body, Nonce(sequence), 1, encrypted[sizeof(uint)..]);
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        Span<byte> plain = packet[..^Poly1305.TagSize];
        BinaryPrimitives.WriteUInt32BigEndian(plain, ReadLength(sequence, plain));
        ChaCha20.Xor(_body, Nonce(sequence), 1, plain[sizeof(uint)..]);
        ComputeTag(sequence, plain, packet[^Poly1305.TagSize..]);
    }

    public override void Dispose()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_body.AsSpan()));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_length.AsSpan()));
    }

    private void ComputeTag(uint sequence, ReadOnlySpan<byte> encrypted, Span<byte> tag)
    {
        Span<byte> block = stackalloc byte[ChaCha20.BlockSize];
        ChaCha20.Block(_body, Nonce(sequence), 0, block);
        Poly1305.Compute(block[..Poly1305.KeySize], encrypted, tag);
        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>The sequence number as eight big-endian bytes, which ChaCha20 reads as two little-endian words.</summary>
    private static ulong Nonce(uint sequence) => BinaryPrimitives.ReverseEndianness((ulong)sequence);
}
