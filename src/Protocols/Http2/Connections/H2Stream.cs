using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// One stream of a connection (RFC 9113 5). What is sent on it, and its state, are guarded by the gate of its connection's output; what it was granted to
/// receive belongs to the read loop and is given back by whoever forwards.
/// </summary>
internal sealed class H2Stream(H2Connection connection) : HttpStream
{
    private PendingBytes _pending;
    private HttpHead? _pendingTrailers;
    private bool _endPending;
    private bool _resetPending;
    private int _uncredited;
    private bool _isPaused;

    /// <summary>0: not opened yet (towards a target, the number is given when the head is sent).</summary>
    public int Id { get; set; }

    public H2StreamState State { get; private set; }

    /// <summary>What the peer lets us send on it; below zero after it lowered its SETTINGS_INITIAL_WINDOW_SIZE (6.9.2).</summary>
    public int SendWindow { get; set; }

    /// <summary>What the peer may still send on it.</summary>
    public int ReceiveWindow { get; set; }

    /// <summary>The body's length as its head said it; -1: it did not. Read loop only.</summary>
    public long ExpectedLength { get; set; } = -1;

    /// <summary>The final head has come, so that another field section is trailers. Read loop only.</summary>
    public bool HasHead { get; set; }

    /// <summary>It waits for windows or room.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>It stands still. Under the gate.</summary>
    public bool IsPaused => _isPaused;

    /// <summary>Bytes that wait. Under the gate.</summary>
    public bool HasPending => !_pending.IsEmpty || _endPending || _pendingTrailers is not null;

    private bool IsClosed => State >= H2StreamState.Closed;

    /// <summary>Nothing more is sent on it.</summary>
    private bool IsSent => IsClosed || State == H2StreamState.HalfClosedLocal || State == H2StreamState.Idle;

    private HttpOutput Output => connection.Output;

    private bool MaySend(H2StreamEvent happens) => H2Streams.TryAdvance(connection.IsServer, State, happens, out _) == H2Step.Go;

    public override void SendHead(HttpHead head, bool end)
    {
        bool isLost;
        bool isUnknown;
        lock (Output.Gate)
        {
            // "A client MUST NOT ... send a :protocol pseudo-header field" to a server that has not said that it knows it (RFC 8441 3).
            isUnknown = !connection.IsServer && !connection.Peer.EnableConnectProtocol && head.Has(":protocol"u8);
            isLost = !isUnknown && !connection.TryAssign(this) && Id == 0;
            if (!isUnknown && !isLost && MaySend(end ? H2StreamEvent.SendHeadersEnd : H2StreamEvent.SendHeaders))
            {
                connection.WriteHead(this, head, end);
                Advance(end ? H2StreamEvent.SendHeadersEnd : H2StreamEvent.SendHeaders);
            }
        }

        // The connection went away after the stream was lent and before it was used.
        if (isLost)
            Exchange?.OnReset(this, H2ErrorCode.REFUSED_STREAM, untouched: true);
        if (isUnknown)
            Exchange?.OnReset(this, H2ErrorCode.CONNECT_ERROR, untouched: false);
        Output.Touch();
    }

    public override int SendData(ReadOnlySpan<byte> data, bool end)
    {
        int sent;
        lock (Output.Gate)
        {
            if (IsSent || _endPending)
                return data.Length;
            sent = HasPending || _isPaused ? 0 : connection.WriteData(this, data, end);
            bool isDone = sent == data.Length && (!end || IsSent);
            if (!isDone)
            {
                _pending.Write(data[sent..]);
                _endPending = end;
                if (!_isPaused)
                    connection.Wait(this);
            }
        }

        Output.Touch();
        return sent;
    }

    public override void SendTrailers(HttpHead trailers)
    {
        lock (Output.Gate)
        {
            if (IsSent || _endPending)
                return;
            if (!HasPending && !_isPaused)
            {
                connection.WriteHead(this, trailers, end: true);
                Advance(H2StreamEvent.SendHeadersEnd);
            }
            else
            {
                _pendingTrailers = connection.NewHead();
                _pendingTrailers.TryCopyFrom(trailers);
                _endPending = true;
            }
        }

        Output.Touch();
    }

    public override void Reset(H2ErrorCode code)
    {
        lock (Output.Gate)
        {
            if (IsClosed)
                return;
            // An answer that is complete but for the peer's window goes out whole before its request is given up (RFC 9113 8.1).
            if (code == H2ErrorCode.NO_ERROR && HasPending)
            {
                _resetPending = true;
                return;
            }

            ResetNow(code);
        }

        Output.Touch();
    }

    public override bool TryRefuse()
    {
        Reset(H2ErrorCode.REFUSED_STREAM);
        return true;
    }

    public override void Credit(int bytes)
    {
        bool hasOutput;
        lock (Output.Gate)
        {
            connection.Returned(bytes);
            if (!IsClosed && State != H2StreamState.HalfClosedRemote)
                CreditStream(bytes);
            hasOutput = Output.Length > 0;
        }

        if (hasOutput)
            Output.Touch();
    }

    public override void Block()
    {
        lock (Output.Gate)
            Output.Block();
    }

    public override void Unblock() => Output.Unblock();

    public override void Pause()
    {
        lock (Output.Gate)
            _isPaused = true;
    }

    public override void Resume()
    {
        lock (Output.Gate)
        {
            if (!_isPaused)
                return;
            _isPaused = false;
            if (HasPending && !IsClosed)
                connection.Wait(this);
        }

        Output.Touch();
    }

    public override void Cut() => connection.Cut();

    public override void Retire() => connection.Retire(this);

    /// <summary>Sends what waits, as far as windows and room go. Under the gate.</summary>
    /// <returns>Bytes that went.</returns>
    public int Drain()
    {
        if (_isPaused)
            return 0;
        int sent = _pending.IsEmpty && _pendingTrailers is not null ? 0 : connection.WriteData(this, _pending.Bytes, _endPending && _pendingTrailers is null);
        // With its end the stream may have closed, and what was pending is gone already.
        if (sent > 0 && !_pending.IsEmpty)
            _pending.Consume(sent);
        if (!_pending.IsEmpty)
            return sent;
        if (_pendingTrailers is not null)
        {
            HttpHead trailers = _pendingTrailers;
            _pendingTrailers = null;
            connection.WriteHead(this, trailers, end: true);
            Advance(H2StreamEvent.SendHeadersEnd);
        }

        _endPending = false;
        if (_resetPending)
            ResetNow(H2ErrorCode.NO_ERROR);
        return sent;
    }

    /// <summary>Takes one step of RFC 9113 5.1. Under the gate.</summary>
    /// <returns>What comes of it; unless it is legal nothing has changed.</returns>
    public H2Step Advance(H2StreamEvent happens)
    {
        H2Step step = H2Streams.TryAdvance(connection.IsServer, State, happens, out H2StreamState next);
        if (next == State)
            return step;
        State = next;
        if (IsClosed)
        {
            Forget();
            connection.OnClosed(this);
        }

        return step;
    }

    /// <summary>Closes it as the connection's end does: nothing is said. Under the gate.</summary>
    public void Abandon()
    {
        State = H2StreamState.Closed;
        Forget();
    }

    private void CreditStream(int bytes)
    {
        _uncredited += bytes;
        if (_uncredited < connection.Limits.StreamWindow / 2)
            return;
        connection.WriteWindowUpdate(Id, _uncredited);
        ReceiveWindow += _uncredited;
        _uncredited = 0;
    }

    private void ResetNow(H2ErrorCode code)
    {
        if (IsClosed)
            return;
        if (Id == 0 || State == H2StreamState.Idle)
        {
            Abandon();
            return;
        }

        connection.WriteReset(Id, code);
        Advance(H2StreamEvent.SendReset);
    }

    private void Forget()
    {
        _pending.Clear();
        _pendingTrailers = null;
        _endPending = false;
        _resetPending = false;
    }
}
