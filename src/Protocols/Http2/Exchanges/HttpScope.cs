using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Mcp;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// One session: what one identity does at one target over one client connection. It begins with the first request and ends with the connection, or sooner when
/// somebody ends it; from then on its requests are refused, and others of the same connection go on.
/// </summary>
internal sealed class HttpScope : ISessionControl
{
    private readonly ILiveSessions _sessions;
    private readonly Action _ended;
    private readonly Action<Exception> _failed;
    private readonly Lock _lock = new();
    private readonly HashSet<Exchange> _underWay = [];
    private long _lastActivity = Environment.TickCount64;
    private (string Reason, string Message)? _ending;
    private bool _isReplaced;
    private int _kept;
    private HttpPersona? _persona;

    public HttpScope(SessionContext context, HttpTarget target, HttpTape tape, HttpUpstreams pool, ILiveSessions sessions, Action ended, Action<Exception> failed)
    {
        _ended = ended;
        _failed = failed;
        Context = context;
        Target = target;
        Tape = tape;
        Upstream = pool.For(target, context.Facts);
        McpSessions = pool.McpSessions;
        _sessions = sessions;
    }

    public SessionContext Context { get; }

    public HttpTarget Target { get; }

    public HttpTape Tape { get; }

    public HttpUpstream Upstream { get; }

    /// <summary>So many bytes of each body that goes this way are recorded.</summary>
    public int RecordedBytes(Direction direction) =>
        Target.RecordedBodies == HttpRecordedBodies.All || (Target.RecordedBodies == HttpRecordedBodies.Requests && direction == Direction.FromClient) ? Target.RecordedBodyBytes : 0;

    public McpSessions McpSessions { get; }

    public long LastActivity => Volatile.Read(ref _lastActivity);

    /// <summary>Watches and streams go on without being judged again.</summary>
    public bool EndsWithIdentity => true;

    /// <summary>Why it is over; null: it is not.</summary>
    public (string Reason, string Message)? Ending
    {
        get
        {
            lock (_lock)
                return _ending;
        }
    }

    public void Touch() => Volatile.Write(ref _lastActivity, Environment.TickCount64);

    /// <summary>How the target is told who the person is. Any thread.</summary>
    /// <param name="persona">Null: it is not told.</param>
    /// <returns>False: it must not be told this name, so it gets no request.</returns>
    public bool TryGetPersona(out HttpPersona? persona)
    {
        persona = null;
        if (Target.Impersonation is not { } rules)
            return true;
        Identity identity = Context.Facts.Identity;
        persona = Volatile.Read(ref _persona);
        if (persona is not null && ReferenceEquals(persona.Identity, identity))
            return true;
        persona = HttpPersona.Of(rules, identity, Context.Facts.SessionId);
        if (persona is { Withheld.IsEmpty: false })
            Context.Event("groups-withheld", string.Join(", ", persona.Withheld));
        Volatile.Write(ref _persona, persona);
        return persona is not null;
    }

    /// <summary>Begins to decide on a request; <see cref="Release"/> ends it, and <see cref="Complete"/> the request.</summary>
    /// <returns>False: the session is over.</returns>
    public bool TryBegin(Exchange exchange)
    {
        lock (_lock)
        {
            if (_ending is not null)
                return false;
            _kept++;
            return _underWay.Add(exchange);
        }
    }

    /// <summary>Keeps the recording open for something that may have to be written, until <see cref="Release"/>.</summary>
    /// <returns>False: the session is over.</returns>
    public bool TryKeep()
    {
        lock (_lock)
        {
            if (_ending is not null)
                return false;
            _kept++;
            return true;
        }
    }

    public void Release()
    {
        lock (_lock)
            _kept--;
        EndIfQuiet();
    }

    public void Complete(Exchange exchange)
    {
        lock (_lock)
            _underWay.Remove(exchange);
        Touch();
        EndIfQuiet();
    }

    /// <summary>Nothing is under way in it, and nothing is being decided.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_lock)
                return _underWay.Count == 0 && _kept == 0;
        }
    }

    /// <summary>Another session has taken its place: it ends as soon as nothing is under way in it.</summary>
    public void Replace()
    {
        Volatile.Write(ref _isReplaced, true);
        EndIfQuiet();
    }

    private void EndIfQuiet()
    {
        bool hasEnded;
        lock (_lock)
        {
            if (_underWay.Count > 0 || _kept > 0)
                return;
            hasEnded = _ending is not null;
        }

        if (hasEnded)
            _ended();
        else if (Volatile.Read(ref _isReplaced))
            End("replaced", "the target's configuration has changed");
    }

    public IReadOnlyList<HoldOutcome> Approvals
    {
        get
        {
            lock (_lock)
                return [.. _underWay.Select(exchange => exchange.Approval).OfType<HoldOutcome>()];
        }
    }

    public void EndApproved(HoldOutcome approval, string message)
    {
        Exchange[] cut;
        lock (_lock)
            cut = [.. _underWay.Where(exchange => exchange.Approval == approval)];
        foreach (Exchange exchange in cut)
            exchange.Cut(H2ErrorCode.CANCEL);
    }

    public void SuspensionChanged()
    {
        Exchange[] all;
        lock (_lock)
            all = [.. _underWay];
        bool isSuspended = Context.IsSuspended;
        // Sent at the end: a send tells other exchanges, and none may be told under the lock of one.
        FlushBatch.Begin();
        try
        {
            foreach (Exchange exchange in all)
            {
                if (isSuspended)
                    exchange.Pause();
                else
                    exchange.Resume();
            }
        }
        finally
        {
            FlushBatch.End();
        }
    }

    public void End(string reason, string message) => End(reason, message, Refusals.SessionOver(message));

    /// <param name="refusal">What requests are answered that have no answer yet; null: nothing more can be said.</param>
    public void End(string reason, string message, HttpRefusal? refusal)
    {
        Exchange[] cut;
        lock (_lock)
        {
            if (_ending is not null)
                return;
            _ending = (reason, message);
            cut = [.. _underWay];
        }

        foreach (Exchange exchange in cut)
            exchange.Cut(H2ErrorCode.CANCEL, refusal);
        _ended();
    }

    /// <summary>Nothing goes to that peer before the recording has caught up; when it cannot, the session is over.</summary>
    public void Hold(HttpStream stream)
    {
        stream.Block();
        lock (_lock)
            _kept++;
        // Asked at once: of a recording that has been completed meanwhile it would be told that nothing can be recorded any more.
        _ = CatchUpAsync(stream, Context.ReadyAsync(CancellationToken.None));
    }

    /// <summary>The client's connection is over: the recording is completed.</summary>
    /// <exception cref="RecordingException">It could not be.</exception>
    public async Task CompleteAsync(ISessionRecorder recorder, SessionEnd end)
    {
        End("closed", "", refusal: null);
        _sessions.Leave(Context);
        Upstream.Leave();
        await recorder.CompleteAsync(end).ConfigureAwait(false);
    }

    private async Task CatchUpAsync(HttpStream stream, ValueTask ready)
    {
        // Not on the thread of whoever sends: it holds its exchange's lock.
        await Task.Yield();
        try
        {
            await ready.ConfigureAwait(false);
            stream.Unblock();
        }
        catch (Exception e)
        {
            if (e is not RecordingException)
                _failed(e);
            // What was written stays blocked for good: the connection that it waits for ends.
            End("recording-failed", "the session can no longer be recorded, so it ends", refusal: null);
            stream.Cut();
        }
        finally
        {
            Release();
        }
    }
}
