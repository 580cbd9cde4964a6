using System.Buffers.Binary;

namespace Sallyport.Protocols.Wire;

/// <summary>
/// Reads big-endian fields from a message body. Failure is sticky: after the first read past the end every read gives
/// its default and <see cref="Failed"/> stays true, so a message is checked once, after its last field.
/// </summary>
public ref struct SpanReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;

    /// <summary>True once a read went past the end.</summary>
    public bool Failed { get; private set; }

    /// <summary>Bytes not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>True when everything was read and nothing failed.</summary>
    public readonly bool AtEnd => !Failed && _rest.IsEmpty;

    /// <summary>One byte.</summary>
    public byte ReadByte()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(1);
        return bytes.IsEmpty ? (byte)0 : bytes[0];
    }

    /// <summary>A signed 16-bit integer.</summary>
    public short ReadInt16()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(2);
        return bytes.IsEmpty ? (short)0 : BinaryPrimitives.ReadInt16BigEndian(bytes);
    }

    /// <summary>A signed 32-bit integer.</summary>
    public int ReadInt32()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(4);
        return bytes.IsEmpty ? 0 : BinaryPrimitives.ReadInt32BigEndian(bytes);
    }

    /// <summary>Exactly <paramref name="count"/> bytes; empty and failed when there are fewer, or when the count is negative.</summary>
    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (Failed || (uint)count > (uint)_rest.Length)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }

    /// <summary>Bytes up to a terminating zero, which is consumed and not returned; failed when there is none.</summary>
    public ReadOnlySpan<byte> ReadCString()
    {
        int zero = Failed ? -1 : _rest.IndexOf((byte)0);
        if (zero < 0)
        {
            Failed = true;
            return default;
        }

        ReadOnlySpan<byte> text = _rest[..zero];
        _rest = _rest[(zero + 1)..];
        return text;
    }
}
