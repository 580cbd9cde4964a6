using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Ssh.Transport;

/// <summary>Writes the data types of RFC 4251 5, for messages that are not on the data path. Grows; a message is built once and then sent or hashed.</summary>
internal sealed class SshWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public SshWriter Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
        return this;
    }

    public SshWriter Boolean(bool value) => Byte(value ? (byte)1 : (byte)0);

    public SshWriter UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public SshWriter String(ReadOnlySpan<byte> value) => UInt32((uint)value.Length).Raw(value);

    /// <summary>A string in UTF-8.</summary>
    public SshWriter String(string value) => String(Encoding.UTF8.GetBytes(value));

    public SshWriter NameList(IEnumerable<string> names) => String(string.Join(',', names));

    /// <summary>An unsigned big-endian number as an mpint: no leading zeros, and one zero byte where the first bit is set.</summary>
    public SshWriter Mpint(ReadOnlySpan<byte> number)
    {
        number = number.TrimStart((byte)0);
        bool signBit = !number.IsEmpty && number[0] >= 0x80;
        UInt32((uint)number.Length + (signBit ? 1u : 0u));
        if (signBit)
            Byte(0);
        return Raw(number);
    }

    public SshWriter Raw(ReadOnlySpan<byte> value)
    {
        _bytes.Write(value);
        return this;
    }
}
