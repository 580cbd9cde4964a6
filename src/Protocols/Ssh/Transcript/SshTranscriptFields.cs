using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Ssh.Transcript;

/// <summary>Fields of a message (RFC 4251 5); once one is not there, all are empty and <see cref="Ok"/> is false.</summary>
internal ref struct SshTranscriptFields(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool Ok { get; private set; } = true;

    public byte Byte() => Take(1) is { Length: 1 } one ? one[0] : (byte)0;

    public bool Bool() => Byte() != 0;

    public uint UInt32() => Take(4) is { Length: 4 } four ? BinaryPrimitives.ReadUInt32BigEndian(four) : 0;

    /// <summary>A size that fits where sizes are ints.</summary>
    public int Size() => (int)Math.Min(UInt32(), int.MaxValue);

    /// <summary>A string as text; one whose end was not kept is as long as what was.</summary>
    public string Text(int chars)
    {
        uint length = UInt32();
        ReadOnlySpan<byte> bytes = Take((int)Math.Min(length, (uint)_rest.Length));
        Ok &= bytes.Length == length;
        string text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 4 * chars)]);
        return text.Length <= chars ? text : text[..chars];
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (!Ok || count > _rest.Length)
        {
            Ok = false;
            _rest = default;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
