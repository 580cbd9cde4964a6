using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>
/// A connection to a target that speaks HTTP/1.1, lent to one request at a time. It is used again only after request and response were both whole: after anything
/// else, and above all after an upgrade that was not answered by 101 (CVE-2018-1002105), it is closed.
/// </summary>
internal sealed class H1ClientConnection(IDuplex duplex, HttpLimits limits, TimeProvider time) : H1Connection(duplex, limits, time), ITargetConnection
{
    private readonly H1ResponseParser _parser = new(H1Limits.Default with { Head = limits.HeadBytes });
    private readonly HttpHead _head = new(limits.HeadBytes, limits.HeadFields);
    private bool _isOver;
    private bool _isUsable = true;
    private bool _hasBegun;
    private int _answered;
    private TaskCompletionSource? _room;

    public bool IsHttp1 => true;

    public bool TakesWebSockets => true;

    public bool IsIdle
    {
        get
        {
            lock (Output.Gate)
                return Current is null;
        }
    }

    public bool IsSpent
    {
        get
        {
            lock (Output.Gate)
                return _isOver || !_isUsable || Output.IsOver;
        }
    }

    public void Start()
    {
        // Nothing is said before the first request.
    }

    public bool TryOpen([NotNullWhen(true)] out HttpStream? stream)
    {
        stream = null;
        lock (Output.Gate)
        {
            if (Current is not null || _isOver || !_isUsable || Output.IsOver)
                return false;
            stream = Current = new H1Stream(this);
            return true;
        }
    }

    public Task WhenRoom()
    {
        lock (Output.Gate)
        {
            if (_isOver || Current is null)
                return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (await ReceiveAsync(stop).ConfigureAwait(false))
            {
                // One response after the other.
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever uses it learns of it below.
            Duplex.Abort();
        }
        finally
        {
            Lose();
        }
    }

    private void Lose()
    {
        H1Stream? stream;
        lock (Output.Gate)
        {
            _isOver = true;
            stream = Current;
            _room?.TrySetResult();
        }

        stream?.Abandon();
        stream?.Exchange?.OnReset(stream, H2ErrorCode.CONNECT_ERROR, untouched: !stream.HasSentHead || IsRaced(stream));
        Output.Drop();
    }

    /// <summary>
    /// The target closed a connection that it had kept, as a request was on its way: "a client, server, or proxy might ... close the transport connection at any time", and
    /// one that is safe is sent again (RFC 9112 9.3.1, 9.5).
    /// </summary>
    private bool IsRaced(H1Stream stream) => _answered > 0 && !_hasBegun && stream.IsSafe;

    public override bool TryWriteHead(H1Stream stream, HttpHead head, bool end)
    {
        bool upgrades = head.Has("upgrade"u8);
        long length = HeadValues.ContentLength(head);
        H1Framing framing = end || upgrades ? default : length >= 0 ? H1Framing.OfLength(length) : new H1Framing(H1Body.Chunked);
        if (H1Writer.TryWriteRequest(head, framing, upgrades ? H1Ending.Upgrade : H1Ending.KeepAlive, Output) is not null)
            return false;
        stream.Out = framing;
        stream.HasSentHead = true;
        stream.IsSafe = end && HttpMethods.IsSafe(head.Value(":method"u8));
        stream.Asked = new H1Asked(Head: head.Value(":method"u8).SequenceEqual("HEAD"u8), Connect: false, Upgrade: upgrades);
        return true;
    }

    public override void Retire(H1Stream stream)
    {
        bool isWhole;
        lock (Output.Gate)
        {
            if (Current != stream)
                return;
            isWhole = (!stream.HasSentHead && !stream.IsBroken) || (stream.IsEnded && !stream.IsBroken && _isUsable && !stream.IsTunnel && !stream.Asked.Upgrade);
            _isUsable &= isWhole;
            Current = null;
            _room?.TrySetResult();
            _room = null;
        }

        if (!isWhole)
            Duplex.Abort();
    }

    /// <summary>One response.</summary>
    /// <returns>False: the connection cannot be used again.</returns>
    private async Task<bool> ReceiveAsync(CancellationToken stop)
    {
        while (true)
        {
            ReadResult read = await Duplex.Input.ReadAsync(stop).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                Duplex.Input.AdvanceTo(read.Buffer.Start, read.Buffer.Start);
                continue;
            }

            H1Stream? stream;
            lock (Output.Gate)
                stream = Current;
            // What comes unasked answers nobody (RFC 9112 9.2).
            if (stream is not { HasSentHead: true })
                return false;
            _hasBegun |= !read.Buffer.IsEmpty;
            ParseStatus status = _parser.TryParse(read.Buffer.First.Span, stream.Asked, _head, out int consumed, out H1ResponseFacts facts, out _);
            Duplex.Input.AdvanceTo(read.Buffer.GetPosition(consumed), status == ParseStatus.NeedMore ? read.Buffer.End : read.Buffer.GetPosition(consumed));
            if (status == ParseStatus.Malformed || (status == ParseStatus.NeedMore && read.IsCompleted))
                return false;
            if (status == ParseStatus.NeedMore)
                continue;
            if (facts.Status is >= 100 and < 200 and not 101)
            {
                Answer(stream, end: false);
                continue;
            }

            return await RespondAsync(stream, facts, stop).ConfigureAwait(false);
        }
    }

    private async Task<bool> RespondAsync(H1Stream stream, H1ResponseFacts facts, CancellationToken stop)
    {
        if (facts.Status == 101)
        {
            lock (Output.Gate)
                stream.BecomeTunnel();
            Answer(stream, end: false);
            await ReadBodyAsync(stream, new H1Framing(H1Body.Tunnel), stop).ConfigureAwait(false);
            await stream.Finished.WaitAsync(stop).ConfigureAwait(false);
            return false;
        }

        bool hasBody = facts.Framing.Body != H1Body.None;
        bool goesOn = facts.KeepAlive && facts.Framing.Body != H1Body.UntilClose && !stream.Asked.Upgrade;
        if (!goesOn)
        {
            lock (Output.Gate)
                _isUsable = false;
        }

        _answered++;
        Answer(stream, !hasBody);
        if (hasBody && await ReadBodyAsync(stream, facts.Framing, stop).ConfigureAwait(false) is not null)
            return false;
        if (!goesOn)
            return false;
        // The response may be whole before the request is; then the connection is not one to use again.
        await Task.WhenAny(stream.Finished, Task.Delay(Limits.LastWord, Time, stop)).ConfigureAwait(false);
        _hasBegun = false;
        return stream.Finished.IsCompleted && !stream.IsBroken;
    }

    private void Answer(H1Stream stream, bool end)
    {
        FlushBatch.Begin();
        try
        {
            stream.Exchange?.OnHead(stream, _head, end);
        }
        finally
        {
            FlushBatch.End();
        }
    }
}
