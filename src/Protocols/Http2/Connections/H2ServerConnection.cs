using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>Who answers requests.</summary>
internal interface IHttpFront
{
    /// <summary>A client has opened a stream; its head follows at once.</summary>
    IExchange Begin(HttpStream client);

    /// <summary>A request whose head was larger than it may be: it is answered (431), and nobody else is.</summary>
    void RefuseLarge(HttpStream client, bool end);
}

/// <summary>The connection of a client that speaks HTTP/2.</summary>
internal sealed class H2ServerConnection(IDuplex duplex, HttpLimits limits, IHttpFront front) : H2Connection(duplex, limits, isServer: true)
{
    private int _underWay;
    private long _quietSince = Environment.TickCount64;

    /// <summary>No request is under way, since when; null: one is. <see cref="Environment.TickCount64"/> milliseconds.</summary>
    public long? QuietSince => Volatile.Read(ref _underWay) == 0 ? Volatile.Read(ref _quietSince) : null;

    /// <summary>Serves the client until it is gone. Its preface has been read already.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        SendSettings();
        HttpViolation? violation;
        try
        {
            violation = await ReceiveAsync(stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            LoseStreams(static _ => false);
            Output.Drop();
            return stop.IsCancellationRequested
                ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "stopped")
                : new SessionEnd(SessionSide.Client, SessionStage.Ready, "connection-lost", Detail: e.GetType().Name);
        }

        if (violation is not null)
            await GoAwayAsync(violation.Code).ConfigureAwait(false);
        LoseStreams(static _ => false);
        Output.Drop();
        return violation is null
            ? new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed")
            : new SessionEnd(SessionSide.Client, SessionStage.Ready, "protocol-violation", violation.Code.ToString(), violation.Message);
    }

    /// <summary>No new streams; those that are open go on (6.8).</summary>
    public void Drain()
    {
        lock (Output.Gate)
        {
            if (IsGoingAway || Output.IsOver)
                return;
            IsGoingAway = true;
            Output.Advance(H2FrameWriter.WriteGoAway(Output.Reserve(H2FrameHeader.Size + 8), LastStream, H2ErrorCode.NO_ERROR));
        }

        Output.Touch();
    }

    public override HttpViolation? OnHead(int id, HttpHead head, bool end, bool isTooLarge, bool isFaulty)
    {
        if ((id & 1) == 0)
            return new HttpViolation(H2ErrorCode.PROTOCOL_ERROR, "a client's stream with an even number (5.1.1)");
        H2Stream? stream = Open(id, end);
        if (stream is null)
            return null;
        if (isTooLarge)
        {
            front.RefuseLarge(stream, end);
            return null;
        }

        if (isFaulty || HeadRules.Request(head, HeadForm.ExtendedConnect, out HeadFacts facts) is not null)
        {
            stream.Reset(H2ErrorCode.PROTOCOL_ERROR);
            Retire(stream);
            return null;
        }

        stream.HasHead = true;
        stream.ExpectedLength = facts.ContentLength;
        if (end && stream.ExpectedLength > 0)
        {
            stream.Reset(H2ErrorCode.PROTOCOL_ERROR);
            Retire(stream);
            return null;
        }

        stream.Exchange = front.Begin(stream);
        stream.Exchange.OnHead(stream, head, end);
        return null;
    }

    /// <summary>A client that goes away sends no more requests, and may still want its answers.</summary>
    public override void OnGoAway(int lastStream, H2ErrorCode code)
    {
    }

    public override bool TryAssign(H2Stream stream) => true;

    public override void Retire(H2Stream stream)
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
            Volatile.Write(ref _quietSince, Environment.TickCount64);
    }

    /// <returns>Null: it was refused.</returns>
    private H2Stream? Open(int id, bool end)
    {
        H2Stream stream;
        bool isRefused;
        lock (Output.Gate)
        {
            isRefused = IsGoingAway || Volatile.Read(ref _underWay) >= Limits.Streams;
            if (!IsGoingAway || id <= LastStream)
                LastStream = id;
            stream = new H2Stream(this) { Id = id };
            Add(stream);
            stream.Advance(end ? H2StreamEvent.ReceiveHeadersEnd : H2StreamEvent.ReceiveHeaders);
            Interlocked.Increment(ref _underWay);
        }

        if (!isRefused)
            return stream;
        stream.Reset(H2ErrorCode.REFUSED_STREAM);
        Retire(stream);
        return null;
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
