using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>The sessions of one client connection: one for each proof of identity at each target, begun with its first request.</summary>
internal sealed class HttpSessions(HttpListener listener, HttpDoors doors, IPEndPoint remote, bool isEncrypted, CancellationToken stop)
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly SemaphoreSlim _entering = new(1, 1);
    private bool _isAuthenticated;

    /// <summary>One proof at one target. The proof is compared whole, and wiped when the connection ends.</summary>
    private sealed record Entry(byte[] Proof, HttpTarget Target, HttpScope Scope, ISessionRecorder Recorder);

    /// <summary>Called when every session has been ended.</summary>
    public Action? Drain { get; set; }

    /// <summary>Those of the first; null: nobody has logged in.</summary>
    public SessionFacts? Facts
    {
        get
        {
            lock (_lock)
                return _entries.Count == 0 ? null : _entries[0].Scope.Context.Facts;
        }
    }

    /// <summary>The session of this proof at this target; null: there is none.</summary>
    public HttpScope? Find(ReadOnlySpan<byte> proof, HttpTarget target)
    {
        lock (_lock)
        {
            foreach (Entry entry in _entries)
            {
                if (ReferenceEquals(entry.Target, target) && entry.Proof.AsSpan().SequenceEqual(proof))
                    return entry.Scope;
            }
        }

        return null;
    }

    /// <summary>The session of this proof at this target, begun if there is none. One at a time, so that two requests do not begin two.</summary>
    public async Task<(HttpScope? Scope, HttpRefusal? Refusal)> EnterAsync(HttpHead head, HttpRequest request)
    {
        await _entering.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            if (Find(HttpRequest.Proof(head), request.Target) is { } known)
                return (known, null);
            if (Count() >= listener.Limits.Sessions)
                return (null, Refusals.TooManySessions);
            string? token = HttpRequest.Token(head);
            if (token is null)
                return (null, Refusals.LoginNeeded);
            LoginResult login = await doors.Login.LoginAsync(new LoginProof(token, "", remote), stop).ConfigureAwait(false);
            if (login.Identity is not { } identity)
                return (null, Refusals.LoginRefused);
            return await OpenAsync(head, request, identity).ConfigureAwait(false);
        }
        finally
        {
            _entering.Release();
        }
    }

    private async Task<(HttpScope? Scope, HttpRefusal? Refusal)> OpenAsync(HttpHead head, HttpRequest request, Identity identity)
    {
        DateTimeOffset now = doors.Time.GetUtcNow();
        var facts = new SessionFacts
        {
            SessionId = Guid.CreateVersion7(now),
            Node = listener.Node,
            Listener = listener.Name,
            Protocol = "http2",
            Identity = identity,
            Target = request.Target.Info.Name,
            Source = remote,
            StartedAt = now,
            ClientApplication = Encoding.Latin1.GetString(head.Value("user-agent"u8)),
            ClientTls = isEncrypted,
        };
        if (doors.Policy.Open(facts).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login }).Kind != VerdictKind.Allow)
            return (null, Refusals.TargetUnknown);
        ISessionRecorder recorder = doors.Recorder.Open(facts);
        var context = new SessionContext(facts, doors.Policy, recorder, doors.Time, doors.Approvals);
        var scope = new HttpScope(context, request.Target, new HttpTape(recorder), doors.Pool, doors.Sessions, Ended);
        if (!doors.Sessions.TryEnter(context, scope, out string? refusal))
        {
            scope.Upstream.Leave();
            await recorder.CompleteAsync(new SessionEnd(SessionSide.Proxy, SessionStage.Route, "limit-reached")).ConfigureAwait(false);
            return (null, Refusals.LimitReached(refusal));
        }

        lock (_lock)
            _entries.Add(new Entry(HttpRequest.Proof(head).ToArray(), request.Target, scope, recorder));
        if (!_isAuthenticated)
        {
            // From here on the person is known: a slow one is limited by policy, not counted among strangers.
            _isAuthenticated = true;
            listener.Authenticated?.Invoke();
        }

        return (scope, null);
    }

    /// <summary>Ends every session, and completes their recordings.</summary>
    public async Task CompleteAsync(SessionEnd end)
    {
        foreach (Entry entry in All())
        {
            CryptographicOperations.ZeroMemory(entry.Proof);
            SessionEnd own = entry.Scope.Ending is { } ending ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, ending.Reason) : end;
            await entry.Scope.CompleteAsync(entry.Recorder, own).ConfigureAwait(false);
        }
    }

    /// <summary>The daemon stops: every request under way is answered or given up.</summary>
    public void Stop()
    {
        foreach (Entry entry in All())
            entry.Scope.End("stopped", "the server stops", Refusals.Stopping);
    }

    private Entry[] All()
    {
        lock (_lock)
            return [.. _entries];
    }

    private void Ended()
    {
        lock (_lock)
        {
            if (_entries.Exists(static entry => entry.Scope.Ending is null))
                return;
        }

        Drain?.Invoke();
    }

    private int Count()
    {
        lock (_lock)
            return _entries.Count;
    }
}
