using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Recording;

/// <summary>Reads a payload. The first failure sticks and everything after it reads as empty: look at <see cref="Ok"/> once, at the end.</summary>
internal ref struct SpanReader
{
    private ReadOnlySpan<byte> _rest;

    public SpanReader(ReadOnlySpan<byte> source)
    {
        _rest = source;
        Ok = true;
    }

    public bool Ok { get; private set; }

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly int Left => _rest.Length;

    public byte U8()
    {
        ReadOnlySpan<byte> one = Raw(1);
        return Ok ? one[0] : (byte)0;
    }

    public ushort U16()
    {
        ReadOnlySpan<byte> two = Raw(2);
        return Ok ? BinaryPrimitives.ReadUInt16LittleEndian(two) : (ushort)0;
    }

    /// <summary>LEB128, at most 10 bytes, at most 63 bits: what does not fit a long fails.</summary>
    public long Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = U8();
            if (!Ok || (shift == 63 && next > 0))
                break;
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return (long)value;
        }

        Ok = false;
        _rest = default;
        return 0;
    }

    public ReadOnlySpan<byte> Raw(long count)
    {
        if (count < 0 || count > _rest.Length)
        {
            Ok = false;
            _rest = default;
            return default;
        }

        ReadOnlySpan<byte> bytes = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return bytes;
    }

    public ReadOnlySpan<byte> Bytes() => Raw(Varint());

    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>Keeps the failure of a check that the caller made.</summary>
    public void Require(bool condition) => Ok &= condition;
}
