using System.Buffers.Binary;
using System.Text.Unicode;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>
/// Reads one direction of a WebSocket connection without extensions (RFC 6455 5.2). Frames of any size stream through; only control frames are kept whole.
/// <code>
///   0                   1                   2                   3
///  |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
///  |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
///  |N|V|V|V|       |S|             |   (if payload len==126/127)   |
///  |                Masking-key, if MASK set to 1                  |
/// </code>
/// </summary>
/// <param name="fromClient">"The server MUST close the connection upon receiving a frame that is not masked … A client MUST close a connection if it detects a masked frame" (5.1).</param>
internal sealed class WebSocketFrameReader(bool fromClient, WebSocketLimits limits)
{
    private const int LargestControl = 125;

    private readonly byte[] _header = new byte[14];
    private readonly byte[] _control = new byte[LargestControl];
    private int _have;
    private bool _inPayload;
    private bool _isFinal;
    private WebSocketOpcode _opcode;
    private long _left;
    private long _length;
    private uint _key;

    private WebSocketOpcode _message;
    private bool _hasBegun;
    private long _messageLength;
    private int _fragments;
    private Utf8Stream _text;
    private bool _isClosed;

    /// <summary>Between two messages: the next byte begins a frame, and no message is under way.</summary>
    public bool IsBetweenMessages => _have == 0 && !_inPayload && _message == WebSocketOpcode.Continuation;

    /// <summary>Takes bytes off the buffer up to the end of the next slice.</summary>
    /// <param name="scratch">Gets the bytes of masked payloads; not empty. As long as a slice may be.</param>
    /// <param name="consumed">Bytes that are done with.</param>
    public WebSocketPart Read(ReadOnlySpan<byte> buffer, Span<byte> scratch, out int consumed, out WebSocketSlice slice, out WebSocketViolation? violation)
    {
        slice = default;
        violation = null;
        consumed = 0;
        while (!_inPayload)
        {
            if (consumed == buffer.Length)
                return WebSocketPart.None;
            violation = TakeHeader(buffer[consumed++]);
            if (violation is not null)
                return WebSocketPart.Malformed;
        }

        ReadOnlySpan<byte> rest = buffer[consumed..];
        if (rest.IsEmpty && _left > 0)
            return WebSocketPart.None;
        int count = (int)Math.Min(_left, Math.Min(rest.Length, _opcode >= WebSocketOpcode.Close || !fromClient ? int.MaxValue : scratch.Length));
        consumed += count;
        return _opcode >= WebSocketOpcode.Close
            ? TakeControl(rest[..count], out slice, out violation)
            : TakeData(rest[..count], scratch, out slice, out violation);
    }

    private static WebSocketViolation Wrong(string message) => new(WebSocketViolation.ProtocolError, message);

    private WebSocketViolation? TakeHeader(byte next)
    {
        _header[_have++] = next;
        if (_have == 1)
            return CheckFirst(next);
        if (_have == 2 && ((next & 0x80) != 0) != fromClient)
            return Wrong(fromClient ? "A client's frame is not masked." : "A server's frame is masked.");

        int code = _header[1] & 0x7f;
        if (_have == 2 && code > LargestControl && _opcode >= WebSocketOpcode.Close)
            return Wrong("A control frame is longer than 125 bytes.");
        int extended = code == 126 ? 2 : code == 127 ? 8 : 0;
        if (_have < 2 + extended + (fromClient ? 4 : 0))
            return null;

        ulong length = extended switch
        {
            0 => (uint)code,
            2 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
            _ => BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)),
        };
        // "the minimal number of bytes MUST be used to encode the length" (5.2)
        if ((extended == 2 && length < 126) || (extended == 8 && length <= ushort.MaxValue))
            return Wrong("A length is longer than it need be.");
        return Begin(length, fromClient ? BinaryPrimitives.ReadUInt32BigEndian(_header.AsSpan(2 + extended)) : 0);
    }

    private WebSocketViolation? CheckFirst(byte first)
    {
        _isFinal = (first & 0x80) != 0;
        _opcode = (WebSocketOpcode)(first & 0x0f);
        if (_isClosed)
            return Wrong("A frame follows the Close frame.");
        if ((first & 0x70) != 0)
            return Wrong("A reserved bit is set, and no extension was agreed on.");
        if (_opcode is not (<= WebSocketOpcode.Binary or >= WebSocketOpcode.Close and <= WebSocketOpcode.Pong))
            return Wrong("A reserved opcode.");
        if (_opcode >= WebSocketOpcode.Close)
            return _isFinal ? null : Wrong("A control frame is fragmented.");
        return (_opcode == WebSocketOpcode.Continuation) == _hasBegun ? null : Wrong("A message begins within another, or goes on without having begun.");
    }

    private WebSocketViolation? Begin(ulong length, uint key)
    {
        _have = 0;
        _inPayload = true;
        _key = key;
        if (_opcode < WebSocketOpcode.Close)
        {
            if (length > (ulong)(limits.Message - _messageLength) || ++_fragments > limits.Fragments)
                return new WebSocketViolation(WebSocketViolation.TooBig, "A message is too large.");
            _messageLength += (long)length;
        }

        _left = _length = (long)length;
        return null;
    }

    private WebSocketPart TakeData(ReadOnlySpan<byte> bytes, Span<byte> scratch, out WebSocketSlice slice, out WebSocketViolation? violation)
    {
        slice = default;
        violation = null;
        if (fromClient)
        {
            WebSocketMask.Apply(bytes, scratch, _key, _length - _left);
            bytes = scratch[..bytes.Length];
        }

        _left -= bytes.Length;
        _inPayload = _left > 0;
        bool begins = !_hasBegun;
        bool ends = _isFinal && _left == 0;
        if (begins)
        {
            _hasBegun = true;
            _message = _opcode;
            _text = default;
        }

        if (_message == WebSocketOpcode.Text && (!_text.TryTake(bytes) || (ends && !_text.IsWhole)))
        {
            violation = new WebSocketViolation(WebSocketViolation.InvalidPayload, "A text message is not UTF-8.");
            return WebSocketPart.Malformed;
        }

        slice = new WebSocketSlice(_message, bytes, begins, ends);
        if (ends)
        {
            _hasBegun = false;
            _message = WebSocketOpcode.Continuation;
            _messageLength = 0;
            _fragments = 0;
        }

        return WebSocketPart.Data;
    }

    private WebSocketPart TakeControl(ReadOnlySpan<byte> bytes, out WebSocketSlice slice, out WebSocketViolation? violation)
    {
        slice = default;
        violation = null;
        Span<byte> at = _control.AsSpan((int)(_length - _left));
        if (fromClient)
            WebSocketMask.Apply(bytes, at, _key, _length - _left);
        else
            bytes.CopyTo(at);
        _left -= bytes.Length;
        if (_left > 0)
            return WebSocketPart.None;

        _inPayload = false;
        ReadOnlySpan<byte> payload = _control.AsSpan(0, (int)_length);
        if (_opcode == WebSocketOpcode.Close)
        {
            _isClosed = true;
            violation = CheckClose(payload);
            if (violation is not null)
                return WebSocketPart.Malformed;
        }

        slice = new WebSocketSlice(_opcode, payload, begins: true, ends: true);
        return WebSocketPart.Control;
    }

    /// <summary>Nothing, or a code that may be sent (RFC 6455 7.4) and a reason in UTF-8.</summary>
    private static WebSocketViolation? CheckClose(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
            return null;
        ushort code = payload.Length < 2 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (code is not ((>= 1000 and <= 1003) or (>= 1007 and <= 1014) or (>= 3000 and <= 4999)))
            return Wrong("A close code that may not be sent.");
        return Utf8.IsValid(payload[2..]) ? null : new WebSocketViolation(WebSocketViolation.InvalidPayload, "The reason of a Close frame is not UTF-8.");
    }
}
