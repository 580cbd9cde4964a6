using System.Buffers;
using System.IO.Pipelines;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Hpack;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// One connection that speaks HTTP/2 (RFC 9113), of either role:
/// (1) read; (2) every whole frame that is there, by <see cref="H2Receiver"/>; (3) one send for each peer that got something; (4) again.
/// It never waits for anything but its own peer's bytes.
/// </summary>
internal abstract class H2Connection : IHttpOutputOwner
{
    /// <summary>RFC 9113 6.9.1.</summary>
    private const int LargestWindow = int.MaxValue;

    private readonly IDuplex _duplex;
    private readonly Dictionary<int, H2Stream> _streams = [];
    private readonly Queue<H2Stream> _waiting = [];
    private readonly List<(H2Stream Stream, int Bytes)> _drained = [];
    private readonly List<(H2Stream Stream, int Bytes)> _credited = [];
    private readonly ClosedStreams _closed = new();
    private readonly HpackEncoder _encoder = new();
    private readonly H2Receiver _receiver;
    private H2Settings _peer = new();
    private int _sendWindow = H2Settings.DefaultWindow;
    private int _receiveWindow = H2Settings.DefaultWindow;
    private long _outstanding;
    private int _unread;
    private int _unreadTurn;
    private bool _hasSaidGoodbye;
    private volatile Exception? _lost;
    private HttpViolation? _interruption;

    protected H2Connection(IDuplex duplex, HttpLimits limits, TimeProvider time, bool isServer)
    {
        _duplex = duplex;
        Limits = limits;
        Time = time;
        IsServer = isServer;
        Output = new HttpOutput(duplex, limits.OutputBytes) { Owner = this };
        _receiver = new H2Receiver(this);
    }

    public HttpLimits Limits { get; }

    protected TimeProvider Time { get; }

    /// <summary>Towards a client, which opens the streams.</summary>
    public bool IsServer { get; }

    public HttpOutput Output { get; }

    /// <summary>The peer's, as it last said them. Under the gate.</summary>
    public ref readonly H2Settings Peer => ref _peer;

    /// <summary>The highest stream that the peer, or towards a target we, opened.</summary>
    public int LastStream { get; protected set; }

    /// <summary>The highest stream that was not refused for our going away: what GOAWAY says (6.8).</summary>
    protected int LastServed { get; set; }

    /// <summary>We have said, or been told, that no further stream will be served.</summary>
    public bool IsGoingAway { get; protected set; }

    /// <summary>Streams that are not closed. Under the gate.</summary>
    public int StreamCount => _streams.Count;

    public HttpHead NewHead() => new(Limits.HeadBytes * 2, Limits.HeadFields + 64);

    /// <summary>Serves the peer until it is gone, or has done what is not legal.</summary>
    /// <returns>What it did; null: it closed.</returns>
    protected async Task<HttpViolation?> ReceiveAsync(CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read = await _duplex.Input.ReadAsync(cancel).ConfigureAwait(false);
            ReadOnlyMemory<byte> buffer = read.Buffer.First;
            HttpViolation? violation = Take(buffer.Span, out int consumed);
            _duplex.Input.AdvanceTo(read.Buffer.GetPosition(consumed), read.Buffer.End);
            if (violation is not null || (violation = Volatile.Read(ref _interruption)) is not null)
                return violation;
            if (read.IsCompleted)
                return null;
        }
    }

    /// <summary>Ends the connection from our side, with the code and for the reason given. The first counts. Any thread.</summary>
    protected void Interrupt(HttpViolation why)
    {
        Interlocked.CompareExchange(ref _interruption, why, null);
        // Not from here: the read loop would go on under the locks of whoever calls.
        ThreadPool.UnsafeQueueUserWorkItem(static input => input.CancelPendingRead(), _duplex.Input, preferLocal: false);
    }

    /// <summary>Ends the connection at once; nothing is said.</summary>
    public void Cut() => _duplex.Abort();

    private HttpViolation? Take(ReadOnlySpan<byte> buffer, out int consumed)
    {
        FlushBatch.Begin();
        try
        {
            return _receiver.Take(buffer, out consumed);
        }
        finally
        {
            FlushBatch.End();
        }
    }

    /// <summary>A client's head that opens a stream.</summary>
    /// <param name="isFaulty">The frame it came in was not legal for a stream: it is reset.</param>
    public abstract HttpViolation? OnOpen(int id, HttpHead head, bool end, bool isTooLarge, bool isFaulty);

    /// <summary>A target's head on a stream that we opened: its answer, or an informational one. With its end the stream may be closed already.</summary>
    public abstract void OnAnswer(H2Stream stream, HttpHead head, bool end);

    public abstract void OnGoAway(int lastStream, H2ErrorCode code);

    /// <summary>The stream of that number; null: it is closed, or was never opened.</summary>
    public H2Stream? Find(int id)
    {
        lock (Output.Gate)
            return _streams.GetValueOrDefault(id);
    }

    /// <summary>The state of a stream that is not open.</summary>
    public H2StreamState Closed(int id)
    {
        // Streams are opened by clients alone, who take odd numbers (5.1.1); nothing is ever pushed.
        if ((id & 1) == 0 || id > LastStream)
            return H2StreamState.Idle;
        lock (Output.Gate)
            return _closed.Find(id);
    }

    /// <summary>Whether a stream that is not open may once have been.</summary>
    public bool WasOpen(int id)
    {
        lock (Output.Gate)
            return _closed.MayHaveBeen(id);
    }

    /// <summary>Gives a stream its number towards a target. Under the gate.</summary>
    public abstract bool TryAssign(H2Stream stream);

    /// <summary>Under the gate.</summary>
    protected void Add(H2Stream stream)
    {
        stream.SendWindow = Peer.InitialWindowSize;
        stream.ReceiveWindow = Limits.StreamWindow;
        _streams.Add(stream.Id, stream);
    }

    /// <summary>Under the gate.</summary>
    public void OnClosed(H2Stream stream)
    {
        _streams.Remove(stream.Id);
        _closed.Add(stream.Id, stream.State);
    }

    /// <summary>The peer has made us reset a stream. Read loop only.</summary>
    protected void CountReset() => _receiver.CountReset();

    /// <summary>The exchange of a stream is over at both ends.</summary>
    public abstract void Retire(H2Stream stream);

    /// <summary>A head, and CONTINUATION frames when it is larger than a frame (6.2, 6.10). Under the gate.</summary>
    public void WriteHead(H2Stream stream, HttpHead head, bool end)
    {
        Span<byte> into = Output.Reserve(H2FrameHeader.Size + HpackEncoder.MostEncoded(head));
        int length = _encoder.Encode(head, into[H2FrameHeader.Size..]);
        if (length > Peer.MaxFrameSize)
        {
            // Rare, and its CONTINUATION frames need room of their own: what is reserved may move.
            byte[] block = into.Slice(H2FrameHeader.Size, length).ToArray();
            into = Output.Reserve(H2FrameWriter.HeadersSize(length, Peer.MaxFrameSize));
            block.CopyTo(into[H2FrameHeader.Size..]);
        }

        Output.Advance(H2FrameWriter.FrameHeaders(into, length, stream.Id, end, Peer.MaxFrameSize));
    }

    /// <summary>DATA as far as both windows (6.9.1) and the output have room. An end without data needs neither. Under the gate.</summary>
    /// <returns>Bytes that went. The end went with the last of them.</returns>
    public int WriteData(H2Stream stream, ReadOnlySpan<byte> data, bool end)
    {
        int sent = 0;
        while (true)
        {
            int room = Math.Min(Math.Min(stream.SendWindow, _sendWindow), Peer.MaxFrameSize);
            int part = Math.Min(data.Length - sent, Math.Max(room, 0));
            if (part == 0 && (data.Length > sent || !end))
                return sent;
            if (part > 0 && !Output.HasRoom)
                return sent;
            bool isLast = end && sent + part == data.Length;
            Span<byte> frame = Output.Reserve(H2FrameHeader.Size + part);
            H2FrameWriter.WriteDataHeader(frame, stream.Id, part, isLast);
            data.Slice(sent, part).CopyTo(frame[H2FrameHeader.Size..]);
            Output.Advance(H2FrameHeader.Size + part);
            stream.SendWindow -= part;
            _sendWindow -= part;
            sent += part;
            if (isLast)
            {
                stream.Advance(H2StreamEvent.SendDataEnd);
                return sent;
            }
        }
    }

    /// <summary>Under the gate.</summary>
    public void WriteReset(int id, H2ErrorCode code) => Output.Advance(H2FrameWriter.WriteReset(Output.Reserve(H2FrameHeader.Size + 4), id, code));

    /// <summary>Under the gate.</summary>
    public void WriteWindowUpdate(int id, int increment) =>
        Output.Advance(H2FrameWriter.WriteWindowUpdate(Output.Reserve(H2FrameHeader.Size + 4), id, increment));

    /// <summary>It has something to send once there is room. Under the gate.</summary>
    public void Wait(H2Stream stream)
    {
        if (stream.IsWaiting)
            return;
        stream.IsWaiting = true;
        _waiting.Enqueue(stream);
    }

    /// <summary>The peer gave us room: on one stream, or on the connection (stream 0).</summary>
    /// <returns>False: the window would be larger than it may be (6.9.1).</returns>
    public bool TryGrow(H2Stream? stream, int increment)
    {
        lock (Output.Gate)
        {
            if (stream is null)
            {
                if (_sendWindow > LargestWindow - increment)
                    return false;
                _sendWindow += increment;
            }
            else
            {
                if (stream.SendWindow > LargestWindow - increment)
                    return false;
                stream.SendWindow += increment;
                if (stream.HasPending)
                    Wait(stream);
            }
        }

        Output.Touch();
        return true;
    }

    /// <summary>Takes up the peer's settings (6.5.3). Under the gate.</summary>
    /// <param name="isTooWide">A window would be larger than it may be.</param>
    public H2Fault? TryApply(ReadOnlySpan<byte> payload, out bool isTooWide)
    {
        isTooWide = false;
        H2Settings before = _peer;
        if (H2Settings.TryApply(payload, fromServer: !IsServer, ref _peer) is { } fault)
            return fault;
        isTooWide = before.InitialWindowSize != _peer.InitialWindowSize && !TryShiftWindows(_peer.InitialWindowSize - before.InitialWindowSize);
        if (before.HeaderTableSize != _peer.HeaderTableSize)
            _encoder.LimitTable(_peer.HeaderTableSize);
        return null;
    }

    /// <summary>SETTINGS_INITIAL_WINDOW_SIZE has changed by so much: so do the windows of all streams (6.9.2).</summary>
    /// <returns>False: one would be larger than it may be.</returns>
    private bool TryShiftWindows(int difference)
    {
        foreach (H2Stream stream in _streams.Values)
        {
            long window = (long)stream.SendWindow + difference;
            if (window > LargestWindow)
                return false;
            stream.SendWindow = (int)window;
            if (stream.HasPending)
                Wait(stream);
        }

        return true;
    }

    /// <summary>Takes flow-controlled bytes, padding included, off what the peer may send (6.9).</summary>
    /// <returns>False: it sent more than it may.</returns>
    public bool TryReceive(int bytes)
    {
        lock (Output.Gate)
        {
            _receiveWindow -= bytes;
            _outstanding += bytes;
            if (_receiveWindow < 0)
                return false;
            Replenish();
        }

        return true;
    }

    /// <summary>So many bytes that were received are held no more. Under the gate.</summary>
    public void Returned(int bytes)
    {
        _outstanding -= bytes;
        Replenish();
    }

    /// <summary>Counts an answer to a control frame; what has begun to be sent is no longer unread. Under the gate.</summary>
    /// <returns>False: the peer asks, and does not read.</returns>
    public bool TryAnswer(int bytes)
    {
        _unread = _unreadTurn != Output.Turns ? bytes : _unread + bytes;
        _unreadTurn = Output.Turns;
        return _unread <= Limits.UnreadAnswers;
    }

    void IHttpOutputOwner.Fill()
    {
        for (int turns = _waiting.Count; turns > 0 && Output.HasRoom; turns--)
        {
            H2Stream stream = _waiting.Dequeue();
            stream.IsWaiting = false;
            int sent = stream.Drain();
            if (sent > 0)
                _drained.Add((stream, sent));
            // Out of its own window it waits for the peer, and out of the connection's all do, in their order.
            if (stream.HasPending && !stream.IsPaused && stream.SendWindow > 0)
                Wait(stream);
        }
    }

    void IHttpOutputOwner.Filled()
    {
        lock (Output.Gate)
        {
            if (_drained.Count == 0)
                return;
            _credited.AddRange(_drained);
            _drained.Clear();
        }

        foreach ((H2Stream stream, int bytes) in _credited)
            stream.Exchange?.OnForwarded(stream, bytes);
        _credited.Clear();
    }

    void IHttpOutputOwner.OnLost(Exception why)
    {
        _lost ??= why;
        _duplex.Abort();
    }

    /// <summary>What sending failed of, when it was no fault of the peer's; null: nothing of the kind.</summary>
    protected Exception? Failure => _lost is null or IOException or System.Net.Sockets.SocketException or ObjectDisposedException or OperationCanceledException ? null : _lost;

    /// <summary>The open streams with higher numbers. Under the gate.</summary>
    protected H2Stream[] After(int id) => [.. _streams.Values.Where(stream => stream.Id > id)];

    /// <summary>Every stream that is open is lost with the connection.</summary>
    protected void LoseStreams(Func<H2Stream, bool> isUntouched)
    {
        H2Stream[] lost;
        lock (Output.Gate)
        {
            lost = [.. _streams.Values];
            foreach (H2Stream stream in lost)
                stream.Abandon();
            _streams.Clear();
        }

        foreach (H2Stream stream in lost)
            stream.Exchange?.OnReset(stream, H2ErrorCode.CONNECT_ERROR, isUntouched(stream));
    }

    /// <summary>See <see cref="H2Receiver.UnfinishedSince"/>.</summary>
    protected long UnfinishedSince => _receiver.UnfinishedSince;

    protected bool IsAcknowledged => _receiver.IsAcknowledged;

    /// <summary>No further stream is served; what has been said already is not said again. Under the gate.</summary>
    protected void WriteGoAway(H2ErrorCode code)
    {
        IsGoingAway = true;
        if (Output.IsOver || (_hasSaidGoodbye && code == H2ErrorCode.NO_ERROR))
            return;
        _hasSaidGoodbye = true;
        Output.Advance(H2FrameWriter.WriteGoAway(Output.Reserve(H2FrameHeader.Size + 8), LastServed, code));
    }

    /// <summary>Says why the connection ends (6.8), and gives the peer a moment to take it.</summary>
    protected async Task GoAwayAsync(H2ErrorCode code, bool lingers)
    {
        lock (Output.Gate)
            WriteGoAway(code);

        await Task.WhenAny(Output.CloseAsync(), Task.Delay(Limits.LastWord, Time)).ConfigureAwait(false);
        if (lingers)
            await Lingering.WaitAsync(_duplex, Limits.LastWord, Time).ConfigureAwait(false);
    }

    /// <summary>What the peer may have sent on all streams that is not forwarded, bytes.</summary>
    protected virtual long Window => Limits.ConnectionWindow;

    /// <summary>Gives the peer back what it may send on the whole connection, in pieces that are worth a frame: the less there is to give, the smaller. Under the gate.</summary>
    private void Replenish()
    {
        long room = Window - _outstanding - _receiveWindow;
        if (room <= 0 || room < Math.Min(Limits.ConnectionWindow / 2, (Window - _outstanding) / 2))
            return;
        WriteWindowUpdate(0, (int)room);
        _receiveWindow += (int)room;
    }
}
