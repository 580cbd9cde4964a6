using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>Reads the fields of a message body (PostgreSQL 55.6). The first failure sticks; look at <see cref="Ok"/> at the end.</summary>
internal ref struct PgTranscriptFields
{
    private ReadOnlySpan<byte> _rest;

    public PgTranscriptFields(ReadOnlySpan<byte> body)
    {
        _rest = body;
        Ok = true;
    }

    public bool Ok { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Nothing failed, and nothing is left.</summary>
    public readonly bool Done => Ok && _rest.IsEmpty;

    public byte Byte1()
    {
        ReadOnlySpan<byte> bytes = Take(1);
        return Ok ? bytes[0] : (byte)0;
    }

    public ushort Int16()
    {
        ReadOnlySpan<byte> bytes = Take(2);
        return Ok ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;
    }

    public int Int32()
    {
        ReadOnlySpan<byte> bytes = Take(4);
        return Ok ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;
    }

    /// <summary>A String: its bytes read as UTF-8, up to the zero byte.</summary>
    public string String()
    {
        int end = _rest.IndexOf((byte)0);
        ReadOnlySpan<byte> bytes = Take(end < 0 ? int.MaxValue : end + 1);
        return Ok ? Encoding.UTF8.GetString(bytes[..^1]) : "";
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            Ok = false;
            _rest = default;
            return default;
        }

        ReadOnlySpan<byte> bytes = _rest[..count];
        _rest = _rest[count..];
        return bytes;
    }
}
