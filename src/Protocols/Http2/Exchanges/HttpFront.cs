using System.Net;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// What stands behind one client connection, whatever version of HTTP it speaks: its sessions, its exchanges, and what goes on for them beside the read loop.
/// </summary>
internal sealed class HttpFront : IHttpFront
{
    private const int MostSpare = 16;
    private const int MostSpareBytes = 4096;

    private readonly HttpListener _listener;
    private readonly HttpDoors _doors;
    private readonly Lock _lock = new();
    private readonly HttpSessions _sessions;
    private readonly List<Task> _deciding = [];
    private readonly HttpDecisions _decisions;
    private readonly Stack<HttpHead> _spare = new(4);
    private Exception? _failure;
    private int _underWay;

    public HttpFront(HttpListener listener, HttpDoors doors, IPEndPoint remote, bool isEncrypted, CancellationToken stop)
    {
        _listener = listener;
        _doors = doors;
        _sessions = new HttpSessions(listener, doors, remote, isEncrypted, stop, Note);
        Bodies = new BodyBudget(listener.Limits.CollectedBytes, doors.Bodies);
        _decisions = new HttpDecisions(this, listener, doors, _sessions, stop);
    }

    public HttpLimits Limits => _listener.Limits;

    public TimeProvider Time => _doors.Time;

    public int UnderWay => Volatile.Read(ref _underWay);

    public bool IsAuthenticated => _sessions.IsAuthenticated;

    /// <summary>What bodies that are looked into may hold of memory.</summary>
    public BodyBudget Bodies { get; }

    /// <summary>Called when every session of the connection has been ended: it is to take no more requests.</summary>
    public Action? Drain
    {
        get => _sessions.Drain;
        set => _sessions.Drain = value;
    }

    /// <summary>Whose the connection is, for the log; null: nobody has logged in.</summary>
    public SessionFacts? Facts => _sessions.Facts;

    /// <summary>Room for one head; requests grow by what is set towards targets.</summary>
    public HttpHead NewHead() => new(_listener.Limits.HeadBytes * 2, _listener.Limits.HeadFields + 64);

    public IExchange Begin(HttpStream client)
    {
        Interlocked.Increment(ref _underWay);
        return new Exchange(this, client);
    }

    public IExchange BeginWebSocket(HttpStream client)
    {
        var socket = new WebSocketClientStream(client);
        socket.Exchange = Begin(socket);
        return socket;
    }

    public void RefuseLarge(HttpStream client, bool end)
    {
        var exchange = (Exchange)Begin(client);
        client.Exchange = exchange;
        exchange.RefuseAtOnce(Refusals.HeadTooLarge, end);
    }

    /// <summary>A head that is kept while a request is under way; given back by <see cref="ReturnHead"/>.</summary>
    public HttpHead RentHead()
    {
        lock (_spare)
            return _spare.TryPop(out HttpHead? head) ? head : NewHead();
    }

    public void ReturnHead(HttpHead head)
    {
        head.Clear();
        lock (_spare)
        {
            if (_spare.Count < MostSpare && head.Capacity <= MostSpareBytes)
                _spare.Push(head);
        }
    }

    /// <summary>Sends a request without a body again, on another connection: the one before has not looked at it.</summary>
    public void Retry(Exchange exchange, HttpScope scope, HttpHead head) => Track(_decisions.RetryAsync(exchange, scope, head));

    public void Complete() => Interlocked.Decrement(ref _underWay);

    /// <summary>Lets a request through, refuses it, or has it wait.</summary>
    /// <param name="head">The read loop's own: gone when this returns.</param>
    public void Decide(Exchange exchange, HttpHead head) => _decisions.Decide(exchange, head);

    /// <summary>Ends every session of the connection, and completes their recordings.</summary>
    /// <returns>How it ended after all.</returns>
    public async Task<SessionEnd> CompleteAsync(SessionEnd end)
    {
        Task[] deciding;
        lock (_lock)
            deciding = [.. _deciding];
        await Task.WhenAll(deciding).ConfigureAwait(false);
        if (_failure is { } failure)
            end = new SessionEnd(SessionSide.Proxy, end.Stage, "internal-error", Detail: failure.ToString());
        await _sessions.CompleteAsync(end).ConfigureAwait(false);
        return end;
    }

    /// <summary>The daemon stops: every request under way is answered or given up.</summary>
    public void Stop() => _sessions.Stop();

    /// <summary>What was not to be expected is said when the connection ends. The first counts.</summary>
    public void Note(Exception e) => Interlocked.CompareExchange(ref _failure, e, null);

    /// <summary>Work beside the read loop; the connection's end waits for it.</summary>
    public void Track(Task task)
    {
        lock (_lock)
        {
            _deciding.RemoveAll(done => done.IsCompleted);
            _deciding.Add(task);
        }
    }
}
