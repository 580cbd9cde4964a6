using System.Buffers.Binary;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// AES-CTR with a MAC over the plain packet (RFC 4253 6.4): everything is encrypted, so that the first block must be decrypted to know how long the packet
/// is, before the MAC can be checked. Nothing but that length is believed until it has been.
/// </summary>
internal sealed class SshAesCtrMac(AesCtr aes, SshMac mac) : SshCipher
{
    private const int Block = 16;

    public override int BlockSize => Block;

    public override int TagSize { get; } = mac.Size;

    public override bool LengthIsApart => false;

    public override int HeadSize => Block;

    public override long BytesPerKey => 1L << 36;

    public override uint ReadLength(uint sequence, Span<byte> head)
    {
        aes.Transform(head);
        return BinaryPrimitives.ReadUInt32BigEndian(head);
    }

    public override bool TryOpen(uint sequence, Span<byte> packet)
    {
        Span<byte> plain = packet[..^TagSize];
        aes.Transform(plain[Block..]);
        return mac.IsRight(sequence, plain, packet[^TagSize..]);
    }

    public override void Seal(uint sequence, Span<byte> packet)
    {
        Span<byte> plain = packet[..^TagSize];
        mac.Compute(sequence, plain, packet[^TagSize..]);
        aes.Transform(plain);
    }

    public override void Dispose()
    {
        aes.Dispose();
        mac.Dispose();
    }
}
