using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// aes128-gcm@openssh.com and aes256-gcm@openssh.com (OpenSSH PROTOCOL 1.6, RFC 5647): packet_length is authenticated and in clear; the nonce is four
/// fixed bytes and a counter of packets, independent of the sequence number.
/// </summary>
internal sealed class SshAesGcm : SshCipher
{
    private const int NonceSize = 12;
    private const int FixedSize = 4;
    private const int Tag = 16;

    private readonly AesGcm _aes;
    private readonly byte[] _nonce;

    public SshAesGcm(ReadOnlySpan<byte> key, ReadOnlySpan<byte> iv)
    {
        _aes = new AesGcm(key, Tag);
        _nonce = iv[..NonceSize].ToArray();
    }

    public override int BlockSize => 16;

    public override int TagSize => Tag;

    public override bool LengthIsApart => true;

    public override long BytesPerKey => 1L << 36;

    public override bool TryOpen(uint sequence, Span<byte> packet)
    {
        Span<byte> body = packet[sizeof(uint)..^Tag];
        try
        {
            _aes.Decrypt(_nonce, body, packet[^Tag..], body, packet[..sizeof(uint)]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        Count();
        return true;
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        Span<byte> body = packet[sizeof(uint)..^Tag];
        _aes.Encrypt(_nonce, body, body, packet[^Tag..], packet[..sizeof(uint)]);
        Count();
    }

    public override void Dispose() => _aes.Dispose();

    /// <summary>RFC 5647 7.1: the invocation counter is the nonce's last eight bytes. Keys are changed long before it could wrap.</summary>
    private void Count()
    {
        Span<byte> counter = _nonce.AsSpan(FixedSize);
        BinaryPrimitives.WriteUInt64BigEndian(counter, BinaryPrimitives.ReadUInt64BigEndian(counter) + 1);
    }
}
