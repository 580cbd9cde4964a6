using System.Net;
using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Listeners;

/// <summary>
/// One client connection, from accept to its last log line, whatever protocol its engine speaks. It stands before two of the engine's doors to
/// learn who came and where to, so that the line at the end can say it; both are used at login only, never per message.
/// </summary>
internal abstract class ClientConnection : IThreadPoolWorkItem, ILogin, ILiveSessions
{
    private readonly Socket _socket;
    private readonly UnauthenticatedSlots.Slot _slot;
    private readonly string _listener;
    private readonly ILogin _login;
    private readonly ILiveSessions _sessions;
    private readonly Connections _connections;
    private readonly Log _log;
    private readonly CancellationToken _stop;
    private readonly string _source;
    private Task _run = Task.CompletedTask;
    private Contract.Identity? _identity;
    private SessionFacts? _facts;
    private bool _refused;

    /// <param name="listener">Its name.</param>
    protected ClientConnection(
        Socket socket, UnauthenticatedSlots.Slot slot, string listener, ILogin login, ILiveSessions sessions, Connections connections, Log log, CancellationToken stop)
    {
        _socket = socket;
        _slot = slot;
        _listener = listener;
        _login = login;
        _sessions = sessions;
        _connections = connections;
        _log = log;
        _stop = stop;
        _source = socket.RemoteEndPoint?.ToString() ?? "";
    }

    /// <summary>
    /// Runs on the thread pool. <see cref="RunAsync"/> lets no exception out, so its task needs no other observer;
    /// <see cref="Connections"/> is how the daemon waits for it.
    /// </summary>
    public void Execute() => _run = RunAsync();

    /// <inheritdoc/>
    public string? DiscoveryUrl => _login.DiscoveryUrl;

    /// <inheritdoc/>
    public async ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) =>
        await NoteAsync(await _login.LoginAsync(proof, cancel).ConfigureAwait(false), proof.ClaimedUser).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<bool> IsKnownKeyAsync(KeyProof offered, CancellationToken cancel) => _login.IsKnownKeyAsync(offered, cancel);

    /// <inheritdoc/>
    public async ValueTask<LoginResult> LoginKeyAsync(KeyProof proven, CancellationToken cancel) =>
        await NoteAsync(await _login.LoginKeyAsync(proven, cancel).ConfigureAwait(false), proven.ClaimedUser).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel) =>
        await NoteAsync(await _login.LoginPasswordAsync(proof, cancel).ConfigureAwait(false), proof.ClaimedUser).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ScramLogin?> FindIssuedAsync(string user, IPEndPoint source, CancellationToken cancel)
    {
        ScramLogin? found = await _login.FindIssuedAsync(user, source, cancel).ConfigureAwait(false);
        return found is null ? null : new NotedExchange(this, found, user)
        {
            Salt = found.Salt,
            Iterations = found.Iterations,
            StoredKey = found.StoredKey,
            ServerKey = found.ServerKey,
        };
    }

    /// <inheritdoc/>
    public async ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel) =>
        await NoteAsync(await _login.PromptAsync(attempt, show, cancel).ConfigureAwait(false), attempt.ClaimedUser).ConfigureAwait(false);

    /// <inheritdoc/>
    public bool TryEnter(SessionContext session, ISessionControl control, out string? refusal)
    {
        _facts = session.Facts;
        if (!_sessions.TryEnter(session, control, out refusal))
            return false;
        _log.Info("session-start", Who([]));
        return true;
    }

    /// <inheritdoc/>
    public void Leave(SessionContext session) => _sessions.Leave(session);

    /// <summary>Runs the engine to its end, with this for its doors of logins and live sessions.</summary>
    protected abstract Task<(SessionEnd End, SessionFacts? Facts)> RunEngineAsync(IDuplex client, CancellationToken stop);

    /// <summary>A person who has logged in is not let in at a target, and the connection goes on.</summary>
    protected void NoteForbidden(SessionFacts facts, string rule) => _log.Warning(
        "target-forbidden", new("rule", rule), new("subject", facts.Identity.Subject), new("issuer", facts.Identity.Issuer), new("target", facts.Target), new("listener", _listener), new("source", _source));

    private async Task RunAsync()
    {
        long start = Environment.TickCount64;
        SessionEnd end = await RunGuardedAsync().ConfigureAwait(false);
        _slot.Release();
        LogField[] fields = Who(
        [
            new("reason", end.Reason), new("side", Word(end.Side)), new("stage", Word(end.Stage)), new("wire-code", end.WireCode),
            new("duration-ms", Environment.TickCount64 - start), new("detail", end.Detail),
        ]);

        // A stranger who said nothing is worth a line, but not worth waiting for the log.
        if (_identity is null && !_refused)
            _log.Info("session-end", fields);
        else
            await _log.KeepAsync(LevelOf(end), "session-end", fields).ConfigureAwait(false);
        _connections.Leave();
    }

    private async Task<SessionEnd> RunGuardedAsync()
    {
        try
        {
            Dialler.Tune(_socket);
            await using var client = new SocketDuplex(_socket);
            (SessionEnd end, _facts) = await RunEngineAsync(client, _stop).ConfigureAwait(false);
            return end;
        }
        catch (Exception escaped)
        {
            // The one place: an engine turns everything it expects into a SessionEnd, so what arrives here is a bug, or a socket
            // that died before the engine had it.
            bool gone = escaped is SocketException or IOException or ObjectDisposedException;
            if (!gone)
                _log.Error("session-failed", new("listener", _listener), new("source", _source), new("exception", escaped.ToString()));
            return new SessionEnd(gone ? SessionSide.Client : SessionSide.Proxy, SessionStage.Accept, gone ? "gone" : "internal-error", null, escaped.GetType().Name);
        }
        finally
        {
            _socket.Dispose();
        }
    }

    private async ValueTask<LoginResult> NoteAsync(LoginResult result, string claimedUser)
    {
        _identity = result.Identity;
        if (result.Identity is null)
        {
            _refused = true;
            await _log.KeepAsync(
                LogLevel.Warning, "login-refused", new("reason", result.Refusal), new("listener", _listener), new("source", _source),
                new("claimed-user", claimedUser)).ConfigureAwait(false);
        }

        return result;
    }

    private LogField[] Who(LogField[] more) =>
    [
        .. more,
        new("session", _facts?.SessionId.ToString()),
        new("subject", _identity?.Subject),
        new("kind", _identity is null ? null : Word(_identity.Kind)),
        new("issuer", _identity?.Issuer),
        new("acting-for", _identity is { ActingFor.IsEmpty: false } ? string.Join(" > ", _identity.ActingFor) : null),
        new("target", _facts?.Target),
        new("resource", _facts is { Resource.Length: > 0 } ? _facts.Resource : null),
        new("listener", _listener),
        new("source", _source),
    ];

    private static LogLevel LevelOf(SessionEnd end)
    {
        if (end.Reason == "internal-error")
            return LogLevel.Error;
        bool ordinary = end.IsClean || end.Stage == SessionStage.Drain || (end.Stage == SessionStage.Ready && end.Side != SessionSide.Target);
        return ordinary ? LogLevel.Info : LogLevel.Warning;
    }

    private static string Word<T>(T value)
        where T : struct, Enum => Policy.Yaml.KebabNames.Name(value);

    /// <summary>An exchange whose end is noted as any other login's is.</summary>
    private sealed class NotedExchange(ClientConnection connection, ScramLogin inner, string user) : ScramLogin
    {
        public override async ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel) =>
            await connection.NoteAsync(await inner.CompleteAsync(proven, cancel).ConfigureAwait(false), user).ConfigureAwait(false);
    }
}
