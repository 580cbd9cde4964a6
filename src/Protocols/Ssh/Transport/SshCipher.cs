using System.Buffers.Binary;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>
/// Encryption and authentication of one direction between two key exchanges. A packet (RFC 4253 6) lies whole in one span, its tag behind it:
/// <code>
///   uint32 packet_length | byte padding_length | payload | padding | tag
/// </code>
/// Not thread-safe: a direction has one owner.
/// </summary>
internal abstract class SshCipher : IDisposable
{
    /// <summary>What packets are padded to.</summary>
    public abstract int BlockSize { get; }

    public abstract int TagSize { get; }

    /// <summary>True where packet_length is not encrypted with the rest, and so is not counted when padding is measured.</summary>
    public abstract bool LengthIsApart { get; }

    /// <summary>How many bytes <see cref="ReadLength"/> needs.</summary>
    public virtual int HeadSize => sizeof(uint);

    /// <summary>Bytes that one key may encrypt (RFC 4344 3.2): 2^(L/4) blocks of L bits, 1 GiB where blocks are of 64 bits.</summary>
    public abstract long BytesPerKey { get; }

    /// <summary>packet_length, not authenticated yet. Called once for a packet; may decrypt the head in place.</summary>
    public virtual uint ReadLength(uint sequence, Span<byte> head) => BinaryPrimitives.ReadUInt32BigEndian(head);

    /// <summary>Authenticates a packet, and only then decrypts it in place.</summary>
    public abstract bool TryOpen(uint sequence, Span<byte> packet);

    /// <summary>Encrypts a packet in place and writes its tag.</summary>
    public abstract void Seal(uint sequence, Span<byte> packet);

    public abstract void Dispose();

    /// <summary>How much padding a payload gets: at least 4 bytes, to a multiple of the block, and never a packet of less than 16 bytes (RFC 4253 6).</summary>
    public int Padding(int payload)
    {
        int unpadded = (LengthIsApart ? 0 : sizeof(uint)) + 1 + payload;
        int padding = BlockSize - unpadded % BlockSize;
        if (padding < SshPacket.MinPadding)
            padding += BlockSize;
        while (sizeof(uint) + 1 + payload + padding < SshPacket.MinSize)
            padding += BlockSize;
        return padding;
    }
}

/// <summary>Before the first keys: nothing is encrypted.</summary>
internal sealed class SshNoCipher : SshCipher
{
    public override int BlockSize => 8;

    public override int TagSize => 0;

    public override bool LengthIsApart => false;

    public override long BytesPerKey => long.MaxValue;

    public override bool TryOpen(uint sequence, Span<byte> packet) => true;

    public override void Seal(uint sequence, Span<byte> packet)
    {
        // RFC 4253 6.3: the encryption is "none" at first.
    }

    public override void Dispose()
    {
        // Holds no key.
    }
}
