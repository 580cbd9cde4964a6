using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// The sessions of one client connection: one for each proof of identity at each target, begun with its first request. One that is over is remembered, so that its requests
/// hear why; its recording is completed as soon as nothing is under way in it.
/// </summary>
internal sealed class HttpSessions(HttpListener listener, HttpDoors doors, IPEndPoint remote, bool isEncrypted, CancellationToken stop, Action<Exception> failed)
{
    /// <summary>Sessions that are over, and are remembered.</summary>
    private const int MostOver = 64;

    private readonly Lock _lock = new();
    private readonly List<HttpSessionEntry> _entries = [];
    private readonly SemaphoreSlim _entering = new(1, 1);
    private volatile bool _isAuthenticated;
    private volatile SessionContext? _first;
    private Exception? _failure;

    /// <summary>Called when every session has been ended, or no more can be begun.</summary>
    public Action? Drain { get; set; }

    /// <summary>Somebody has logged in.</summary>
    public bool IsAuthenticated => _isAuthenticated;

    /// <summary>Those of the first; null: nobody has logged in.</summary>
    public SessionFacts? Facts => _first?.Facts;

    /// <summary>The session of this proof at this target; null: there is none.</summary>
    public HttpScope? Find(ReadOnlySpan<byte> proof, HttpTarget target)
    {
        lock (_lock)
        {
            foreach (HttpSessionEntry entry in _entries)
            {
                if (ReferenceEquals(entry.Target, target) && entry.Proof.AsSpan().SequenceEqual(proof))
                    return entry.Scope;
            }
        }

        return null;
    }

    /// <summary>The session of this proof at this target, begun if there is none. One at a time, so that two requests do not begin two.</summary>
    /// <exception cref="OperationCanceledException">The client has given it up, or the daemon stops.</exception>
    public async Task<(HttpScope? Scope, HttpRefusal? Refusal)> EnterAsync(HttpHead head, HttpRequest request, CancellationToken withdrawn)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, withdrawn);
        await _entering.WaitAsync(either.Token).ConfigureAwait(false);
        try
        {
            if (Find(HttpRequest.Proof(head), request.Target) is { } known)
                return (known, null);
            if (!MakeRoom())
            {
                Drain?.Invoke();
                return (null, Refusals.TooManySessions);
            }

            string? token = HttpRequest.Token(head);
            if (token is null)
                return (null, Refusals.LoginNeeded);
            LoginResult login = await doors.Login.LoginAsync(new LoginProof(token, "", remote), either.Token).ConfigureAwait(false);
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
        Verdict verdict = doors.Policy.Open(facts).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login });
        if (verdict.Kind != VerdictKind.Allow)
        {
            listener.Forbidden?.Invoke(facts, verdict.RuleId);
            return (null, Refusals.TargetUnknown);
        }

        ISessionRecorder recorder = doors.Recorder.Open(facts);
        var context = new SessionContext(facts, doors.Policy, recorder, doors.Time, doors.Approvals);
        var scope = new HttpScope(context, request.Target, new HttpTape(recorder), doors.Pool, doors.Sessions, Tidy, failed);
        if (!doors.Sessions.TryEnter(context, scope, out string? refusal))
        {
            scope.Upstream.Leave();
            await recorder.CompleteAsync(new SessionEnd(SessionSide.Proxy, SessionStage.Route, "limit-reached")).ConfigureAwait(false);
            return (null, Refusals.LimitReached(refusal));
        }

        var entry = new HttpSessionEntry(HttpRequest.Proof(head).ToArray(), request.Target, scope, recorder);
        HttpSessionEntry[] replaced;
        lock (_lock)
        {
            replaced = [.. _entries.Where(other => other.Target.Info.Name == facts.Target && other.Proof.AsSpan().SequenceEqual(entry.Proof))];
            _entries.Add(entry);
        }

        foreach (HttpSessionEntry old in replaced)
            old.Scope.Replace();
        _first ??= context;
        if (!_isAuthenticated)
        {
            // From here on the person is known: a slow one is limited by policy, not counted among strangers.
            _isAuthenticated = true;
            listener.Authenticated?.Invoke();
        }

        return (scope, null);
    }

    /// <summary>Ends every session, and completes their recordings.</summary>
    /// <exception cref="RecordingException">One could not be.</exception>
    public async Task CompleteAsync(SessionEnd end)
    {
        foreach (HttpSessionEntry entry in All())
        {
            await NotedAsync(entry.CompleteAsync(end)).ConfigureAwait(false);
            lock (_lock)
                CryptographicOperations.ZeroMemory(entry.Proof);
        }

        if (_failure is { } failure)
            throw new RecordingException(failure.Message, failure);
    }

    /// <summary>The daemon stops: every request under way is answered or given up.</summary>
    public void Stop()
    {
        foreach (HttpSessionEntry entry in All())
            entry.Scope.End("stopped", "the server stops", Refusals.Stopping);
    }

    private HttpSessionEntry[] All()
    {
        lock (_lock)
            return [.. _entries];
    }

    /// <summary>A session is over, or nothing is under way in it any more.</summary>
    private void Tidy()
    {
        bool isOver = true;
        foreach (HttpSessionEntry entry in All())
        {
            if (entry.Scope.Ending is null)
                isOver = false;
            else if (entry.Scope.IsQuiet)
                _ = NotedAsync(entry.CompleteAsync(new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "closed")));
        }

        Forget();
        if (isOver)
            Drain?.Invoke();
    }

    /// <summary>Forgets those that ended longest ago.</summary>
    private void Forget()
    {
        lock (_lock)
        {
            int over = _entries.Count(static entry => entry.IsCompleted);
            for (int i = 0; i < _entries.Count && over > MostOver; i++)
            {
                if (!_entries[i].IsCompleted)
                    continue;
                CryptographicOperations.ZeroMemory(_entries[i].Proof);
                _entries.RemoveAt(i--);
                over--;
            }
        }
    }

    /// <summary>At the bound the session that has had nothing to do for longest makes room: a client that renews its token must not run out of sessions.</summary>
    /// <returns>False: all of them have something under way.</returns>
    private bool MakeRoom()
    {
        HttpScope? unused;
        lock (_lock)
        {
            if (_entries.Count(static entry => entry.Scope.Ending is null) < listener.Limits.Sessions)
                return true;
            unused = _entries.Select(static entry => entry.Scope).Where(static scope => scope.Ending is null && scope.IsQuiet).MinBy(static scope => scope.LastActivity);
        }

        unused?.End("replaced", "others of its connection took its place");
        return unused is not null;
    }

    private async Task NotedAsync(Task completion)
    {
        try
        {
            await completion.ConfigureAwait(false);
        }
        catch (RecordingException e)
        {
            _failure ??= e;
        }
        catch (Exception e)
        {
            failed(e);
        }
    }
}
