using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Postgres;

/// <summary>How a connection ended, and whose it was once that was known.</summary>
public sealed record PgOutcome(SessionEnd End, SessionFacts? Facts);

/// <summary>
/// One connection from a PostgreSQL client, start to end:
/// (1) handshake and login; (2) route and facts; (3) policy's gate; (4) recording; (5) target; (6) two loops; (7) one end.
/// Nothing here throws to the caller: every way out is a <see cref="SessionEnd"/>.
/// </summary>
public sealed class PgSession
{
    /// <summary>How long a client may take to accept the last word before it is cut.</summary>
    private static readonly TimeSpan LastWordDeadline = TimeSpan.FromSeconds(2);

    private readonly PgListener _listener;
    private readonly PgDoors _doors;
    private IDuplex _client;
    private SessionFacts? _facts;

    private PgSession(IDuplex client, PgListener listener, PgDoors doors)
    {
        _client = client;
        _listener = listener;
        _doors = doors;
    }

    /// <summary>Serves one connection until it ends, and closes it. <paramref name="stop"/> cuts it.</summary>
    public static async Task<PgOutcome> RunAsync(IDuplex client, PgListener listener, PgDoors doors, CancellationToken stop)
    {
        var session = new PgSession(client, listener, doors);
        try
        {
            SessionEnd end = await session.RunAsync(stop).ConfigureAwait(false);
            return new PgOutcome(end, session._facts);
        }
        finally
        {
            await session._client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<SessionEnd> RunAsync(CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_listener.Limits.Handshake);
        IDuplex raw = _client;
        CancellationTokenRegistration cut = deadline.Token.Register(static d => ((IDuplex)d!).Abort(), raw);
        var handshake = new PgHandshake(_client, _listener, _doors);
        var stage = SessionStage.Startup;
        try
        {
            PgClient client;
            try
            {
                client = await handshake.RunAsync(deadline).ConfigureAwait(false);
            }
            finally
            {
                _client = handshake.Client;
            }

            if (client.CancelBody is { } cancelBody)
                return await CancelAsync(cancelBody, deadline.Token).ConfigureAwait(false);

            stage = SessionStage.Route;
            TargetInfo target = Route(client, out _facts);
            // From here on the person is known: a slow one is limited by policy, not counted among strangers.
            _listener.Authenticated?.Invoke();
            return await RecordAsync(client, target, _facts, deadline, cut, stop).ConfigureAwait(false);
        }
        catch (PgHandshakeException e) when (e.Refusal is not null || !IsLate(deadline, stop))
        {
            await LastWordAsync(e.Refusal).ConfigureAwait(false);
            return e.End;
        }
        catch (PgProtocolException e) when (!IsLate(deadline, stop))
        {
            await LastWordAsync(new PgRefusal(SqlState.ProtocolViolation, e.Message)).ConfigureAwait(false);
            return new SessionEnd(SessionSide.Client, stage, "protocol-violation", SqlState.ProtocolViolation, e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return Lost(stage, IsLate(deadline, stop), e);
        }
        finally
        {
            await cut.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The deadline cuts the client's connection, which looks like a client that hung up.</summary>
    private static bool IsLate(CancellationTokenSource deadline, CancellationToken stop) => deadline.IsCancellationRequested && !stop.IsCancellationRequested;

    private static SessionEnd Lost(SessionStage stage, bool late, Exception e) =>
        new(late ? SessionSide.Proxy : SessionSide.Client, stage, late ? "handshake-timeout" : "connection-lost", Detail: e.GetType().Name);

    private async Task<SessionEnd> CancelAsync(byte[] body, CancellationToken cancel)
    {
        try
        {
            SessionContext? session = await _doors.CancelKeys.CancelAsync(body, _client.Remote, cancel).ConfigureAwait(false);
            return new SessionEnd(SessionSide.Client, SessionStage.Startup, session is null ? "cancel-unknown" : "closed",
                Detail: session is null ? null : $"cancel of session {session.Facts.SessionId}");
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            return new SessionEnd(SessionSide.Target, SessionStage.Connect, "cancel-failed", Detail: e.Message);
        }
    }

    /// <summary>Database name to target and database (<c>target</c> or <c>target/dbname</c>), and whether policy lets the person in there.</summary>
    /// <exception cref="PgHandshakeException">No such target, not for this person, or not that database: all look the same to the client.</exception>
    private TargetInfo Route(PgClient client, out SessionFacts facts)
    {
        string asked = client.Startup!.Database;
        int slash = asked.IndexOf('/', StringComparison.Ordinal);
        string name = slash < 0 ? asked : asked[..slash];
        TargetInfo? target = _doors.Upstream.Find(name, "postgres");
        string database = slash < 0 ? target?.DefaultResource ?? "" : asked[(slash + 1)..];
        facts = new SessionFacts
        {
            SessionId = Guid.CreateVersion7(_doors.Time.GetUtcNow()),
            Node = _listener.Node,
            Listener = _listener.Name,
            Protocol = "postgres",
            Identity = client.Login!.Identity,
            Target = name,
            Resource = database,
            Source = _client.Remote,
            StartedAt = _doors.Time.GetUtcNow(),
            ClientUser = client.Login.User,
            ClientApplication = client.Startup.ApplicationName,
            ClientTls = _client.Tls is not null,
        };
        if (target is null || database.Length == 0)
            throw PgHandshake.Turned(SessionStage.Route, "target-unknown", PgHandshake.LoginRefused, $"target {asked}");
        if (target.Resources.Count > 0 && !target.Resources.Contains(database))
            throw PgHandshake.Turned(SessionStage.Route, "database-forbidden", PgHandshake.LoginRefused, $"target {asked}");
        Verdict verdict = _doors.Policy.Open(facts).Judge(new ActionView { Kind = ActionKind.Login, Verb = Verb.Login });
        return verdict.Kind == VerdictKind.Allow
            ? target
            : throw PgHandshake.Turned(SessionStage.Route, "target-forbidden", PgHandshake.LoginRefused, $"target {asked}, rule {verdict.RuleId}");
    }

    private async Task<SessionEnd> RecordAsync(
        PgClient client, TargetInfo target, SessionFacts facts, CancellationTokenSource deadline, CancellationTokenRegistration cut, CancellationToken stop)
    {
        ISessionRecorder recorder;
        try
        {
            recorder = _doors.Recorder.Open(facts);
        }
        catch (IOException e)
        {
            throw PgHandshake.Turned(SessionStage.Route, "recording-failed", NotRecorded, e.Message);
        }

        PgHandshakeException? turned = null;
        SessionEnd end;
        try
        {
            end = await EnterAsync(client, target, new SessionContext(facts, _doors.Policy, recorder, _doors.Time, _doors.Approvals), deadline, cut, stop).ConfigureAwait(false);
        }
        catch (PgHandshakeException e)
        {
            turned = e;
            end = e.End;
        }
        catch (RecordingException e)
        {
            end = new SessionEnd(SessionSide.Proxy, SessionStage.TargetLogin, "recording-failed", SqlState.IoError, e.Message);
            turned = new PgHandshakeException(end, NotRecorded, e);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            end = Lost(SessionStage.TargetLogin, IsLate(deadline, stop), e);
        }

        end = await CompleteAsync(recorder, end).ConfigureAwait(false);
        return turned is null ? end : throw turned;
    }

    private static PgRefusal NotRecorded { get; } = new(SqlState.IoError, "the session cannot be recorded, so it is refused",
        Hint: "Tell whoever runs this server: its log says why.");

    /// <summary>Writes the trailer. A session whose trailer could not be written has not ended well, whatever it had to say.</summary>
    private static async Task<SessionEnd> CompleteAsync(ISessionRecorder recorder, SessionEnd end)
    {
        try
        {
            await recorder.CompleteAsync(end).ConfigureAwait(false);
            return end;
        }
        catch (IOException e)
        {
            return end.Reason == "recording-failed" ? end : new SessionEnd(SessionSide.Proxy, end.Stage, "recording-failed", end.WireCode, $"{e.Message} (it had ended: {end.Reason})");
        }
    }

    private async Task<SessionEnd> EnterAsync(
        PgClient client, TargetInfo target, SessionContext context, CancellationTokenSource deadline, CancellationTokenRegistration cut, CancellationToken stop)
    {
        PgCatalog catalog = _doors.Catalogs.For(target, context.Facts.Resource);
        var shared = new PgShared(context, catalog, _listener.Limits, _doors.Time);
        if (!_doors.Sessions.TryEnter(context, shared, out string? refusal))
            throw PgHandshake.Turned(SessionStage.Route, "limit-reached", new PgRefusal(SqlState.TooManyConnections, refusal ?? "no more sessions are allowed"));
        try
        {
            PgTargetConnection backend = await ConnectAsync(client.Startup!, target, context, catalog, deadline.Token).ConfigureAwait(false);
            await using (backend.Duplex.ConfigureAwait(false))
            {
                PgCancelKeys.Entry key = _doors.CancelKeys.Issue(shared, target, backend, client.Startup!.Version, _listener.Limits);
                try
                {
                    await WelcomeAsync(client.Login!, backend, key, shared, deadline.Token).ConfigureAwait(false);
                    deadline.CancelAfter(Timeout.InfiniteTimeSpan);
                    cut.Unregister();
                    return await RunLoopsAsync(backend.Duplex, shared, key, stop).ConfigureAwait(false);
                }
                finally
                {
                    _doors.CancelKeys.Withdraw(key);
                }
            }
        }
        finally
        {
            _doors.Sessions.Leave(context);
        }
    }

    /// <summary>Connects and logs in to the target, and reads the catalog when there are masks: without it nothing could be shown.</summary>
    private async Task<PgTargetConnection> ConnectAsync(PgStartupParameters startup, TargetInfo target, SessionContext context, PgCatalog catalog, CancellationToken cancel)
    {
        if (startup.TryForTarget(out List<KeyValuePair<string, string>> parameters) is { } refusal)
            throw PgHandshake.Turned(SessionStage.Startup, "startup-parameter", refusal);
        try
        {
            if (context.Masks is { } masks)
                await catalog.IndexAsync(masks, cancel).ConfigureAwait(false);
            int version = Math.Min(startup.Version, StartupCode.Version32);
            return await new PgTargetLogin(_doors.Upstream, _listener.Limits)
                .ConnectAsync(target, context.Facts.Resource, parameters, version, cancel).ConfigureAwait(false);
        }
        catch (PgTargetException e)
        {
            throw new PgHandshakeException(new SessionEnd(SessionSide.Target, e.Stage, e.Reason, e.Refusal.SqlState, Reason(e)), e.Refusal, e);
        }
        catch (IOException e)
        {
            throw new PgHandshakeException(new SessionEnd(SessionSide.Target, SessionStage.Connect, "catalog-unreadable", SqlState.UnableToConnect, e.Message),
                new PgRefusal(SqlState.UnableToConnect, "the target's catalog cannot be read, so nothing could be masked", Hint: "Tell whoever runs this server: its log says why."), e);
        }
    }

    private static string Reason(PgTargetException e) => e.InnerException is { } inner ? $"{e.Message}: {inner.Message}" : e.Message;

    /// <summary>AuthenticationOk and what the target announced, with our cancel key in place of its own.</summary>
    private async Task WelcomeAsync(PgLoggedIn login, PgTargetConnection backend, PgCancelKeys.Entry key, PgShared shared, CancellationToken cancel)
    {
        using var writer = new PgWriter();
        if (login.SaslFinal is { } final)
            writer.Begin(BackendMessage.Authentication).Int32(AuthenticationRequest.SaslFinal).Bytes(final).End();
        if (!login.IsGreeted)
            writer.Begin(BackendMessage.Authentication).Int32(AuthenticationRequest.Ok).End();
        int recordFrom = writer.Length;
        foreach (PgRawMessage message in backend.Announced)
        {
            writer.Begin(message.Type).Bytes(message.Body).End();
            if (message.Type == BackendMessage.ParameterStatus && PgParameterStatus.TryRead(message.Body, out PgParameterStatus status))
                shared.OnParameterStatus(status.Name, status.Value);
        }

        // The key is a secret of the client's: the recording gets everything but it.
        shared.Context.Record(Direction.ToClient, writer.Written.Span[recordFrom..]);
        writer.Begin(BackendMessage.BackendKeyData).Int32(key.ProcessId).Bytes(key.Key).End();
        int readyAt = writer.Length;
        writer.Begin(BackendMessage.ReadyForQuery).Byte((byte)'I').End();
        if (!shared.Context.Record(Direction.ToClient, writer.Written.Span[readyAt..]))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await _client.SendAsync(writer, cancel).ConfigureAwait(false);
    }

    /// <summary>Runs both loops; the first to end is why the session ended, and ends the other.</summary>
    private async Task<SessionEnd> RunLoopsAsync(IDuplex target, PgShared shared, PgCancelKeys.Entry key, CancellationToken stop)
    {
        var requests = new PgRequestLoop(_client, target, shared);
        var replies = new PgReplyLoop(target, _client, shared);
        // A request loop that waits for a person, and reads nothing, learns of the end by this alone.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using CancellationTokenRegistration stopping = stop.Register(static s => ((PgShared)s!).End("stopped", "the server is stopping"), shared);

        Task<(SessionEnd End, PgViolation? Violation)> request = GuardAsync(requests.RunAsync(ending.Token), SessionSide.Client);
        Task<(SessionEnd End, PgViolation? Violation)> reply = GuardAsync(replies.RunAsync(stop), SessionSide.Target);
        Task first = await Task.WhenAny(request, reply, shared.EndAsked).ConfigureAwait(false);
        if (first == request && (await request.ConfigureAwait(false)).End.Reason is "closed" or "closed-without-terminate")
        {
            // The client has said all it had to say, and may not have waited for what it asked: the target does it, then closes.
            target.CloseOutput();
            await Task.WhenAny(reply, shared.EndAsked, Task.Delay(_listener.Limits.Leave, stop)).ConfigureAwait(false);
        }

        // What is owed still runs there.
        Task stopped = shared.EndAsked.IsCompleted && shared.Owed.Count > 0 ? _doors.CancelKeys.CutAsync(key) : Task.CompletedTask;

        // The reply loop ends with the target's connection, and only then is the client's writer free for a last word. A client that takes nothing
        // holds the loop in a send: its connection is cut then.
        target.Abort();
        if (first != reply && await Task.WhenAny(reply, Task.Delay(LastWordDeadline, CancellationToken.None)).ConfigureAwait(false) != reply)
            _client.Abort();
        (SessionEnd end, PgViolation? violation) = await (first == request ? request : reply).ConfigureAwait(false);
        await reply.ConfigureAwait(false);
        await SayWhyAsync(shared, replies, end, violation).ConfigureAwait(false);
        _client.Abort();
        await ending.CancelAsync().ConfigureAwait(false);
        await request.ConfigureAwait(false);
        await stopped.ConfigureAwait(false);
        return shared.Ending is { } asked ? new SessionEnd(SessionSide.Proxy, SessionStage.Ready, asked.Reason, SqlState.AdminShutdown) : end;
    }

    private async Task SayWhyAsync(PgShared shared, PgReplyLoop replies, SessionEnd end, PgViolation? violation)
    {
        if (replies.IsInsideMessage)
            return;
        PgRefusal? word = shared.Ending is { } asked ? new PgRefusal(SqlState.AdminShutdown, asked.Message)
            : violation is not null ? new PgRefusal(violation.SqlState, violation.Message)
            : end.Reason == "recording-failed" ? new PgRefusal(SqlState.IoError, "the session can no longer be recorded, so it ends", Hint: "Tell whoever runs this server: its log says why.")
            : end.Side == SessionSide.Target && replies.FatalState is null ? new PgRefusal(SqlState.ConnectionFailure, "the target closed the connection")
            : null;
        await LastWordAsync(word).ConfigureAwait(false);
    }

    /// <summary>Turns the ways a loop can fail into how the session ended. This is the one place that does.</summary>
    private static async Task<(SessionEnd End, PgViolation? Violation)> GuardAsync(Task<(SessionEnd End, PgViolation? Violation)> loop, SessionSide side)
    {
        try
        {
            return await loop.ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return (new SessionEnd(side, SessionStage.Ready, "connection-lost", Detail: e.GetType().Name), null);
        }
        catch (RecordingException e)
        {
            return (new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "recording-failed", SqlState.IoError, e.Message), null);
        }
        catch (SendFailedException e)
        {
            // It reads from one side and sends to the other: that one is gone, and what reads from it may not have noticed yet.
            return (new SessionEnd(side == SessionSide.Client ? SessionSide.Target : SessionSide.Client, SessionStage.Ready, "connection-lost", Detail: e.Message), null);
        }
        catch (IOException e)
        {
            return (new SessionEnd(side, SessionStage.Ready, "connection-lost", Detail: e.Message), null);
        }
        catch (Exception e)
        {
            return (new SessionEnd(SessionSide.Proxy, SessionStage.Ready, "internal-error", Detail: e.ToString()), null);
        }
    }

    /// <summary>Sends a FATAL ErrorResponse, if the client takes it soon.</summary>
    private async Task LastWordAsync(PgRefusal? refusal)
    {
        if (refusal is null)
            return;
        using var timeout = new CancellationTokenSource(LastWordDeadline);
        using CancellationTokenRegistration cut = timeout.Token.Register(static d => ((IDuplex)d!).Abort(), _client);
        using var writer = new PgWriter();
        refusal.WriteFatal(writer);
        try
        {
            await _client.SendAsync(writer, timeout.Token).ConfigureAwait(false);
            _client.CloseOutput();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It has gone without waiting for it.
            return;
        }
    }
}
