using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sallyport.Protocols.Postgres;

/// <summary>
/// Builds messages in a pooled buffer. Begin, fields, End; the length is patched in at End. Not thread-safe: each loop owns its own.
/// </summary>
public sealed class PgWriter : IDisposable
{
    private byte[] _buffer = [];
    private int _length;
    private int _lengthAt;

    /// <summary>What has been written.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>Bytes written.</summary>
    public int Length => _length;

    /// <summary>Forgets what was written, and gives a large buffer back.</summary>
    public void Clear()
    {
        _length = 0;
        if (_buffer.Length > 16 * 1024)
            Dispose();
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    /// <summary>Starts a message with a type.</summary>
    public PgWriter Begin(byte type)
    {
        Reserve(PgFrame.HeaderLength)[0] = type;
        _lengthAt = _length + 1;
        _length += PgFrame.HeaderLength;
        return this;
    }

    /// <summary>Starts a message without a type.</summary>
    public PgWriter BeginUntyped()
    {
        Reserve(4);
        _lengthAt = _length;
        _length += 4;
        return this;
    }

    /// <summary>Ends the message that was begun last.</summary>
    public void End() => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(_lengthAt), _length - _lengthAt);

    /// <summary>A message without a body.</summary>
    public void Empty(byte type)
    {
        Begin(type);
        End();
    }

    public PgWriter Byte(byte value)
    {
        Reserve(1)[0] = value;
        _length++;
        return this;
    }

    public PgWriter Int16(short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);
        _length += 2;
        return this;
    }

    public PgWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);
        _length += 4;
        return this;
    }

    public PgWriter Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        _length += value.Length;
        return this;
    }

    /// <summary>A zero-terminated string. A zero inside would end it early and is dropped.</summary>
    public PgWriter CString(ReadOnlySpan<byte> value)
    {
        foreach (byte b in value)
        {
            if (b != 0)
                Byte(b);
        }

        return Byte(0);
    }

    /// <summary>A zero-terminated UTF-8 string.</summary>
    public PgWriter CString(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        if (length > 256)
            return CString(Encoding.UTF8.GetBytes(value));

        Span<byte> bytes = stackalloc byte[length];
        Encoding.UTF8.GetBytes(value, bytes);
        return CString(bytes);
    }

    /// <summary>Room for <paramref name="count"/> more bytes; <see cref="Advance"/> says how many were used.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(1024, checked(_length + Math.Max(count, _length))));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            if (_buffer.Length > 0)
                ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsSpan(_length);
    }

    /// <summary>Takes back everything behind the first <paramref name="length"/> bytes.</summary>
    public void Truncate(int length) => _length = length;

    /// <summary>Takes <paramref name="count"/> bytes of the room that was reserved.</summary>
    public void Advance(int count) => _length += count;

    /// <summary>Writes over an Int32 that was written at <paramref name="offset"/>.</summary>
    public void PatchInt32(int offset, int value) => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(offset, 4), value);
}
