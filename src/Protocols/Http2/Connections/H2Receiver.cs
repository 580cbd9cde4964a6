using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// What comes in on one connection, frame by frame (RFC 9113 6). A violation that concerns one stream resets it here; one that is returned ends the connection.
/// Belongs to the read loop.
/// </summary>
internal sealed class H2Receiver
{
    private readonly H2Connection _connection;
    private readonly HpackDecoder _decoder = new();
    private readonly HttpHead _head;
    private PendingBytes _block;
    private FloodMeter _idleFrames;
    private FloodMeter _resets;
    private uint _blockStream;
    private bool _blockEnds;
    private int _continuations;
    private bool _hasSettings;
    private volatile bool _isResetFlood;

    public H2Receiver(H2Connection connection)
    {
        _connection = connection;
        _head = new HttpHead(connection.Limits.HeadBytes, connection.Limits.HeadFields);
        _idleFrames = new FloodMeter(connection.Limits.IdleFramesPerSecond);
        _resets = new FloodMeter(connection.Limits.ResetsPerSecond);
    }

    private HttpOutput Output => _connection.Output;

    /// <summary>True while a head has begun and is not whole.</summary>
    public bool IsInsideHead => _blockStream != 0;

    /// <summary>We reset a stream: what makes us do so counts as resetting (CVE-2025-8671). Under the gate.</summary>
    public void CountReset()
    {
        if (!_resets.TryCount())
            _isResetFlood = true;
    }

    /// <summary>Takes every whole frame.</summary>
    public HttpViolation? Take(ReadOnlySpan<byte> buffer, out int consumed)
    {
        consumed = 0;
        while (true)
        {
            ParseStatus status = H2Frames.TryRead(buffer[consumed..], H2Settings.DefaultMaxFrameSize, out H2Frame frame, out HttpViolation? violation);
            if (status == ParseStatus.NeedMore)
                return null;
            if (status == ParseStatus.Malformed)
                return violation;
            consumed += H2FrameHeader.Size + frame.Payload.Length;
            if (Take(frame) is { } wrong)
                return wrong;
            if (_isResetFlood)
                return new HttpViolation(H2ErrorCode.ENHANCE_YOUR_CALM, "too many streams were reset");
        }
    }

    private HttpViolation? Take(in H2Frame frame)
    {
        if (_blockStream != 0 && (frame.Type != H2FrameType.CONTINUATION || frame.StreamId != _blockStream))
            return Violation(H2ErrorCode.PROTOCOL_ERROR, "a header block was interrupted (6.2)");
        if (!_hasSettings && frame.Type != H2FrameType.SETTINGS)
            return Violation(H2ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS (3.4)");
        return frame.Type switch
        {
            H2FrameType.DATA => OnData(frame),
            H2FrameType.HEADERS => OnHeaders(frame),
            H2FrameType.PRIORITY => OnPriority(frame),
            H2FrameType.RST_STREAM => OnReset(frame),
            H2FrameType.SETTINGS => OnSettings(frame),
            H2FrameType.PUSH_PROMISE => Violation(H2ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE, which nobody asked for (8.4)"),
            H2FrameType.PING => OnPing(frame),
            H2FrameType.GOAWAY => OnGoAway(frame),
            H2FrameType.WINDOW_UPDATE => OnWindowUpdate(frame),
            H2FrameType.CONTINUATION => OnContinuation(frame),
            _ => CountIdle(),
        };
    }

    private HttpViolation? OnData(in H2Frame frame)
    {
        if (!H2Frames.TryReadData(frame, out ReadOnlySpan<byte> data, out HttpViolation? violation))
            return violation;
        if (!_connection.TryReceive(frame.Payload.Length))
            return Violation(H2ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the connection's window (6.9.1)");
        int padding = frame.Payload.Length - data.Length;
        bool end = frame.Flags.HasFlag(H2Flags.END_STREAM);
        if (data.IsEmpty && !end && CountIdle() is { } flood)
            return flood;
        if (_connection.Find(frame.StreamId) is not { } stream)
        {
            Return(frame.Payload.Length);
            return OnClosed(frame.StreamId, "DATA");
        }

        bool legal;
        bool fits = true;
        lock (Output.Gate)
        {
            legal = stream.State is H2StreamState.Open or H2StreamState.HalfClosedLocal && stream.HasHead;
            if (legal)
            {
                stream.ReceiveWindow -= frame.Payload.Length;
                fits = stream.ReceiveWindow >= 0;
            }
        }

        if (!legal || !fits)
        {
            Return(frame.Payload.Length);
            return StreamError(stream, fits ? H2ErrorCode.STREAM_CLOSED : H2ErrorCode.FLOW_CONTROL_ERROR);
        }

        if (stream.ExpectedLength >= 0)
        {
            stream.ExpectedLength -= data.Length;
            if (stream.ExpectedLength < 0 || (end && stream.ExpectedLength > 0))
            {
                Return(frame.Payload.Length);
                return StreamError(stream, H2ErrorCode.PROTOCOL_ERROR);
            }
        }

        if (padding > 0)
            stream.Credit(padding);
        if (end)
            End(stream);
        stream.Exchange!.OnData(stream, data, end);
        return null;
    }

    private HttpViolation? OnHeaders(in H2Frame frame)
    {
        if (!H2Frames.TryReadHeaders(frame, out H2HeadersBody headers, out HttpViolation? violation))
            return violation;
        if (headers.DependsOn == frame.StreamId)
            return Violation(H2ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself");
        _blockEnds = frame.Flags.HasFlag(H2Flags.END_STREAM);
        if (frame.Flags.HasFlag(H2Flags.END_HEADERS))
            return OnBlock(frame.StreamId, headers.Fragment);
        _blockStream = frame.StreamId;
        _continuations = 0;
        _block.Write(headers.Fragment);
        return null;
    }

    private HttpViolation? OnContinuation(in H2Frame frame)
    {
        if (_blockStream == 0)
            return Violation(H2ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing (6.10)");
        if (++_continuations > _connection.Limits.Continuations || _block.Length + frame.Payload.Length > 2 * _connection.Limits.HeadBytes)
            return Violation(H2ErrorCode.ENHANCE_YOUR_CALM, "a header block without an end");
        _block.Write(frame.Payload);
        if (!frame.Flags.HasFlag(H2Flags.END_HEADERS))
            return null;
        uint id = _blockStream;
        _blockStream = 0;
        HttpViolation? violation = OnBlock(id, _block.Bytes);
        _block.Clear();
        return violation;
    }

    private HttpViolation? OnBlock(uint id, ReadOnlySpan<byte> block)
    {
        // Whatever becomes of the stream, the block is decoded: the table is the connection's (4.3).
        _head.Clear();
        HpackStatus status = _decoder.Decode(block, _head);
        if (status == HpackStatus.Malformed)
            return _decoder.Violation;
        bool isTooLarge = status == HpackStatus.TooLarge;
        if (_connection.Find(id) is not { } stream)
        {
            return _connection.Closed(id) == ClosedState.Idle && _connection.IsServer
                ? _connection.OnHead(id, _head, _blockEnds, isTooLarge)
                : OnClosed(id, "HEADERS");
        }

        if (stream.State is not (H2StreamState.Open or H2StreamState.HalfClosedLocal))
            return StreamError(stream, H2ErrorCode.STREAM_CLOSED);
        if (isTooLarge)
            return StreamError(stream, H2ErrorCode.PROTOCOL_ERROR);
        if (!stream.HasHead)
            return _connection.OnHead(id, _head, _blockEnds, isTooLarge);
        return OnTrailers(stream);
    }

    private HttpViolation? OnTrailers(H2Stream stream)
    {
        if (!_blockEnds || HeadRules.CheckTrailers(_head) is not null || stream.ExpectedLength > 0)
            return StreamError(stream, H2ErrorCode.PROTOCOL_ERROR);
        End(stream);
        stream.Exchange!.OnTrailers(stream, _head);
        return null;
    }

    private HttpViolation? OnPriority(in H2Frame frame)
    {
        if (!H2Frames.TryReadPriority(frame, out uint dependsOn, out HttpViolation? violation))
            return violation;
        if (dependsOn == frame.StreamId)
            return Violation(H2ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself");
        return CountIdle();
    }

    private HttpViolation? OnReset(in H2Frame frame)
    {
        if (!H2Frames.TryReadReset(frame, out H2ErrorCode code, out HttpViolation? violation))
            return violation;
        if (_connection.IsServer && !_resets.TryCount())
            return Violation(H2ErrorCode.ENHANCE_YOUR_CALM, "too many streams were reset");
        if (_connection.Find(frame.StreamId) is not { } stream)
            return _connection.Closed(frame.StreamId) == ClosedState.Idle ? Violation(H2ErrorCode.PROTOCOL_ERROR, "RST_STREAM of an idle stream (6.4)") : null;
        lock (Output.Gate)
            stream.TryAdvance(H2StreamEvent.ReceiveReset);
        stream.Exchange?.OnReset(stream, code, untouched: code == H2ErrorCode.REFUSED_STREAM && !stream.HasHead);
        return null;
    }

    private HttpViolation? OnSettings(in H2Frame frame)
    {
        if (!H2Frames.TryReadSettings(frame, out bool isAck, out HttpViolation? violation))
            return violation;
        _hasSettings = true;
        if (CountIdle() is { } flood)
            return flood;
        if (isAck)
            return null;
        lock (Output.Gate)
        {
            int window = (int)_connection.Peer.InitialWindowSize;
            uint table = _connection.Peer.HeaderTableSize;
            if (_connection.Peer.Apply(frame.Payload) is { } wrong)
                return wrong;
            if (!_connection.TryShiftWindows((int)_connection.Peer.InitialWindowSize - window))
                return Violation(H2ErrorCode.FLOW_CONTROL_ERROR, "a window larger than it may be (6.9.2)");
            if (_connection.Peer.HeaderTableSize != table)
                _connection.LimitTable(_connection.Peer.HeaderTableSize);
            if (!_connection.TryAnswer(H2FrameHeader.Size))
                return Violation(H2ErrorCode.ENHANCE_YOUR_CALM, "SETTINGS whose acknowledgements are not read");
            Output.Advance(H2FrameWriter.WriteSettingsAck(Output.Reserve(H2FrameHeader.Size)));
        }

        Output.Touch();
        _connection.OnSettings();
        return null;
    }

    private HttpViolation? OnPing(in H2Frame frame)
    {
        if (!H2Frames.TryReadPing(frame, out bool isAck, out HttpViolation? violation))
            return violation;
        if (isAck)
            return CountIdle();
        if (CountIdle() is { } flood)
            return flood;
        lock (Output.Gate)
        {
            if (!_connection.TryAnswer(H2FrameWriter.PingSize))
                return Violation(H2ErrorCode.ENHANCE_YOUR_CALM, "PING whose answers are not read");
            Output.Advance(H2FrameWriter.WritePing(Output.Reserve(H2FrameWriter.PingSize), frame.Payload, isAck: true));
        }

        Output.Touch();
        return null;
    }

    private HttpViolation? OnGoAway(in H2Frame frame)
    {
        if (!H2Frames.TryReadGoAway(frame, out uint last, out H2ErrorCode code, out HttpViolation? violation))
            return violation;
        _connection.OnGoAway(last, code);
        return null;
    }

    private HttpViolation? OnWindowUpdate(in H2Frame frame)
    {
        if (!H2Frames.TryReadWindowUpdate(frame, out uint increment, out HttpViolation? violation))
            return violation;
        if (increment < 16 && CountIdle() is { } flood)
            return flood;
        if (frame.StreamId == 0)
        {
            if (increment == 0)
                return Violation(H2ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing (6.9)");
            return _connection.TryGrow(null, (int)increment) ? null : Violation(H2ErrorCode.FLOW_CONTROL_ERROR, "a window larger than it may be (6.9.1)");
        }

        if (_connection.Find(frame.StreamId) is not { } stream)
            return _connection.Closed(frame.StreamId) == ClosedState.Idle ? Violation(H2ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of an idle stream (5.1)") : null;
        if (increment == 0)
            return StreamError(stream, H2ErrorCode.PROTOCOL_ERROR);
        return _connection.TryGrow(stream, (int)increment) ? null : StreamError(stream, H2ErrorCode.FLOW_CONTROL_ERROR);
    }

    /// <summary>The peer's half is over.</summary>
    private void End(H2Stream stream)
    {
        lock (Output.Gate)
            stream.TryAdvance(H2StreamEvent.ReceiveEnd);
    }

    /// <summary>Something came on a stream that is not open (5.1, "closed").</summary>
    private HttpViolation? OnClosed(uint id, string what) => _connection.Closed(id) switch
    {
        ClosedState.ByOurReset => null,
        ClosedState.Idle => Violation(H2ErrorCode.PROTOCOL_ERROR, $"{what} on an idle stream (5.1)"),
        _ => Violation(H2ErrorCode.STREAM_CLOSED, $"{what} on a closed stream (5.1)"),
    };

    private HttpViolation? StreamError(H2Stream stream, H2ErrorCode code)
    {
        stream.Reset(code);
        stream.Exchange?.OnReset(stream, code, untouched: false);
        return null;
    }

    private void Return(int bytes)
    {
        lock (Output.Gate)
            _connection.Returned(bytes);
        Output.Touch();
    }

    private HttpViolation? CountIdle() => _idleFrames.TryCount() ? null : Violation(H2ErrorCode.ENHANCE_YOUR_CALM, "too many frames that carry nothing");

    private static HttpViolation Violation(H2ErrorCode code, string message) => new(code, message);
}
