using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Ssh;

/// <summary>Writes the data types of RFC 4251 5.</summary>
internal sealed class SshWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.WrittenMemory;

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public SshWriter Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
        return this;
    }

    public SshWriter Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public SshWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
        return this;
    }

    public SshWriter UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
        return this;
    }

    public SshWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    public SshWriter String(ReadOnlySpan<byte> bytes) => UInt32((uint)bytes.Length).Raw(bytes);

    public SshWriter String(string text) => String(Encoding.UTF8.GetBytes(text));

    /// <summary>A <c>name-list</c>.</summary>
    public SshWriter NameList(IEnumerable<string> names) => String(string.Join(',', names));

    /// <summary>A positive <c>mpint</c> of a magnitude, in its shortest form.</summary>
    public SshWriter Mpint(ReadOnlySpan<byte> magnitude)
    {
        magnitude = magnitude.TrimStart((byte)0);
        bool guard = !magnitude.IsEmpty && magnitude[0] >= 0x80;
        UInt32((uint)magnitude.Length + (guard ? 1u : 0u));
        return (guard ? Byte(0) : this).Raw(magnitude);
    }

    /// <summary>Begins a message.</summary>
    public SshWriter Begin(byte number)
    {
        _buffer.ResetWrittenCount();
        return Byte(number);
    }

    /// <summary>Forgets what was written, and wipes it: it was a secret.</summary>
    public void Wipe() => _buffer.Clear();
}
