using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// One request and its response, between a client's stream and a target's. What comes from one end goes to the other:
/// <code>
///   client ── OnHead ──> judge ──> HttpUpstream.Open ──> target's stream ── OnHead ──> client's stream
///          ── OnData ──────────────────────────────────>       ── OnData ────────────>
///   credit &lt;──────────────── what was forwarded            credit ────────────────────>
/// </code>
/// Until the request has been let through, its body is kept here; nothing is credited, so the client's window bounds it.
/// <para>Locks: an exchange's own first, then the gate of an output; two exchanges are never locked by one thread.</para>
/// </summary>
internal sealed class Exchange(HttpFront front, HttpStream client) : IExchange
{
    /// <summary>Informational responses of one request (RFC 9110 15.2); nobody sends more than a few.</summary>
    private const int MostInformational = 16;

    private readonly Lock _lock = new();
    private readonly long _began = Environment.TickCount64;
    private HttpScope? _scope;
    private HttpStream? _upstream;
    private CancellationTokenSource? _withdrawn;
    private PendingBytes _early;
    private HttpHead? _earlyTrailers;
    private TaskCompletionSource? _collected;
    private int _collectUpTo;
    private int _credited;
    private int _advance;
    private bool _isOpen;
    private bool _isOver;
    private bool _requestEnded;
    private bool _responseEnded;
    private bool _isRetired;
    private bool _isPaused;
    private HttpHead? _pausedHead;
    private bool _pausedHeadEnds;
    private int _informational;
    private int _status;
    private long _requestBytes;
    private long _responseBytes;

    /// <summary>In the session's recording; 0: it was in no session.</summary>
    public uint Number { get; private set; }

    /// <summary>What it runs under, when a person had to say yes to it; null: nobody had to.</summary>
    public HoldOutcome? Approval { get; set; }

    /// <summary>A HEAD request: no answer to it has a body (RFC 9110 9.3.2).</summary>
    public bool IsHead { get; private set; }

    /// <summary>Refusals are such as clients of Kubernetes know how to show.</summary>
    public bool IsKubernetes { get; set; }

    /// <summary>Cancelled when the client is gone, or has given it up.</summary>
    public CancellationToken Withdrawn
    {
        get
        {
            lock (_lock)
            {
                _withdrawn ??= new CancellationTokenSource();
                if (_isOver)
                    _withdrawn.Cancel();
                return _withdrawn.Token;
            }
        }
    }

    public void OnHead(HttpStream from, HttpHead head, bool end)
    {
        if (from == client)
            Begin(head, end);
        else
            Respond(head, end);
    }

    public void OnData(HttpStream from, ReadOnlySpan<byte> data, bool end)
    {
        int credit = data.Length;
        _scope?.Touch();
        lock (_lock)
        {
            if (_isOver)
            {
                // Nobody reads it, so that the connection's window does not run dry it counts as read.
            }
            else if (from != client)
            {
                _responseBytes += data.Length;
                _responseEnded |= end;
                if (_scope!.RecordsBodies && !data.IsEmpty && !_scope.Tape.Data(Direction.ToClient, Number, data))
                    _scope.Hold(client);
                credit = client.SendData(data, end);
            }
            else if (!_isOpen)
            {
                _early.Write(data);
                _requestEnded |= end;
                credit = Collect(data.Length);
            }
            else
            {
                _requestBytes += data.Length;
                _requestEnded |= end;
                if (_scope!.RecordsBodies && !data.IsEmpty && !_scope.Tape.Data(Direction.FromClient, Number, data))
                    _scope.Hold(_upstream!);
                credit = _upstream!.SendData(data, end);
            }
        }

        if (credit > 0)
            from.Credit(credit);
        if (end)
            Settle();
    }

    public void OnTrailers(HttpStream from, HttpHead trailers)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            if (from != client)
            {
                _responseEnded = true;
                if (!_scope!.Tape.Head(Direction.ToClient, Number, trailers, isTrailers: true))
                    _scope.Hold(client);
                client.SendTrailers(trailers);
            }
            else if (!_isOpen)
            {
                _requestEnded = true;
                _earlyTrailers = front.NewHead();
                _earlyTrailers.TryCopyFrom(trailers);
                Collect(0);
            }
            else
            {
                _requestEnded = true;
                if (!_scope!.Tape.Head(Direction.FromClient, Number, trailers, isTrailers: true))
                    _scope.Hold(_upstream!);
                _upstream!.SendTrailers(trailers);
            }
        }

        Settle();
    }

    public void OnReset(HttpStream from, H2ErrorCode code, bool untouched)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            _scope?.Tape.Reset(from == client ? Direction.FromClient : Direction.ToClient, Number, code);
            if (from != client && _status == 0 && code != H2ErrorCode.NO_ERROR && !(untouched && client.TryRefuse()))
            {
                // The target has not said a word: the client gets a reason rather than a code.
                Refuse(untouched ? Refusals.Untouched : Refusals.TargetLost(code));
                return;
            }

            _isOver = true;
            if (from == client)
                _upstream?.Reset(code == H2ErrorCode.NO_ERROR ? H2ErrorCode.NO_ERROR : H2ErrorCode.CANCEL);
            else
                client.Reset(code);
        }

        Settle();
    }

    public void OnForwarded(HttpStream to, int bytes)
    {
        if (to == client)
        {
            _upstream?.Credit(bytes);
            return;
        }

        lock (_lock)
            bytes = Owe(bytes);
        if (bytes > 0)
            client.Credit(bytes);
    }

    /// <summary>Ends it from our side: its session is over, or the daemon is.</summary>
    public void Cut(H2ErrorCode code)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            _isOver = true;
            _upstream?.Reset(H2ErrorCode.CANCEL);
            client.Reset(code);
        }

        Settle();
    }

    /// <summary>Answers the client in the target's place; the target, if it was asked at all, hears no more of it.</summary>
    /// <param name="about">What the request was about, when a rule refuses it.</param>
    public void Refuse(HttpRefusal refusal, KubeTarget? about = null)
    {
        lock (_lock)
        {
            if (_isOver || _status != 0)
                return;
            _isOver = true;
            _status = refusal.Status;
            _upstream?.Reset(H2ErrorCode.CANCEL);
            client.Resume();
            HttpHead head = front.NewHead();
            ReadOnlySpan<byte> body = Refusals.Write(refusal, IsKubernetes, about, head, IsHead);
            if (_scope is not null && !_scope.Tape.Head(Direction.ToClient, Number, head))
                _scope.Hold(client);
            client.SendHead(head, body.IsEmpty);
            if (!body.IsEmpty)
                client.SendData(body, end: true);
            if (!_requestEnded)
                client.Reset(H2ErrorCode.NO_ERROR);
        }

        Settle();
    }

    /// <summary>The same, of a request that nobody has looked at.</summary>
    public void RefuseAtOnce(HttpRefusal refusal, bool requestEnded)
    {
        _requestEnded = requestEnded;
        Refuse(refusal);
    }

    /// <summary>Which session it is in, once that is known.</summary>
    public void Enter(HttpScope scope)
    {
        _scope = scope;
        Number = scope.Tape.Next();
    }

    /// <summary>Waits for the whole body of a request that is not let through yet; the client gets room for it.</summary>
    /// <returns>The body; null: it is larger than <paramref name="most"/>.</returns>
    public async Task<byte[]?> CollectAsync(int most, CancellationToken withdrawn)
    {
        int credit;
        Task collected;
        lock (_lock)
        {
            _collected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            collected = _collected.Task;
            _collectUpTo = most;
            credit = Collect(_early.Length);
        }

        if (credit > 0)
            client.Credit(credit);
        await collected.WaitAsync(withdrawn).ConfigureAwait(false);
        lock (_lock)
            return _early.Length > most ? null : _early.Bytes.ToArray();
    }

    /// <summary>The request was let through: it goes to the target, and what has come of its body behind it.</summary>
    /// <param name="head">As the target is to get it.</param>
    public void Open(HttpStream upstream, HttpHead head)
    {
        int forwarded = 0;
        lock (_lock)
        {
            if (_isOver)
            {
                upstream.Reset(H2ErrorCode.CANCEL);
                upstream.Retire();
                return;
            }

            _upstream = upstream;
            upstream.Exchange = this;
            _isOpen = true;
            bool isBare = _requestEnded && _early.IsEmpty && _earlyTrailers is null;
            upstream.SendHead(head, isBare);
            // It was let through before everything was to stand still; what follows its head was not.
            if (_isPaused)
                upstream.Pause();
            if (!isBare)
            {
                if (!_early.IsEmpty || (_requestEnded && _earlyTrailers is null))
                {
                    _requestBytes = _early.Length;
                    if (_scope!.RecordsBodies && !_scope.Tape.Data(Direction.FromClient, Number, _early.Bytes))
                        _scope.Hold(upstream);
                    forwarded = upstream.SendData(_early.Bytes, _requestEnded && _earlyTrailers is null);
                    // What was collected was credited when it came: it is not credited again when it goes.
                    _advance = Math.Min(_credited, _early.Length);
                    forwarded = Owe(forwarded);
                    _early.Clear();
                }

                if (_earlyTrailers is not null)
                    upstream.SendTrailers(_earlyTrailers);
            }
        }

        if (forwarded > 0)
            client.Credit(forwarded);
    }

    /// <summary>Takes note that so much more of a body has come that is collected.</summary>
    /// <returns>What the client may send in its place.</returns>
    private int Collect(int more)
    {
        if (_collected is null)
            return 0;
        if (_requestEnded || _early.Length > _collectUpTo)
        {
            _collected.TrySetResult();
            return 0;
        }

        _credited += more;
        return more;
    }

    /// <summary>Takes off what the client was given in advance.</summary>
    private int Owe(int forwarded)
    {
        int settled = Math.Min(_advance, forwarded);
        _advance -= settled;
        return forwarded - settled;
    }

    private void Begin(HttpHead head, bool end)
    {
        _requestEnded = end;
        IsHead = head.Value(":method"u8).SequenceEqual("HEAD"u8);
        front.Decide(this, head);
    }

    private void Respond(HttpHead head, bool end)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            int status = HeadValues.Status(head);
            bool isInformational = status is >= 100 and < 200;
            if (isInformational && (++_informational > MostInformational || _isPaused))
                return;
            head = ForResponse(head);
            if (!isInformational)
            {
                _status = status;
                _responseEnded = end;
            }

            if (!_scope!.Tape.Head(Direction.ToClient, Number, head))
                _scope.Hold(client);
            if (_isPaused)
            {
                _pausedHead = front.NewHead();
                _pausedHead.TryCopyFrom(head);
                _pausedHeadEnds = end;
            }
            else
            {
                client.SendHead(head, end);
            }
        }

        if (end)
            Settle();
    }

    /// <summary>
    /// Everything under way stands still: heads and bodies are kept, nothing is credited, so both peers' windows bound what is kept. What is refused from now on, and resets,
    /// still go out.
    /// </summary>
    public void Pause()
    {
        lock (_lock)
        {
            if (_isOver || _isPaused)
                return;
            _isPaused = true;
            client.Pause();
            _upstream?.Pause();
        }
    }

    public void Resume()
    {
        lock (_lock)
        {
            if (!_isPaused)
                return;
            _isPaused = false;
            if (_pausedHead is { } head && !_isOver)
                client.SendHead(head, _pausedHeadEnds);
            _pausedHead = null;
            client.Resume();
            _upstream?.Resume();
        }

        Settle();
    }

    /// <summary>Without what concerns the target's connection alone.</summary>
    private HttpHead ForResponse(HttpHead head)
    {
        for (int i = 0; i < head.Count; i++)
        {
            if (!HopByHop.IsHopByHop(head[i].Name))
                continue;
            HttpHead forwarded = front.NewHead();
            ForwardedFields.CopyResponse(head, forwarded);
            if (HeadValues.Status(head) == 101)
                forwarded.TryAdd("upgrade"u8, head.Value("upgrade"u8));
            return forwarded;
        }

        return head;
    }

    /// <summary>Both directions have ended, or the exchange was given up: it is written down, and counts no more.</summary>
    private void Settle()
    {
        lock (_lock)
        {
            // What stands still is not over before it has gone.
            if (_isRetired || !(_isOver || (_requestEnded && _responseEnded && !_isPaused)))
                return;
            _isRetired = true;
            _isOver = true;
            _collected?.TrySetCanceled();
            _early.Clear();
            _scope?.Tape.End(Number, _status, Environment.TickCount64 - _began, _requestBytes, _responseBytes);
        }

        _withdrawn?.Cancel();
        _scope?.Complete(this);
        client.Retire();
        _upstream?.Retire();
        front.Complete();
    }
}
