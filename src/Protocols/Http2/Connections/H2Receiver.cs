using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// What comes in on one connection, frame by frame (RFC 9113 6). A fault that concerns one stream resets it here; one that is returned ends the connection.
/// Belongs to the read loop.
/// </summary>
internal sealed class H2Receiver
{
    private static readonly HttpViolation Interrupted = new(H2ErrorCode.PROTOCOL_ERROR, "a field block was interrupted");
    private static readonly HttpViolation NoSettings = new(H2ErrorCode.PROTOCOL_ERROR, "the first frame is not SETTINGS");
    private static readonly HttpViolation NotBegun = new(H2ErrorCode.PROTOCOL_ERROR, "a CONTINUATION of nothing");
    private static readonly HttpViolation Endless = new(H2ErrorCode.ENHANCE_YOUR_CALM, "a field block without an end");
    private static readonly HttpViolation Resets = new(H2ErrorCode.ENHANCE_YOUR_CALM, "too many streams were reset");
    private static readonly HttpViolation Idling = new(H2ErrorCode.ENHANCE_YOUR_CALM, "too many frames that carry nothing");
    private static readonly HttpViolation Unread = new(H2ErrorCode.ENHANCE_YOUR_CALM, "answers that are asked for and not read");
    private static readonly HttpViolation Overrun = new(H2ErrorCode.FLOW_CONTROL_ERROR, "more DATA than the connection's window");
    private static readonly HttpViolation TooWide = new(H2ErrorCode.FLOW_CONTROL_ERROR, "a window larger than 2^31 - 1");
    private static readonly HttpViolation OnIdle = new(H2ErrorCode.PROTOCOL_ERROR, "a frame on an idle stream");
    private static readonly HttpViolation OnClosed = new(H2ErrorCode.STREAM_CLOSED, "a frame on a closed stream");

    /// <summary>Credit of fewer bytes costs more than it gives.</summary>
    private const int SmallCredit = 16;

    private readonly H2Connection _connection;
    private readonly HpackDecoder _decoder = new();
    private readonly HttpHead _head;
    private PendingBytes _block;
    private FloodMeter _idleFrames;
    private FloodMeter _resets;
    private int _blockStream;
    private bool _blockEnds;
    private bool _blockIsFaulty;
    private int _continuations;
    private bool _hasSettings;
    private long _unfinishedSince;
    private volatile bool _isAcknowledged;
    private bool _isResetFlood;

    public H2Receiver(H2Connection connection)
    {
        _connection = connection;
        _head = new HttpHead(connection.Limits.HeadBytes, connection.Limits.HeadFields);
        _idleFrames = new FloodMeter(connection.Limits.IdleFramesPerSecond);
        _resets = new FloodMeter(connection.Limits.ResetsPerSecond);
    }

    private HttpOutput Output => _connection.Output;

    /// <summary>Since when (<see cref="Environment.TickCount64"/>) a frame has begun that is not whole and is not DATA, or a head that is not; 0: none has. Any thread.</summary>
    public long UnfinishedSince => Volatile.Read(ref _unfinishedSince);

    /// <summary>The peer has taken up our SETTINGS (6.5.3). Any thread.</summary>
    public bool IsAcknowledged => _isAcknowledged;

    /// <summary>
    /// The peer has made us reset a stream: that counts as if it had done so itself (CVE-2025-8671). Resets for reasons of the other end are not its doing.
    /// </summary>
    public void CountReset()
    {
        if (!_resets.TryCount())
            _isResetFlood = true;
    }

    /// <summary>Takes every whole frame.</summary>
    public HttpViolation? Take(ReadOnlySpan<byte> buffer, out int consumed)
    {
        int block = _blockStream;
        HttpViolation? violation = TakeWhole(buffer, out consumed);
        ReadOnlySpan<byte> rest = buffer[consumed..];
        if (_blockStream == 0 && (rest.IsEmpty || (rest.Length >= H2FrameHeader.Size && rest[3] == (byte)H2FrameType.DATA)))
            Volatile.Write(ref _unfinishedSince, 0);
        else if (_unfinishedSince == 0 || (consumed > 0 && (block == 0 || block != _blockStream)))
            Volatile.Write(ref _unfinishedSince, Environment.TickCount64);
        return violation;
    }

    private HttpViolation? TakeWhole(ReadOnlySpan<byte> buffer, out int consumed)
    {
        consumed = 0;
        while (true)
        {
            ParseStatus status = H2Frames.TryRead(buffer[consumed..], H2Settings.LeastFrame, out H2FrameHeader header, out ReadOnlySpan<byte> payload, out H2Fault? fault);
            if (status == ParseStatus.Malformed && fault!.Scope == H2FaultScope.Connection)
                return fault.Violation;
            if (buffer.Length - consumed < H2FrameHeader.Size || buffer.Length - consumed < header.TotalLength)
                return null;
            consumed += header.TotalLength;
            HttpViolation? violation = status == ParseStatus.Malformed ? Skip(header, fault!) : Take(header, payload);
            if (violation is not null)
                return violation;
            if (_isResetFlood && _connection.IsServer)
                return Resets;
        }
    }

    private HttpViolation? Take(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (CheckOrder(header) is { } wrong)
            return wrong;
        return header.Type switch
        {
            H2FrameType.DATA => OnData(header, payload),
            H2FrameType.HEADERS => OnHeaders(header, payload),
            H2FrameType.PRIORITY => Faulty(H2Payloads.TryReadPriority(header, payload), header.StreamId) ?? CountIdle(),
            H2FrameType.RST_STREAM => OnReset(header, payload),
            H2FrameType.SETTINGS => OnSettings(header, payload),
            H2FrameType.PING => OnPing(header, payload),
            H2FrameType.GOAWAY => OnGoAway(payload),
            H2FrameType.WINDOW_UPDATE => OnWindowUpdate(header, payload),
            H2FrameType.CONTINUATION => OnContinuation(header, payload),
            _ => CountIdle(),
        };
    }

    private HttpViolation? Skip(H2FrameHeader header, H2Fault fault) => CheckOrder(header) ?? Faulty(fault, header.StreamId);

    /// <summary>"HEADERS … CONTINUATION frames MUST be transmitted as a contiguous sequence" (4.3); the preface ends in SETTINGS (3.4).</summary>
    private HttpViolation? CheckOrder(H2FrameHeader header)
    {
        if (_blockStream != 0 && (header.Type != H2FrameType.CONTINUATION || header.StreamId != _blockStream))
            return Interrupted;
        return _hasSettings || header.Type == H2FrameType.SETTINGS ? null : NoSettings;
    }

    private HttpViolation? OnData(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (H2Payloads.TryReadData(header, payload, out ReadOnlySpan<byte> data) is { } fault)
            return fault.Violation;
        if (!_connection.TryReceive(header.Length))
            return Overrun;
        bool end = header.EndsStream;
        if (data.IsEmpty && !end && CountIdle() is { } flood)
            return flood;
        if (_connection.Find(header.StreamId) is not { } stream)
        {
            Return(header.Length);
            return Missing(header.StreamId, end ? H2StreamEvent.ReceiveDataEnd : H2StreamEvent.ReceiveData);
        }

        H2ErrorCode wrong = H2ErrorCode.NO_ERROR;
        lock (Output.Gate)
        {
            stream.ReceiveWindow -= header.Length;
            if (stream.ReceiveWindow < 0)
                wrong = H2ErrorCode.FLOW_CONTROL_ERROR;
            else if (!stream.HasHead || !IsLengthRight(stream, data.Length, end))
                wrong = stream.State == H2StreamState.HalfClosedRemote ? H2ErrorCode.STREAM_CLOSED : H2ErrorCode.PROTOCOL_ERROR;
            else if (stream.Advance(end ? H2StreamEvent.ReceiveDataEnd : H2StreamEvent.ReceiveData) != H2Step.Go)
                wrong = H2ErrorCode.STREAM_CLOSED;
        }

        if (wrong != H2ErrorCode.NO_ERROR)
        {
            Return(header.Length);
            return StreamError(stream, wrong);
        }

        if (header.Length > data.Length)
            stream.Credit(header.Length - data.Length);
        stream.Exchange!.OnData(stream, data, end);
        return null;
    }

    /// <summary>"A request or response is also malformed if the value of a content-length header field does not equal the sum of the DATA frame payload lengths" (8.1.1).</summary>
    private static bool IsLengthRight(H2Stream stream, int length, bool end)
    {
        if (stream.ExpectedLength < 0)
            return true;
        stream.ExpectedLength -= length;
        return end ? stream.ExpectedLength == 0 : stream.ExpectedLength >= 0;
    }

    private HttpViolation? OnHeaders(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        H2Fault? fault = H2Payloads.TryReadHeaders(header, payload, out ReadOnlySpan<byte> fragment);
        if (fault is { Scope: H2FaultScope.Connection })
            return fault.Violation;
        _blockEnds = header.EndsStream;
        _blockIsFaulty = fault is not null;
        if (header.Has(H2Flags.END_HEADERS))
            return OnBlock(header.StreamId, fragment);
        _blockStream = header.StreamId;
        _continuations = 0;
        _block.Write(fragment);
        return null;
    }

    private HttpViolation? OnContinuation(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_blockStream == 0)
            return NotBegun;
        if (++_continuations > _connection.Limits.Continuations || _block.Length + payload.Length > 2 * _connection.Limits.HeadBytes)
            return Endless;
        _block.Write(payload);
        if (!header.Has(H2Flags.END_HEADERS))
            return null;
        int id = _blockStream;
        _blockStream = 0;
        HttpViolation? violation = OnBlock(id, _block.Bytes);
        _block.Clear();
        return violation;
    }

    private HttpViolation? OnBlock(int id, ReadOnlySpan<byte> block)
    {
        // Whatever becomes of the stream, the block is decoded: the table is the connection's (4.3).
        _head.Clear();
        HpackStatus status = _decoder.Decode(block, _head);
        if (status == HpackStatus.Failed)
            return _decoder.Violation;
        bool isTooLarge = status == HpackStatus.TooLarge;
        H2StreamEvent happens = _blockEnds ? H2StreamEvent.ReceiveHeadersEnd : H2StreamEvent.ReceiveHeaders;
        if (_connection.Find(id) is not { } stream)
        {
            return _connection.IsServer && _connection.Closed(id) == H2StreamState.Idle
                ? _connection.OnOpen(id, _head, _blockEnds, isTooLarge, _blockIsFaulty)
                : Missing(id, happens);
        }

        bool isTrailers = stream.HasHead;
        H2Step step;
        lock (Output.Gate)
            step = stream.Advance(happens);
        if (step != H2Step.Go)
            return Outcome(step, stream);
        if (isTooLarge || _blockIsFaulty)
            return StreamError(stream, H2ErrorCode.PROTOCOL_ERROR);
        if (isTrailers)
            return OnTrailers(stream);
        _connection.OnAnswer(stream, _head, _blockEnds);
        return null;
    }

    private HttpViolation? OnTrailers(H2Stream stream)
    {
        if (!_blockEnds || HeadRules.Trailers(_head, HeadForm.Http2) is not null || stream.ExpectedLength > 0)
            return StreamError(stream, H2ErrorCode.PROTOCOL_ERROR);
        stream.Exchange!.OnTrailers(stream, _head);
        return null;
    }

    private HttpViolation? OnReset(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        H2ErrorCode code = H2Payloads.ReadResetCode(payload);
        if (_connection.IsServer && !_resets.TryCount())
            return Resets;
        if (_connection.Find(header.StreamId) is not { } stream)
            return Missing(header.StreamId, H2StreamEvent.ReceiveReset);
        lock (Output.Gate)
            stream.Advance(H2StreamEvent.ReceiveReset);
        stream.Exchange?.OnReset(stream, code, untouched: code == H2ErrorCode.REFUSED_STREAM && !stream.HasHead);
        return null;
    }

    private HttpViolation? OnSettings(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        _hasSettings = true;
        if (CountIdle() is { } flood)
            return flood;
        if (header.Has(H2Flags.ACK))
        {
            _isAcknowledged = true;
            return null;
        }

        lock (Output.Gate)
        {
            if (_connection.TryApply(payload, out bool isTooWide) is { } fault)
                return fault.Violation;
            if (isTooWide)
                return TooWide;
            if (!_connection.TryAnswer(H2FrameHeader.Size))
                return Unread;
            Output.Advance(H2FrameWriter.WriteSettingsAck(Output.Reserve(H2FrameHeader.Size)));
        }

        Output.Touch();
        return null;
    }

    private HttpViolation? OnPing(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (CountIdle() is { } flood)
            return flood;
        if (header.Has(H2Flags.ACK))
            return null;
        lock (Output.Gate)
        {
            if (!_connection.TryAnswer(H2FrameHeader.Size + H2Payloads.PingSize))
                return Unread;
            Output.Advance(H2FrameWriter.WritePing(Output.Reserve(H2FrameHeader.Size + H2Payloads.PingSize), payload, ack: true));
        }

        Output.Touch();
        return null;
    }

    private HttpViolation? OnGoAway(ReadOnlySpan<byte> payload)
    {
        H2Payloads.ReadGoAway(payload, out int last, out H2ErrorCode code);
        _connection.OnGoAway(last, code);
        return CountIdle();
    }

    private HttpViolation? OnWindowUpdate(H2FrameHeader header, ReadOnlySpan<byte> payload)
    {
        H2Fault? fault = H2Payloads.TryReadWindowUpdate(header, payload, out int increment);
        if (fault is { Scope: H2FaultScope.Connection })
            return fault.Violation;
        if (increment < SmallCredit && CountIdle() is { } flood)
            return flood;
        if (header.StreamId == 0)
            return _connection.TryGrow(null, increment) ? null : TooWide;
        if (_connection.Find(header.StreamId) is not { } stream)
            return Missing(header.StreamId, H2StreamEvent.ReceiveWindowUpdate);
        if (fault is not null)
            return StreamError(stream, fault.Code);
        return _connection.TryGrow(stream, increment) ? null : StreamError(stream, H2ErrorCode.FLOW_CONTROL_ERROR);
    }

    /// <summary>Something came on a stream that is not open.</summary>
    private HttpViolation? Missing(int id, H2StreamEvent happens)
    {
        // "The first use of a new stream identifier implicitly closes all streams in the 'idle' state ... with a lower-valued stream identifier" (5.1.1): one that was never open cannot be opened any more.
        if (happens is H2StreamEvent.ReceiveHeaders or H2StreamEvent.ReceiveHeadersEnd && !_connection.WasOpen(id))
            return OnIdle;
        H2StreamState state = _connection.Closed(id);
        H2Step step = H2Streams.TryAdvance(_connection.IsServer, state, happens, out _);
        return step switch
        {
            H2Step.Go or H2Step.Ignore => null,
            H2Step.ConnectionProtocolError or H2Step.StreamProtocolError => OnIdle,
            H2Step.StreamClosed => ResetAgain(id, H2ErrorCode.STREAM_CLOSED),
            _ => OnClosed,
        };
    }

    private HttpViolation? Outcome(H2Step step, H2Stream stream) => step switch
    {
        H2Step.Go or H2Step.Ignore => null,
        H2Step.ConnectionClosed => OnClosed,
        H2Step.ConnectionProtocolError => OnIdle,
        H2Step.StreamClosed => StreamError(stream, H2ErrorCode.STREAM_CLOSED),
        _ => StreamError(stream, H2ErrorCode.PROTOCOL_ERROR),
    };

    private HttpViolation? Faulty(H2Fault? fault, int id)
    {
        if (fault is null)
            return null;
        if (fault.Scope == H2FaultScope.Connection)
            return fault.Violation;
        return _connection.Find(id) is { } stream ? StreamError(stream, fault.Code) : ResetAgain(id, fault.Code);
    }

    private HttpViolation? StreamError(H2Stream stream, H2ErrorCode code)
    {
        CountReset();
        stream.Reset(code);
        stream.Exchange?.OnReset(stream, code, untouched: false);
        return null;
    }

    private HttpViolation? ResetAgain(int id, H2ErrorCode code)
    {
        CountReset();
        lock (Output.Gate)
            _connection.WriteReset(id, code);

        Output.Touch();
        return null;
    }

    private void Return(int bytes)
    {
        lock (Output.Gate)
            _connection.Returned(bytes);
        Output.Touch();
    }

    private HttpViolation? CountIdle() => _idleFrames.TryCount() ? null : Idling;
}
