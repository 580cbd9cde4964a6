using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// One request and its response, between a client's stream and a target's. What comes from one end goes to the other:
/// <code>
///   client ── OnHead ──> judge ──> HttpUpstream.Open ──> target's stream ── OnHead ──> client's stream
///          ── OnData ──────────────────────────────────>       ── OnData ────────────>
///   credit &lt;──────────────── what was forwarded            credit ────────────────────>
/// </code>
/// Until the request has been let through, its body is kept here; nothing is credited unless the body is collected, so the client's window bounds it.
/// <para>Locks: an exchange's own first, then the gate of an output; two exchanges are never locked by one thread.</para>
/// </summary>
internal sealed partial class Exchange(HttpFront front, HttpStream client) : IExchange
{
    /// <summary>Informational responses of one request (RFC 9110 15.2); nobody sends more than a few.</summary>
    private const int MostInformational = 16;

    /// <summary>Connections that may turn a request away untouched before the client hears of it.</summary>
    private const int MostRetries = 2;

    private readonly Lock _lock = new();
    private readonly long _began = Environment.TickCount64;
    private HttpScope? _scope;
    private HttpStream? _upstream;
    private CancellationTokenSource? _withdrawn;
    private EarlyBody _early;
    private ExchangeFlow _toTarget;
    private ExchangeFlow _toClient;
    private bool _isOpen;
    private bool _isOver;
    private bool _isRetired;
    private bool _isUpgrade;
    private bool _isPaused;
    private HttpHead? _pausedHead;
    private bool _pausedHeadEnds;
    private bool _isUpstreamRetired;
    private int _owedToClient;
    private int _owedToTarget;
    private bool _awaitsContinue;
    private HttpHead? _again;
    private int _retries;
    private bool _isConnect;
    private int _informational;
    private int _status;

    /// <summary>In the session's recording; 0: it was in no session.</summary>
    public uint Number { get; private set; }

    /// <summary>What it runs under, when a person had to say yes to it; null: nobody had to.</summary>
    public HoldOutcome? Approval { get; set; }

    /// <summary>Its request is in the recording.</summary>
    public bool IsRecorded { get; set; }

    /// <summary>A HEAD request: no answer to it has a body (RFC 9110 9.3.2).</summary>
    public bool IsHead { get; private set; }

    /// <summary>Refusals are such as clients of Kubernetes know how to show.</summary>
    public bool IsKubernetes { get; set; }

    /// <summary>The client sent it over HTTP/1.1.</summary>
    public bool IsHttp1 => client is H1Stream;

    /// <summary>What it needs of a connection to its target.</summary>
    public UpstreamUse Use(HttpRequest request) =>
        !request.IsUpgrade ? UpstreamUse.Any : client is WebSocketClientStream ? UpstreamUse.WebSocket : UpstreamUse.Http1;

    /// <summary>How it is refused; null: as any other.</summary>
    public IRefusalForm? Form { get; set; }

    /// <summary>What is done besides passing it on; set before it is opened.</summary>
    public IExchangePlan? Plan { get; set; }

    /// <summary>The request is whole, or has no body at all.</summary>
    public bool HasRequestEnded
    {
        get
        {
            lock (_lock)
                return _toTarget.HasEnded;
        }
    }

    /// <summary>Trailers have come, and wait to be let through with the request.</summary>
    public bool HasTrailers
    {
        get
        {
            lock (_lock)
                return _early.Trailers is not null;
        }
    }

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
        try
        {
            if (from == client)
                Begin(head, end);
            else
                Respond(head, end);
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    public void OnData(HttpStream from, ReadOnlySpan<byte> data, bool end)
    {
        try
        {
            Receive(from, data, end);
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    public void OnTrailers(HttpStream from, HttpHead trailers)
    {
        try
        {
            ReceiveTrailers(from, trailers);
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    private void Receive(HttpStream from, ReadOnlySpan<byte> data, bool end)
    {
        // Of what nobody reads any more the sender is credited, so that its connection's window does not run dry.
        int credit = data.Length;
        bool isWhole;
        _scope?.Touch();
        lock (_lock)
        {
            ref int owed = ref from == client ? ref _owedToClient : ref _owedToTarget;
            owed += data.Length;
            if (!_isOver && from == client && !_isOpen)
            {
                _toTarget.HasEnded |= end;
                credit = _early.Take(data, _toTarget.HasEnded);
            }
            else if (!_isOver && from == client)
            {
                credit = Pass(ref _toTarget, Direction.FromClient, _upstream!, data, end);
            }
            else if (!_isOver)
            {
                if (end)
                    EndResponse();
                credit = Pass(ref _toClient, Direction.ToClient, client, data, end);
            }

            isWhole = _toTarget.HasEnded && _toClient.HasEnded;
            credit = Pay(ref owed, credit);
        }

        if (credit > 0)
            from.Credit(credit);
        if (end || isWhole)
            Settle();
    }

    private void ReceiveTrailers(HttpStream from, HttpHead trailers)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            if (from == client && !_isOpen)
            {
                _toTarget.HasEnded = true;
                HttpHead kept = front.NewHead();
                kept.TryCopyFrom(trailers);
                _early.End(kept);
            }
            else if (from == client)
            {
                End(ref _toTarget, Direction.FromClient, _upstream!, trailers);
            }
            else
            {
                EndResponse();
                End(ref _toClient, Direction.ToClient, client, trailers);
            }
        }

        Settle();
    }

    public void OnReset(HttpStream from, H2ErrorCode code, bool untouched)
    {
        Reset(from, code, untouched);
        Settle();
    }

    private void Reset(HttpStream from, H2ErrorCode code, bool untouched)
    {
        lock (_lock)
        {
            if (_isOver || (from != client && from != _upstream))
            {
                // What waited for that end was dropped with it.
                PayAll();
                return;
            }

            if (from != client && untouched && TryAgain())
                return;
            // A whole answer is there (RFC 9113 8.1) and waits because everything stands still: it goes out when that ends.
            if (from != client && _isPaused && _toClient.HasEnded)
            {
                _toTarget.HasEnded = true;
                return;
            }

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
                // A whole answer stays one, whatever becomes of the request behind it (RFC 9113 8.1).
                client.Reset(_toClient.HasEnded ? H2ErrorCode.NO_ERROR : code);
            PayAll();
        }
    }

    public void OnForwarded(HttpStream to, int bytes)
    {
        int credit;
        lock (_lock)
            credit = to == client ? Pay(ref _owedToTarget, _toClient.Forwarded(bytes)) : Pay(ref _owedToClient, _toTarget.Forwarded(bytes));
        if (credit > 0)
            (to == client ? _upstream : client)?.Credit(credit);
    }

    /// <summary>Ends it from our side: its session is over, or the daemon is.</summary>
    /// <param name="refusal">What the client is answered if it has no answer yet; null: nothing more can be said.</param>
    public void Cut(H2ErrorCode code, HttpRefusal? refusal = null)
    {
        lock (_lock)
        {
            if (_isOver)
                return;
            if (refusal is not null && _status == 0)
            {
                Refuse(refusal);
                return;
            }

            _isOver = true;
            _upstream?.Reset(H2ErrorCode.CANCEL);
            client.Reset(code);
            PayAll();
        }

        Settle();
    }

    /// <summary>Which session it is in, once that is known.</summary>
    public void Enter(HttpScope scope)
    {
        _scope = scope;
        Number = scope.Tape.Next();
    }

    /// <summary>The request was let through: it goes to the target, and what has come of its body behind it.</summary>
    /// <param name="head">As the target is to get it.</param>
    public void Open(HttpStream upstream, HttpHead head)
    {
        int credit = 0;
        lock (_lock)
        {
            if (_isOver)
            {
                upstream.Retire();
                return;
            }

            _upstream = upstream;
            upstream.Exchange = this;
            _isOpen = true;
            Continue();
            if (_retries == 0)
                Plan?.OnRequest(head);
            _toTarget.Filter = Plan?.RequestBody;
            bool isBare = _toTarget.HasEnded && _early.IsEmpty;
            if (isBare && _retries < MostRetries && !ReferenceEquals(head, _again))
                (_again ??= front.RentHead()).TryCopyFrom(head);
            upstream.SendHead(head, isBare);
            // It was let through before everything was to stand still; what follows its head was not.
            if (_isPaused)
                upstream.Pause();
            if (_isOver || _upstream != upstream)
                return;
            if (!isBare)
            {
                _toTarget.Advance(_early.Credited);
                bool end = _toTarget.HasEnded && _early.Trailers is null;
                credit = Pay(ref _owedToClient, Pass(ref _toTarget, Direction.FromClient, upstream, _early.Bytes, end));
                if (_early.Trailers is { } trailers)
                    End(ref _toTarget, Direction.FromClient, upstream, trailers);
            }

            _early.Clear();
        }

        if (credit > 0)
            client.Credit(credit);
    }

    private void Begin(HttpHead head, bool end)
    {
        _toTarget.HasEnded = end;
        _isUpgrade = !end && head.Has("upgrade"u8);
        IsHead = head.Value(":method"u8).SequenceEqual("HEAD"u8);
        _awaitsContinue = !end && HeadValues.ExpectsContinue(head);
        _isConnect = head.Value(":method"u8).SequenceEqual("CONNECT"u8);
        front.Decide(this, head);
    }

    /// <summary>The target has not looked at the request, and nothing of it is lost: it goes to another connection.</summary>
    private bool TryAgain()
    {
        if (_again is null || _status != 0 || _retries >= MostRetries || _scope!.Ending is not null)
            return false;
        _retries++;
        _upstream!.Retire();
        _upstream = null;
        _isOpen = false;
        front.Retry(this, _scope, _again);
        return true;
    }

    private void ReturnHead()
    {
        if (_again is { } head)
            front.ReturnHead(head);
        _again = null;
    }

    /// <summary>Both directions have ended, or the exchange was given up: it is written down, and counts no more.</summary>
    private void Settle()
    {
        lock (_lock)
        {
            // What stands still is not over before it has gone.
            if (_isRetired || !(_isOver || (_toTarget.HasEnded && _toClient.HasEnded && !_isPaused)))
                return;
            _isRetired = true;
            _isOver = true;
            _early.Abandon();
            Plan?.OnEnd();
            ReturnHead();
            _scope?.Tape.End(Number, _status, Environment.TickCount64 - _began, _toTarget.Bytes, _toClient.Bytes);
        }

        _withdrawn?.Cancel();
        _scope?.Complete(this);
        client.Retire();
        if (!_isUpstreamRetired)
            _upstream?.Retire();
        int rest;
        lock (_lock)
            rest = Pay(ref _owedToClient, _owedToClient);
        if (rest > 0)
            client.Credit(rest);
        front.Complete();
    }
}
