using System.IO.Pipelines;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// The connection of a client that speaks HTTP/1.1: (1) a head; (2) the body; (3) the answer, or a tunnel; (4) again. The next request is not looked at before the
/// answer has gone, whatever the client has sent by then; a client that hangs up meanwhile gives its request up.
/// </summary>
internal sealed class H1ServerConnection(IDuplex duplex, HttpLimits limits, IHttpFront front, TimeProvider time) : H1Connection(duplex, limits, time), IServerConnection
{
    private static readonly HttpViolation TooFarAhead = new(H2ErrorCode.PROTOCOL_ERROR, "too much behind a request that is not answered yet");
    private static readonly HttpViolation SlowHead = new(H2ErrorCode.ENHANCE_YOUR_CALM, "a head that does not end") { Status = 408 };

    /// <summary>What a client may have sent of its next request while an answer is on its way; more is left to the kernel.</summary>
    private const int MostAhead = 16 << 10;

    private readonly H1RequestParser _parser = new(H1Limits.Default with { Head = limits.HeadBytes }, duplex.Tls is not null);
    private readonly HttpHead _head = new(limits.HeadBytes, limits.HeadFields);
    private readonly ReadWatch _watch = new(duplex.Input, time);
    private readonly long _began = Environment.TickCount64;
    private volatile bool _isDraining;
    private bool _isIdle;

    public async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        using ReadWatch watch = _watch;
        using CancellationTokenRegistration stopping = stop.UnsafeRegister(static connection => ((H1ServerConnection)connection!).Wake(), this);
        HttpViolation? violation = null;
        try
        {
            while (!stop.IsCancellationRequested && !_isDraining)
            {
                (H1RequestFacts? facts, violation) = await ReadHeadAsync(stop).ConfigureAwait(false);
                if (facts is null)
                    break;
                (bool goesOn, violation) = await ServeAsync(facts.Value, stop).ConfigureAwait(false);
                if (!goesOn || violation is not null)
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped: what was still said to the client goes out below.
            violation = null;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Lose();
            return new SessionEnd(SessionSide.Client, SessionStage.Ready, "connection-lost", Detail: e.GetType().Name);
        }

        if (violation is not null)
            Say(violation);
        await Task.WhenAny(Output.CloseAsync(), Task.Delay(Limits.LastWord, Time, CancellationToken.None)).ConfigureAwait(false);
        Lose();
        if (!stop.IsCancellationRequested)
            await Lingering.WaitAsync(Duplex, Limits.LastWord, Time).ConfigureAwait(false);
        return EndOf(violation, stop.IsCancellationRequested);
    }

    private SessionEnd EndOf(HttpViolation? violation, bool isStopped) =>
        isStopped ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "stopped")
        : violation is null && _isDraining ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "drained")
        : violation is null && _isIdle && front.IsAuthenticated ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "idle-timeout")
        : violation is null && _isIdle ? new SessionEnd(SessionSide.Proxy, SessionStage.Startup, "handshake-timeout")
        : violation is null ? new SessionEnd(SessionSide.Client, SessionStage.Ready, "closed")
        : new SessionEnd(SessionSide.Client, SessionStage.Ready, "protocol-violation", violation.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), violation.Message);

    /// <summary>The request under way is the last.</summary>
    public void Drain()
    {
        _isDraining = true;
        Wake();
    }

    public override bool TryWriteHead(H1Stream stream, HttpHead head, bool end)
    {
        int status = HeadValues.Status(head);
        if (status == 101)
        {
            if (!stream.Asked.Upgrade || H1Writer.TryWriteResponse(head, new H1Framing(H1Body.Tunnel), H1Ending.Upgrade, isHead: false, Output) is not null)
                return false;
            stream.HasSentHead = true;
            stream.BecomeTunnel();
            return true;
        }

        // HTTP/1.0 knows no informational responses (RFC 9110 15.2).
        if (status < 200)
            return stream.Minor == 0 || H1Writer.TryWriteResponse(head, default, H1Ending.KeepAlive, isHead: false, Output) is null;
        H1Framing framing = FramingOf(stream, head, status, end);
        // An upgrade that was refused leaves open what the client's next bytes are: nobody reads them (CVE-2018-1002105).
        bool keepsAlive = stream.KeepsAlive && framing.Body != H1Body.UntilClose && !stream.Asked.Upgrade && !_isDraining;
        H1Ending ending = keepsAlive ? H1Ending.KeepAlive : H1Ending.Close;
        if (H1Writer.TryWriteResponse(head, framing, ending, stream.Asked.Head, Output) is not null)
            return false;
        stream.Out = framing;
        stream.HasSentHead = true;
        stream.KeepsAlive = ending == H1Ending.KeepAlive;
        return true;
    }

    public override void Retire(H1Stream stream)
    {
    }

    private static H1Framing FramingOf(H1Stream stream, HttpHead head, int status, bool end)
    {
        if (end || stream.Asked.Head || status is 204 or 304)
            return default;
        long length = HeadValues.ContentLength(head);
        return length >= 0 ? H1Framing.OfLength(length) : new H1Framing(stream.Minor == 1 ? H1Body.Chunked : H1Body.UntilClose);
    }

    /// <summary>The next head.</summary>
    /// <returns>Null without a violation: the client has closed, or said nothing for too long.</returns>
    private async Task<(H1RequestFacts? Facts, HttpViolation? Violation)> ReadHeadAsync(CancellationToken stop)
    {
        _watch.Set(front.IsAuthenticated ? Limits.Idle : StrangersRest());
        bool hasBegun = false;
        while (true)
        {
            ReadResult read = await ReadAsync(stop).ConfigureAwait(false);
            ParseStatus status = _parser.TryParse(read.Buffer.First.Span, _head, out int consumed, out H1RequestFacts facts, out HttpViolation? violation);
            bool isEmpty = read.Buffer.IsEmpty;
            Duplex.Input.AdvanceTo(read.Buffer.GetPosition(consumed), status == ParseStatus.NeedMore ? read.Buffer.End : read.Buffer.GetPosition(consumed));
            if (status != ParseStatus.NeedMore)
            {
                _watch.Clear();
                return status == ParseStatus.Done ? (facts, null) : (null, violation);
            }

            if (read.IsCompleted || (isEmpty && _isDraining))
                return (null, null);
            if (_watch.IsDue)
            {
                _isIdle = !hasBegun;
                return (null, hasBegun ? SlowHead : null);
            }

            if (isEmpty || hasBegun)
                continue;
            hasBegun = true;
            _watch.Set(Limits.Head);
        }
    }

    /// <summary>What is left of the time in which somebody has to log in.</summary>
    private TimeSpan StrangersRest()
    {
        TimeSpan rest = Limits.Handshake - TimeSpan.FromMilliseconds(Environment.TickCount64 - _began);
        return rest > TimeSpan.Zero ? rest : TimeSpan.FromMilliseconds(1);
    }

    /// <summary>One request, from its head to the last byte of its answer.</summary>
    private async Task<(bool GoesOn, HttpViolation? Violation)> ServeAsync(H1RequestFacts facts, CancellationToken stop)
    {
        bool upgrades = facts.Upgrades;
        var stream = new H1Stream(this)
        {
            Minor = facts.Minor,
            // A client may have sent bytes of the other protocol already: if it is refused, they are no request.
            KeepsAlive = facts.KeepAlive && !upgrades,
            Asked = new H1Asked(Head: _head.Value(":method"u8).SequenceEqual("HEAD"u8), Connect: false, Upgrade: upgrades),
        };
        lock (Output.Gate)
            Current = stream;
        stream.Exchange = front.Begin(stream);
        stream.Exchange.OnHead(stream, _head, end: facts.Framing.Body == H1Body.None && !upgrades);
        if (facts.Framing.Body is H1Body.Length or H1Body.Chunked && await ReadBodyAsync(stream, facts.Framing, stop).ConfigureAwait(false) is { } violation)
        {
            stream.Exchange.OnReset(stream, H2ErrorCode.PROTOCOL_ERROR, untouched: false);
            return (false, violation);
        }

        (bool isHere, HttpViolation? early) = await WaitAsync(stream, stop).ConfigureAwait(false);
        if (early is not null)
            return (false, early);
        lock (Output.Gate)
            Current = null;
        return (isHere && stream.KeepsAlive && !stream.IsBroken && !stream.IsTunnel, null);
    }

    /// <summary>Until the answer has gone; a tunnel's bytes meanwhile pass.</summary>
    /// <returns>False: the client has gone. With a violation it has sent more ahead than is kept.</returns>
    private async Task<(bool IsHere, HttpViolation? Violation)> WaitAsync(H1Stream stream, CancellationToken stop)
    {
        bool hasEnded = false;
        while (!stream.Finished.IsCompleted)
        {
            if (stream.IsTunnel)
                await stream.WhenRoom().WaitAsync(stop).ConfigureAwait(false);
            ReadResult read = await ReadAsync(stop).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                Duplex.Input.AdvanceTo(read.Buffer.Start);
                continue;
            }

            if (stream.IsTunnel)
            {
                PassTunnel(stream, read.Buffer.First.Span, read.IsCompleted);
                Duplex.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    hasEnded = true;
                    await stream.Finished.WaitAsync(stop).ConfigureAwait(false);
                }

                continue;
            }

            bool isFull = read.Buffer.Length > MostAhead;
            Duplex.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted && !stream.Finished.IsCompleted)
            {
                stream.Exchange!.OnReset(stream, H2ErrorCode.CANCEL, untouched: false);
                return (false, null);
            }

            if (!isFull || stream.IsTunnel)
                continue;
            // Unread, it would hide that the client has gone: whatever waits for a person would wait for nobody.
            if (!HasBegun(stream))
            {
                stream.Exchange!.OnReset(stream, H2ErrorCode.CANCEL, untouched: false);
                return (false, TooFarAhead);
            }

            // The two become true at once.
            if (!stream.IsTunnel)
                await stream.Finished.WaitAsync(stop).ConfigureAwait(false);
        }

        return (!hasEnded, null);
    }

    private bool HasBegun(H1Stream stream)
    {
        lock (Output.Gate)
            return stream.HasSentHead;
    }

    private static void PassTunnel(H1Stream stream, ReadOnlySpan<byte> bytes, bool end)
    {
        FlushBatch.Begin();
        try
        {
            stream.Receive(bytes.Length);
            stream.Exchange!.OnData(stream, bytes, end);
        }
        finally
        {
            FlushBatch.End();
        }
    }

    private void Lose()
    {
        H1Stream? stream;
        lock (Output.Gate)
            stream = Current;
        stream?.Abandon();
        stream?.Exchange?.OnReset(stream, H2ErrorCode.CANCEL, untouched: false);
        Output.Drop();
    }

    /// <summary>What was not legal, before the connection is closed; nothing, when an answer has begun.</summary>
    private void Say(HttpViolation violation)
    {
        lock (Output.Gate)
        {
            if (Output.IsOver || Current is { HasSentHead: true })
                return;
            HttpHead head = NewHead();
            head.TryAdd(":status"u8, System.Text.Encoding.ASCII.GetBytes(violation.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            byte[] text = System.Text.Encoding.ASCII.GetBytes($"sallyport: {violation.Message}\n");
            head.TryAdd("content-type"u8, "text/plain"u8);
            if (H1Writer.TryWriteResponse(head, H1Framing.OfLength(text.Length), H1Ending.Close, isHead: false, Output) is null)
                Output.Write(text);
        }
    }
}
