using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>A connection to a target that speaks HTTP/2. Requests of many clients share it.</summary>
internal sealed class H2ClientConnection(IDuplex duplex, HttpLimits limits, TimeProvider time) : H2Connection(duplex, limits, time, isServer: false), ITargetConnection
{
    /// <summary>Numbers are used up one day; the connection is left long before (5.1.1).</summary>
    private const int LastUsable = 0x3FFF_FFFF;

    private int _next = 1;
    private int _lent;
    private int _lastServed = int.MaxValue;
    private TaskCompletionSource? _room;

    public bool IsHttp1 => false;

    /// <summary>No stream of it is in use.</summary>
    public bool IsIdle
    {
        get
        {
            lock (Output.Gate)
                return _lent == 0;
        }
    }

    public bool TakesWebSockets
    {
        get
        {
            lock (Output.Gate)
                return Peer.EnableConnectProtocol;
        }
    }

    bool ITargetConnection.IsSpent
    {
        get
        {
            lock (Output.Gate)
                return IsSpent;
        }
    }

    /// <summary>Clients who do not read share this connection with others who do: it has room for all that all streams may hold, so none of them stops another.</summary>
    protected override long Window => Math.Max(Limits.ConnectionWindow, Math.Min((long)Limits.UpstreamStreams * Limits.StreamWindow, 1 << 30));

    /// <summary>Under the gate.</summary>
    private bool IsSpent => IsGoingAway || Output.IsOver || _next > LastUsable;

    /// <summary>Under the gate.</summary>
    private bool HasRoom => !IsSpent && _lent < Math.Min(Peer.MaxConcurrentStreams, (uint)Limits.UpstreamStreams);

    /// <summary>Receives until the target is gone.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        HttpViolation? violation = null;
        try
        {
            violation = await ReceiveAsync(stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Those who use it learn of it below.
            violation = null;
        }
        catch
        {
            violation = new HttpViolation(H2ErrorCode.INTERNAL_ERROR, "a failure here");
            throw;
        }
        finally
        {
            await LoseAsync(violation).ConfigureAwait(false);
        }
    }

    private async Task LoseAsync(HttpViolation? violation)
    {
        lock (Output.Gate)
        {
            IsGoingAway = true;
            _room?.TrySetResult();
        }

        if (violation is not null)
            await GoAwayAsync(violation.Code, lingers: false).ConfigureAwait(false);
        int served = _lastServed;
        LoseStreams(stream => stream.Id > served);
        Output.Drop();
        if (Failure is { } failure)
            throw new InvalidOperationException("sending failed", failure);
    }

    /// <summary>Preface and settings (3.4).</summary>
    public void Start()
    {
        lock (Output.Gate)
        {
            Output.Write(H2FrameWriter.Preface);
            Output.Advance(H2FrameWriter.WriteSettings(
                Output.Reserve(128),
                [
                    (H2Setting.SETTINGS_ENABLE_PUSH, 0),
                    (H2Setting.SETTINGS_INITIAL_WINDOW_SIZE, (uint)Limits.StreamWindow),
                    (H2Setting.SETTINGS_MAX_HEADER_LIST_SIZE, (uint)Limits.HeadBytes),
                ]));
            Returned(0);
        }

        Output.Flush();
    }

    /// <summary>Lends a stream that is not opened yet; it is given back by <see cref="HttpStream.Retire"/>.</summary>
    public bool TryOpen([NotNullWhen(true)] out HttpStream? stream)
    {
        stream = null;
        lock (Output.Gate)
        {
            if (!HasRoom)
                return false;
            _lent++;
        }

        stream = new H2Stream(this);
        return true;
    }

    /// <summary>Completes when a stream may have become free.</summary>
    public Task WhenRoom()
    {
        lock (Output.Gate)
        {
            if (IsSpent || HasRoom)
                return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    public override void Retire(H2Stream stream)
    {
        // What the target would still get of a request that it has answered in full, nobody waits for.
        stream.Reset(H2ErrorCode.CANCEL);
        bool isDone;
        lock (Output.Gate)
        {
            _lent--;
            _room?.TrySetResult();
            _room = null;
            isDone = _lent == 0 && IsSpent;
        }

        // Nothing will ever be asked on it again, and a target need not close it first.
        if (isDone)
            Cut();
    }

    /// <summary>Numbers are given in the order in which heads are sent (5.1.1).</summary>
    public override bool TryAssign(H2Stream stream)
    {
        if (stream.Id != 0)
            return true;
        if (stream.State != H2StreamState.Idle || IsGoingAway || Output.IsOver)
            return false;
        stream.Id = _next;
        _next += 2;
        LastStream = stream.Id;
        Add(stream);
        return true;
    }

    public override HttpViolation? OnOpen(int id, HttpHead head, bool end, bool isTooLarge, bool isFaulty) =>
        new(H2ErrorCode.PROTOCOL_ERROR, "a target that opens a stream (5.1.1)");

    public override void OnAnswer(H2Stream stream, HttpHead head, bool end)
    {
        int status = HeadValues.Status(head);
        bool isInformational = status is >= 100 and < 200;
        if (HeadRules.Response(head, HeadForm.Http2, out _) is not null || (isInformational && (end || status == 101)))
        {
            stream.Reset(H2ErrorCode.PROTOCOL_ERROR);
            stream.Exchange?.OnReset(stream, H2ErrorCode.PROTOCOL_ERROR, untouched: false);
            return;
        }

        if (!isInformational)
        {
            stream.HasHead = true;
            // The length of an answer to HEAD, and of 304, is that of a body that does not come (RFC 9110 8.6).
            stream.ExpectedLength = end ? -1 : HeadValues.ContentLength(head);
        }

        stream.Exchange?.OnHead(stream, head, end);
    }

    public override void OnGoAway(int lastStream, H2ErrorCode code)
    {
        H2Stream[] untouched;
        lock (Output.Gate)
        {
            IsGoingAway = true;
            _lastServed = Math.Min(_lastServed, lastStream);
            _room?.TrySetResult();
            _room = null;
            untouched = After(lastStream);
            foreach (H2Stream stream in untouched)
                stream.Advance(H2StreamEvent.ReceiveReset);
        }

        foreach (H2Stream stream in untouched)
            stream.Exchange?.OnReset(stream, H2ErrorCode.REFUSED_STREAM, untouched: true);
        if (IsIdle)
            Cut();
    }
}
