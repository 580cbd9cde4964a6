using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>Who answers requests.</summary>
internal interface IHttpFront
{
    /// <summary>Somebody has logged in on this connection. Strangers get <see cref="HttpLimits.Handshake"/> in all: they hold one of few places.</summary>
    bool IsAuthenticated { get; }

    /// <summary>A client has opened a stream; its head follows at once.</summary>
    IExchange Begin(HttpStream client);

    /// <summary>The same, when it asks for a WebSocket (RFC 8441).</summary>
    IExchange BeginWebSocket(HttpStream client);

    /// <summary>A request whose head was larger than it may be: it is answered (431), and nobody else is.</summary>
    void RefuseLarge(HttpStream client, bool end);
}

/// <summary>The connection of a client that speaks HTTP/2.</summary>
internal sealed class H2ServerConnection(IDuplex duplex, HttpLimits limits, IHttpFront front, TimeProvider time)
    : H2Connection(duplex, limits, time, isServer: true), IServerConnection
{
    private static readonly HttpViolation NoRequest = new(H2ErrorCode.NO_ERROR, "nobody has logged in in time");
    private static readonly HttpViolation NoAcknowledgement = new(H2ErrorCode.SETTINGS_TIMEOUT, "SETTINGS that are not acknowledged (6.5.3)");
    private static readonly HttpViolation SlowHead = new(H2ErrorCode.ENHANCE_YOUR_CALM, "a head or a frame that does not end");
    private static readonly HttpViolation Quiet = new(H2ErrorCode.NO_ERROR, "no request for too long");
    private static readonly HttpViolation Drained = new(H2ErrorCode.NO_ERROR, "its sessions have ended");
    private static readonly HttpViolation Stopped = new(H2ErrorCode.NO_ERROR, "the server stops");

    private readonly long _began = Environment.TickCount64;
    private int _underWay;
    private long _quietSince = Environment.TickCount64;

    /// <summary>Serves the client until it is gone. Its preface has been read already.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        SendSettings();
        TimeSpan every = WatchEvery();
        using ITimer watch = Time.CreateTimer(static connection => ((H2ServerConnection)connection!).Watch(), this, every, every);
        using CancellationTokenRegistration stopping = stop.UnsafeRegister(static connection => ((H2ServerConnection)connection!).Interrupt(Stopped), this);
        HttpViolation? violation;
        try
        {
            violation = await ReceiveAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            LoseStreams(static _ => false);
            Output.Drop();
            return new SessionEnd(SessionSide.Client, SessionStage.Ready, "connection-lost", Detail: e.GetType().Name);
        }

        if (Failure is { } failure)
        {
            LoseStreams(static _ => false);
            return new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "internal-error", Detail: failure.ToString());
        }

        if (violation is not null)
            await GoAwayAsync(violation.Code, lingers: !stop.IsCancellationRequested).ConfigureAwait(false);
        LoseStreams(static _ => false);
        Output.Drop();
        return EndOf(violation, stop.IsCancellationRequested);
    }

    /// <summary>No new streams; those that are open go on (6.8).</summary>
    public void Drain()
    {
        lock (Output.Gate)
        {
            if (IsGoingAway || Output.IsOver)
                return;
            WriteGoAway(H2ErrorCode.NO_ERROR);
        }

        Output.Touch();
        EndIfDrained();
    }

    public override HttpViolation? OnOpen(int id, HttpHead head, bool end, bool isTooLarge, bool isFaulty)
    {
        if ((id & 1) == 0)
            return new HttpViolation(H2ErrorCode.PROTOCOL_ERROR, "a client's stream with an even number (5.1.1)");
        H2Stream? stream = Open(id, end);
        if (stream is null)
            return null;
        stream.HasHead = true;
        if (isTooLarge)
        {
            front.RefuseLarge(stream, end);
            return null;
        }

        if (isFaulty || HeadRules.Request(head, HeadForm.ExtendedConnect, out HeadFacts facts) is not null || (end && facts.ContentLength > 0))
        {
            Turn(stream, H2ErrorCode.PROTOCOL_ERROR);
            return null;
        }

        stream.ExpectedLength = facts.ContentLength;
        stream.Exchange = WebSocketOpening.IsConnect(head) ? front.BeginWebSocket(stream) : front.Begin(stream);
        stream.Exchange.OnHead(stream, head, end);
        return null;
    }

    public override void OnAnswer(H2Stream stream, HttpHead head, bool end) => throw new InvalidOperationException("clients do not answer");

    /// <summary>A client that goes away sends no more requests, and may still want its answers.</summary>
    public override void OnGoAway(int lastStream, H2ErrorCode code)
    {
    }

    public override bool TryAssign(H2Stream stream) => true;

    public override void Retire(H2Stream stream)
    {
        Volatile.Write(ref _quietSince, Environment.TickCount64);
        if (Interlocked.Decrement(ref _underWay) == 0)
            EndIfDrained();
    }

    /// <returns>Null: it was refused.</returns>
    private H2Stream? Open(int id, bool end)
    {
        H2Stream stream;
        bool isRefused;
        lock (Output.Gate)
        {
            // One whose exchange is over counts until the client has taken all of its answer.
            isRefused = IsGoingAway || Volatile.Read(ref _underWay) >= Limits.Streams || StreamCount >= Limits.Streams;
            LastStream = id;
            if (!IsGoingAway)
                LastServed = id;
            stream = new H2Stream(this) { Id = id };
            Add(stream);
            stream.Advance(end ? H2StreamEvent.ReceiveHeadersEnd : H2StreamEvent.ReceiveHeaders);
            Interlocked.Increment(ref _underWay);
        }

        if (!isRefused)
            return stream;
        Turn(stream, H2ErrorCode.REFUSED_STREAM);
        return null;
    }

    /// <summary>Turns a stream away before anybody has looked at its request.</summary>
    private void Turn(H2Stream stream, H2ErrorCode code)
    {
        CountReset();
        stream.Reset(code);
        Retire(stream);
    }

    private static SessionEnd EndOf(HttpViolation? violation, bool isStopped) =>
        violation is null ? new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed")
        : isStopped && violation.Code == H2ErrorCode.NO_ERROR ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "stopped")
        : violation == Drained ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "drained")
        : violation == Quiet ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "idle-timeout")
        : violation == NoRequest ? new SessionEnd(SessionSide.Proxy, SessionStage.Startup, "handshake-timeout")
        : new SessionEnd(SessionSide.Client, SessionStage.Ready, "protocol-violation", violation.Code.ToString(), violation.Message);

    private TimeSpan WatchEvery()
    {
        double least = Math.Min(Math.Min(Limits.Handshake.TotalMilliseconds, Limits.Head.TotalMilliseconds), Limits.Idle.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Clamp(least / 4, 10, 5000));
    }

    private void Watch()
    {
        if (Overdue() is { } why)
            Interrupt(why);
    }

    private HttpViolation? Overdue()
    {
        if (UnfinishedSince is not 0 and var since && IsPast(since, Limits.Head))
            return SlowHead;
        if (!front.IsAuthenticated && IsPast(_began, Limits.Handshake))
            return NoRequest;
        if (!IsAcknowledged && IsPast(_began, Limits.Handshake))
            return NoAcknowledgement;
        return IsAtRest() && IsPast(Volatile.Read(ref _quietSince), Limits.Idle) ? Quiet : null;
    }

    private static bool IsPast(long since, TimeSpan limit) => Environment.TickCount64 - since > limit.TotalMilliseconds;

    private bool IsAtRest()
    {
        lock (Output.Gate)
            return Volatile.Read(ref _underWay) == 0 && StreamCount == 0;
    }

    private void EndIfDrained()
    {
        if (IsGoingAway && IsAtRest())
            Interrupt(Drained);
    }

    private void SendSettings()
    {
        lock (Output.Gate)
        {
            Output.Advance(H2FrameWriter.WriteSettings(
                Output.Reserve(128),
                [
                    (H2Setting.SETTINGS_MAX_CONCURRENT_STREAMS, (uint)Limits.Streams),
                    (H2Setting.SETTINGS_INITIAL_WINDOW_SIZE, (uint)Limits.StreamWindow),
                    (H2Setting.SETTINGS_MAX_HEADER_LIST_SIZE, (uint)Limits.HeadBytes),
                    (H2Setting.SETTINGS_ENABLE_CONNECT_PROTOCOL, 1),
                    (H2Setting.SETTINGS_NO_RFC7540_PRIORITIES, 1),
                ]));
            Returned(0);
        }

        Output.Flush();
    }

    /// <summary>Whether a connection begins as HTTP/2 does (3.4).</summary>
    /// <returns>Null: too little has come to tell.</returns>
    public static bool? IsPreface(ReadOnlySpan<byte> begin)
    {
        ReadOnlySpan<byte> preface = H2FrameWriter.Preface;
        int known = Math.Min(begin.Length, preface.Length);
        return !begin[..known].SequenceEqual(preface[..known]) ? false : known == preface.Length ? true : null;
    }

    public static int PrefaceLength => H2FrameWriter.Preface.Length;
}
