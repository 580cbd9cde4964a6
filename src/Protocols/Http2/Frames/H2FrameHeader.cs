using System.Buffers.Binary;

namespace Sallyport.Protocols.Http2.Frames;

/// <summary>
/// What stands before every frame (RFC 9113 4.1):
/// <code>
/// HTTP Frame {
///   Length (24),
///   Type (8),
///   Flags (8),
///   Reserved (1),
///   Stream Identifier (31),
///   Frame Payload (..),
/// }
/// </code>
/// "Reserved: ... The value of this bit MUST remain unset (0x00) when sending and MUST be ignored when receiving."
/// </summary>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="StreamId">31 bits; 0: the connection.</param>
internal readonly record struct H2FrameHeader(int Length, H2FrameType Type, byte Flags, int StreamId)
{
    /// <summary>Bytes of the header.</summary>
    public const int Size = 9;

    /// <summary>Header and payload.</summary>
    public int TotalLength => Size + Length;

    public bool Has(byte flag) => (Flags & flag) != 0;

    /// <summary>Whether it ends its stream's half (RFC 9113 5.1): only DATA and HEADERS can.</summary>
    public bool EndsStream => Type is H2FrameType.DATA or H2FrameType.HEADERS && Has(H2Flags.END_STREAM);

    /// <summary>Reads a header without consuming it.</summary>
    /// <returns>False: there are fewer than nine bytes.</returns>
    public static bool TryRead(ReadOnlySpan<byte> buffer, out H2FrameHeader header)
    {
        header = default;
        if (buffer.Length < Size)
            return false;
        uint lengthAndType = BinaryPrimitives.ReadUInt32BigEndian(buffer);
        header = new H2FrameHeader((int)(lengthAndType >> 8), (H2FrameType)(byte)lengthAndType, buffer[4], (int)(BinaryPrimitives.ReadUInt32BigEndian(buffer[5..]) & int.MaxValue));
        return true;
    }

    /// <summary>Writes it into the first nine bytes.</summary>
    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt32BigEndian(into, ((uint)Length << 8) | (byte)Type);
        into[4] = Flags;
        BinaryPrimitives.WriteUInt32BigEndian(into[5..], (uint)StreamId);
    }
}
