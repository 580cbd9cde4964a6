using System.Buffers.Binary;
using System.Text;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh.Keys;

/// <summary>
/// Reads the data types of RFC 4251 5 from keys, certificates and lists of revoked keys. Failure is sticky, as in <see cref="SpanReader"/>: what was read is
/// checked once, at the end.
/// </summary>
internal ref struct KeyReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private SpanReader _reader = new(bytes);
    private bool _failed;

    /// <summary>True once something was not there, or not as it must be.</summary>
    public readonly bool Failed => _failed || _reader.Failed;

    /// <summary>True when everything was read and nothing failed.</summary>
    public readonly bool AtEnd => !Failed && _reader.Rest.IsEmpty;

    /// <summary>True while there is more to read: the condition of every loop over a list.</summary>
    public readonly bool HasMore => !Failed && !_reader.Rest.IsEmpty;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Left => _reader.Rest.Length;

    public byte ReadByte() => _reader.ReadByte();

    public uint ReadUInt32() => (uint)_reader.ReadInt32();

    public ulong ReadUInt64()
    {
        ReadOnlySpan<byte> value = _reader.ReadBytes(8);
        return value.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64BigEndian(value);
    }

    public ReadOnlySpan<byte> ReadBytes(int count) => _reader.ReadBytes(count);

    /// <summary>A <c>string</c>: a length that reaches past the end fails.</summary>
    public ReadOnlySpan<byte> ReadString()
    {
        uint length = ReadUInt32();
        return length > int.MaxValue ? Fail() : _reader.ReadBytes((int)length);
    }

    /// <summary>A <c>string</c> of exactly that many bytes.</summary>
    public ReadOnlySpan<byte> ReadString(int length)
    {
        ReadOnlySpan<byte> value = ReadString();
        return Failed || value.Length == length ? value : Fail();
    }

    /// <summary>A <c>string</c> that is text: UTF-8 without a zero byte, which would end it for others.</summary>
    public string ReadText(int longest)
    {
        ReadOnlySpan<byte> value = ReadString();
        if (Failed || value.Length > longest || value.Contains((byte)0) || !System.Text.Unicode.Utf8.IsValid(value))
        {
            _failed = true;
            return "";
        }

        return Strict.GetString(value);
    }

    /// <summary>True when the next <c>string</c> is this one.</summary>
    public bool ReadExpected(ReadOnlySpan<byte> expected)
    {
        bool same = ReadString().SequenceEqual(expected) && !Failed;
        _failed |= !same;
        return same;
    }

    /// <summary>A positive <c>mpint</c> in its one right form, without the zero that keeps it positive. A negative one, zero, or needless leading zeros fail.</summary>
    public ReadOnlySpan<byte> ReadMpint()
    {
        ReadOnlySpan<byte> value = ReadString();
        if (Failed || value.IsEmpty || value[0] >= 0x80)
            return Fail();
        if (value[0] != 0)
            return value;
        return value.Length > 1 && value[1] >= 0x80 ? value[1..] : Fail();
    }

    private ReadOnlySpan<byte> Fail()
    {
        _failed = true;
        return default;
    }
}
