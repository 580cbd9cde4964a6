using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Recording;

/// <summary>Writes the payload of a record into a buffer that is known to be large enough.</summary>
internal ref struct SpanWriter
{
    /// <summary>Longest varint: 64 bits in groups of 7.</summary>
    public const int MaxVarint = 10;

    private readonly Span<byte> _target;

    public SpanWriter(Span<byte> target)
    {
        _target = target;
        Position = 0;
    }

    public int Position { get; private set; }

    public void U8(byte value) => _target[Position++] = value;

    public void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_target[Position..], value);
        Position += 2;
    }

    /// <summary>LEB128, unsigned, shortest form.</summary>
    public void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            U8((byte)(value | 0x80));
        U8((byte)value);
    }

    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_target[Position..]);
        Position += bytes.Length;
    }

    /// <summary>Length, then the bytes.</summary>
    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        Varint((ulong)bytes.Length);
        Raw(bytes);
    }

    /// <summary>Length in bytes, then UTF-8.</summary>
    public void Text(scoped ReadOnlySpan<char> text)
    {
        Varint((ulong)Encoding.UTF8.GetByteCount(text));
        Position += Encoding.UTF8.GetBytes(text, _target[Position..]);
    }
}
