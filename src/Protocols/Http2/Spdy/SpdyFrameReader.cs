using System.Buffers.Binary;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Spdy;

/// <summary>
/// Reads one direction of a SPDY/3.1 connection (draft 3.1, 2.2). Data streams through; control frames are kept whole, so that one can be judged before it is
/// passed on.
/// <code>
///  |C| Version(15bits) | Type(16bits) |     |C|       Stream-ID (31bits)       |
///  | Flags (8)  |  Length (24 bits)   |     | Flags (8)  |  Length (24 bits)   |
/// </code>
/// </summary>
internal sealed class SpdyFrameReader(SpdyLimits limits)
{
    private const int HeaderLength = 8;
    private const ushort Version = 3;

    private readonly SpdyHeaderReader _headers = new(limits);
    private readonly HttpHead _head = new(limits.HeaderBlock + (limits.Fields * HttpHead.FieldOverhead), limits.Fields);
    private byte[] _frame = new byte[256];
    private int _have;
    private uint _stream;
    private int _length;
    private int _left = -1;
    private bool _isFinal;

    /// <summary>The next byte begins a frame.</summary>
    public bool IsBetweenFrames => _have == 0 && _left < 0;

    /// <summary>Takes bytes off the buffer up to the next frame, or piece of one.</summary>
    /// <param name="consumed">Bytes that are done with; a control frame that is not whole yet is kept here.</param>
    /// <param name="violation">Fixed words, when it is malformed.</param>
    public SpdyPart Read(ReadOnlySpan<byte> buffer, out int consumed, out SpdyFrame frame, out string? violation)
    {
        frame = default;
        violation = null;
        consumed = 0;
        if (_left < 0)
        {
            if (!TryKeep(buffer, HeaderLength, ref consumed))
                return SpdyPart.None;
            if ((_frame[0] & 0x80) != 0)
                return ReadControl(buffer, ref consumed, out frame, out violation);
            _stream = BinaryPrimitives.ReadUInt32BigEndian(_frame);
            _isFinal = (_frame[4] & 0x01) != 0;
            _left = _length = (int)(BinaryPrimitives.ReadUInt32BigEndian(_frame.AsSpan(4)) & 0xffffff);
            if (_stream == 0 || (_frame[4] & 0xfe) != 0)
                return Fail("A data frame of no stream, or with flags that there are not.", out violation);
        }

        int count = Math.Min(_left, buffer.Length - consumed);
        if (count == 0 && _left > 0)
            return SpdyPart.None;
        bool begins = _left == _length;
        _left -= count;
        frame = new SpdyFrame
        {
            Type = SpdyFrameType.DATA,
            StreamId = _stream,
            Bytes = buffer.Slice(consumed, count),
            Begins = begins,
            FrameLength = _length,
            IsFinal = _isFinal && _left == 0,
        };
        consumed += count;
        if (_left == 0)
        {
            _left = -1;
            _have = 0;
        }

        return SpdyPart.Data;
    }

    private static SpdyPart Fail(string message, out string? violation)
    {
        violation = message;
        return SpdyPart.Malformed;
    }

    /// <summary>Keeps bytes until there are <paramref name="count"/>.</summary>
    private bool TryKeep(ReadOnlySpan<byte> buffer, int count, scoped ref int consumed)
    {
        int more = Math.Min(count - _have, buffer.Length - consumed);
        if (more > 0)
        {
            if (_frame.Length < _have + more)
                Array.Resize(ref _frame, Math.Max(_frame.Length * 2, _have + more));
            buffer.Slice(consumed, more).CopyTo(_frame.AsSpan(_have));
            _have += more;
            consumed += more;
        }

        return _have >= count;
    }

    private SpdyPart ReadControl(ReadOnlySpan<byte> buffer, scoped ref int consumed, out SpdyFrame frame, out string? violation)
    {
        frame = default;
        violation = null;
        var type = (SpdyFrameType)BinaryPrimitives.ReadUInt16BigEndian(_frame.AsSpan(2));
        int length = (int)(BinaryPrimitives.ReadUInt32BigEndian(_frame.AsSpan(4)) & 0xffffff);
        if ((BinaryPrimitives.ReadUInt16BigEndian(_frame) & 0x7fff) != Version)
            return Fail("A control frame is not of version 3.", out violation);
        if (length > limits.ControlFrame)
            return Fail("A control frame is too long.", out violation);
        if (!TryKeep(buffer, HeaderLength + length, ref consumed))
            return SpdyPart.None;
        _have = 0;
        return TryParse(type, _frame[4], HeaderLength + length, out frame) ? SpdyPart.Control : Fail("A control frame is malformed, or of a type that there is not.", out violation);
    }

    private bool TryParse(SpdyFrameType type, byte flags, int end, out SpdyFrame frame)
    {
        frame = default;
        ReadOnlySpan<byte> body = _frame.AsSpan(HeaderLength..end);
        // The block begins behind the stream's id; that of a SYN_STREAM behind the associated stream, priority and slot.
        int block = type switch
        {
            SpdyFrameType.SYN_STREAM => 10,
            SpdyFrameType.SYN_REPLY or SpdyFrameType.HEADERS => 4,
            _ => 0,
        };
        bool isLegal = type switch
        {
            SpdyFrameType.SYN_STREAM => body.Length > block && flags <= 0x03,
            SpdyFrameType.SYN_REPLY or SpdyFrameType.HEADERS => body.Length > block && flags <= 0x01,
            SpdyFrameType.RST_STREAM or SpdyFrameType.GOAWAY or SpdyFrameType.WINDOW_UPDATE => body.Length == 8 && flags == 0,
            SpdyFrameType.PING => body.Length == 4 && flags == 0,
            // Number of entries, and eight bytes each.
            SpdyFrameType.SETTINGS => body.Length >= 4 && flags <= 0x01 && BinaryPrimitives.ReadUInt32BigEndian(body) * 8L == body.Length - 4,
            _ => false,
        };
        if (!isLegal)
            return false;

        uint first = BinaryPrimitives.ReadUInt32BigEndian(body) & 0x7fffffff;
        bool isOfStream = block > 0 || type == SpdyFrameType.RST_STREAM;
        if (isOfStream && first == 0)
            return false;
        if (block > 0 && !_headers.TryRead(new ArraySegment<byte>(_frame, HeaderLength + block, body.Length - block), _head))
            return false;
        frame = new SpdyFrame
        {
            Type = type,
            StreamId = isOfStream || type == SpdyFrameType.WINDOW_UPDATE ? first : 0,
            IsFinal = block > 0 && (flags & 0x01) != 0,
            IsUnidirectional = type == SpdyFrameType.SYN_STREAM && (flags & 0x02) != 0,
            Number = type switch
            {
                SpdyFrameType.RST_STREAM or SpdyFrameType.WINDOW_UPDATE => BinaryPrimitives.ReadUInt32BigEndian(body[4..]),
                SpdyFrameType.PING => BinaryPrimitives.ReadUInt32BigEndian(body),
                SpdyFrameType.GOAWAY => first,
                _ => 0,
            },
            Headers = block > 0 ? _head : null,
            Bytes = _frame.AsSpan(0, end),
        };
        return true;
    }
}
