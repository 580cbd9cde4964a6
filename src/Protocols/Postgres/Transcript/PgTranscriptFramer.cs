using System.Buffers.Binary;

namespace Sallyport.Protocols.Postgres.Transcript;

/// <summary>Takes the messages of one direction, piece by piece.</summary>
internal interface IPgTranscriptMessages
{
    /// <summary>A message begins; <paramref name="length"/> is that of its body. False: it cannot be one.</summary>
    bool Begin(byte type, int length);

    /// <summary>The next bytes of the body.</summary>
    void Body(ReadOnlySpan<byte> bytes);

    /// <summary>The body is complete. False: it is not what its type says.</summary>
    bool End(DateTimeOffset time);
}

/// <summary>
/// Cuts one direction's bytes into messages without ever holding one:
/// <code>
/// Byte1 type | Int32 length, itself included | body          (PostgreSQL 55.7)
/// </code>
/// </summary>
internal sealed class PgTranscriptFramer
{
    // PQ_LARGE_MESSAGE_LIMIT, the most PostgreSQL itself takes or makes.
    private const int MaxLength = 0x3fffffff;

    private readonly IPgTranscriptMessages _messages;
    private readonly byte[] _header = new byte[5];
    private int _headerBytes;
    private int _left;
    private bool _inBody;

    public PgTranscriptFramer(IPgTranscriptMessages messages) => _messages = messages;

    /// <summary>Bytes of this direction so far.</summary>
    public long Offset { get; private set; }

    /// <summary>What made it stop; null while it goes on.</summary>
    public string? Violation { get; private set; }

    /// <summary>True when the bytes so far end between two messages.</summary>
    public bool AtBoundary => !_inBody && _headerBytes == 0;

    public void Feed(ReadOnlySpan<byte> bytes, DateTimeOffset time)
    {
        while (Violation is null && (bytes.Length > 0 || (_inBody && _left == 0)))
        {
            if (!_inBody)
                Header(ref bytes);
            else if (_left > 0)
                Body(ref bytes);
            else
                EndBody(time);
        }
    }

    private void Header(ref ReadOnlySpan<byte> bytes)
    {
        int take = Math.Min(bytes.Length, _header.Length - _headerBytes);
        bytes[..take].CopyTo(_header.AsSpan(_headerBytes));
        Advance(ref bytes, take);
        _headerBytes += take;
        if (_headerBytes < _header.Length)
            return;

        int length = BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(1));
        if (length is < 4 or > MaxLength)
            Violation = $"a message length of {length}";
        else if (!_messages.Begin(_header[0], length - 4))
            Violation = $"an unexpected message of type 0x{_header[0]:x2} and length {length}";
        _left = length - 4;
        _inBody = true;
        _headerBytes = 0;
    }

    private void Body(ref ReadOnlySpan<byte> bytes)
    {
        int take = Math.Min(bytes.Length, _left);
        _messages.Body(bytes[..take]);
        Advance(ref bytes, take);
        _left -= take;
    }

    private void EndBody(DateTimeOffset time)
    {
        _inBody = false;
        if (!_messages.End(time))
            Violation = $"a message of type 0x{_header[0]:x2} that is not one, or more than can be followed";
    }

    private void Advance(ref ReadOnlySpan<byte> bytes, int count)
    {
        bytes = bytes[count..];
        Offset += count;
    }
}
