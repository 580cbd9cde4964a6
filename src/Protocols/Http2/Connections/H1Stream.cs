using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// The one exchange that a connection of HTTP/1.1 has at a time. What is sent is guarded by the gate of the connection's output; what the peer may still
/// send by its own lock.
/// </summary>
internal sealed class H1Stream(H1Connection connection) : HttpStream
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PendingBytes _pending;
    private HttpHead? _pendingTrailers;
    private bool _endPending;
    private bool _isEnded;
    private int _outstanding;
    private bool _isPaused;
    private TaskCompletionSource? _room;

    /// <summary>How what is sent is delimited; set with the head. Under the gate.</summary>
    public H1Framing Out { get; set; }

    /// <summary>What decides how the head is written, and its answer read.</summary>
    public H1Asked Asked { get; set; }

    /// <summary>A request without a body, of a method that changes nothing. Under the gate.</summary>
    public bool IsSafe { get; set; }

    /// <summary>The minor version of the peer that asks.</summary>
    public int Minor { get; init; } = 1;

    /// <summary>Another request may follow on the connection. Under the gate.</summary>
    public bool KeepsAlive { get; set; }

    /// <summary>A final head was sent. Under the gate.</summary>
    public bool HasSentHead { get; set; }

    /// <summary>The connection has changed its protocol: bytes pass as they are, both ways.</summary>
    public bool IsTunnel { get; private set; }

    /// <summary>It was given up: the connection cannot be used for another exchange.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>All was sent that is to be sent, or it was given up.</summary>
    public Task Finished => _finished.Task;

    /// <summary>Something waits for room. Under the gate.</summary>
    public bool HasPending => !_pending.IsEmpty || _endPending;

    /// <summary>All was sent. Under the gate.</summary>
    public bool IsEnded => _isEnded;

    private HttpOutput Output => connection.Output;

    public override void SendHead(HttpHead head, bool end)
    {
        bool isLost;
        bool isWritten = false;
        lock (Output.Gate)
        {
            isLost = IsBroken || Output.IsOver;
            if (_isEnded)
                return;
            isWritten = !isLost && connection.TryWriteHead(this, head, end);
            if (isWritten && end)
                Finish();
        }

        if (isWritten)
        {
            Output.Touch();
            return;
        }

        Reset(H2ErrorCode.INTERNAL_ERROR);
        // Towards a target: the connection went away after it was lent and before it was used, or the head cannot be said in HTTP/1.1.
        Exchange?.OnReset(this, isLost ? H2ErrorCode.CONNECT_ERROR : H2ErrorCode.INTERNAL_ERROR, untouched: isLost);
    }

    public override int SendData(ReadOnlySpan<byte> data, bool end)
    {
        int sent = 0;
        lock (Output.Gate)
        {
            if (_isEnded || IsBroken || Output.IsOver)
                return data.Length;
            if (!HasPending && !_isPaused && Output.HasRoom)
            {
                connection.WriteBody(this, data);
                sent = data.Length;
                if (end)
                    WriteEnd();
            }
            else
            {
                _pending.Write(data);
                _endPending |= end;
            }
        }

        Output.Touch();
        return sent;
    }

    public override void SendTrailers(HttpHead trailers)
    {
        lock (Output.Gate)
        {
            if (_isEnded || IsBroken || Output.IsOver)
                return;
            _pendingTrailers = connection.NewHead();
            _pendingTrailers.TryCopyFrom(trailers);
            if (HasPending || _isPaused)
                _endPending = true;
            else
                WriteEnd();
        }

        Output.Touch();
    }

    public override void Reset(H2ErrorCode code)
    {
        bool isWhole;
        lock (Output.Gate)
        {
            if (IsBroken)
                return;
            IsBroken = true;
            isWhole = _isEnded || _endPending;
            if (!isWhole)
                _pending.Clear();
        }

        // A whole answer goes out before the connection is closed; half of one must look like half of one.
        if (!isWhole && (code != H2ErrorCode.NO_ERROR || HasSentHead))
            connection.Cut();
        _finished.TrySetResult();
        Wake();
        connection.Wake();
    }

    public override void Credit(int bytes)
    {
        lock (_lock)
        {
            _outstanding -= bytes;
            if (_outstanding >= connection.Limits.StreamWindow)
                return;
            _room?.TrySetResult();
            _room = null;
        }
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
            _isPaused = false;
        // Whoever sends asks for what waits.
        Output.Touch();
    }

    public override void Cut() => connection.Cut();

    public override void Retire() => connection.Retire(this);

    /// <summary>The peer has sent so much that is not forwarded yet.</summary>
    public void Receive(int bytes)
    {
        lock (_lock)
            _outstanding += bytes;
    }

    /// <summary>Completes when the peer may send more.</summary>
    public Task WhenRoom()
    {
        lock (_lock)
        {
            if (_outstanding < connection.Limits.StreamWindow || IsBroken)
                return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>From now on nothing is HTTP any more. Under the gate.</summary>
    public void BecomeTunnel()
    {
        IsTunnel = true;
        Out = new H1Framing(H1Body.Tunnel);
        connection.Wake();
    }

    /// <summary>Sends what waits. Under the gate.</summary>
    /// <returns>Bytes that went.</returns>
    public int Drain()
    {
        if (!HasPending || IsBroken || _isPaused)
            return 0;
        int sent = _pending.Length;
        if (sent > 0)
            connection.WriteBody(this, _pending.Bytes);
        _pending.Clear();
        if (_endPending)
            WriteEnd();
        return sent;
    }

    /// <summary>The connection is gone.</summary>
    public void Abandon()
    {
        lock (Output.Gate)
        {
            IsBroken = true;
            _pending.Clear();
        }

        _finished.TrySetResult();
        Wake();
    }

    private void WriteEnd()
    {
        connection.WriteEnd(this, _pendingTrailers);
        // The other protocol has no end but that of the connection: without it the peer would wait for more.
        if (IsTunnel)
            Output.End();
        _pendingTrailers = null;
        _endPending = false;
        Finish();
    }

    private void Finish()
    {
        _isEnded = true;
        _finished.TrySetResult();
        connection.Wake();
    }

    private void Wake()
    {
        lock (_lock)
        {
            _room?.TrySetResult();
            _room = null;
        }
    }
}
