using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Postgres;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Ssh;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Listeners;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Upstream;
using Sallyport.Recording;

namespace Sallyport.Proxy;

/// <summary>
/// The daemon's parts and how they hang together. Made whole from a checked configuration, started, reloaded, drained, and taken apart in
/// the order of <see cref="DisposeAsync"/>.
/// </summary>
internal sealed class Daemon : IAsyncDisposable
{
    /// <summary>After sessions were told to end, the connections that do not are cut.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(5);

    private readonly DaemonConfig _config;
    private readonly Log _log;
    private readonly PolicyStore _policy;
    private readonly IssuerDirectory _issuers;
    private readonly DaemonLogin _login;
    private readonly TargetDirectory _targets;
    private readonly Recorder? _recorder;
    private readonly ControlPlane? _control;
    private readonly LiveSessions _sessions;
    private readonly KeyWarden _keys;
    private readonly Sweeper _sweeper;
    private readonly Connections _connections = new();
    private readonly UnauthenticatedSlots _slots;
    private readonly PgDoors _doors;
    private readonly SshDoors _sshDoors;
    private readonly HttpDoors _httpDoors;
    private readonly List<Listener> _listeners = [];
    private readonly CancellationTokenSource _cut = new();
    private readonly CancellationTokenSource _draining = new();
    private readonly DaemonParts _parts;

    private Daemon(DaemonParts parts, ControlPlane? control)
    {
        TimeProvider time = TimeProvider.System;
        DaemonConfig config = parts.Config;
        _parts = parts;
        _config = config;
        _policy = parts.Policy;
        _log = parts.Log;
        _issuers = parts.Issuers;
        _targets = parts.Targets;
        _recorder = parts.Recorder;
        _control = control;
        var keys = new KeyLogin(() => parts.Materials.Ssh.Trust, null, null, null, "", time);
        _login = control?.Logins.Login ?? new DaemonLogin(
            new DaemonLoginParts
            {
                Issuers = _issuers.With(parts.Materials.IssuerKeys),
                Keys = keys,
                Sources = new FailureThrottle<ulong>(time),
            },
            time,
            _log);
        _sessions = control?.Logins.Sessions ?? new LiveSessions(facts => keys.Refuse(facts.Identity) is null ? null : LiveSession.NoLongerGood);
        _keys = control?.Logins.Keys ?? new KeyWarden(_sessions, keys, _log);
        _sweeper = new Sweeper(_sessions, time, control?.Logins.Warden);
        _slots = new UnauthenticatedSlots(config.Limits.Unauthenticated, config.Limits.UnauthenticatedPerSource);
        var limits = new PgLimits { Handshake = config.Limits.Handshake };
        _doors = new PgDoors
        {
            Login = new MeteredLogin(control?.Login ?? _login, parts.Metrics),
            Upstream = new MeteredUpstream(_targets, parts.Metrics),
            Policy = new MeteredPolicy(control?.Logins.Policy ?? parts.Policy, parts.Metrics),
            Recorder = parts.Taps ?? (IRecorder)new Unrecorded(),
            Sessions = new MeteredSessions(_sessions, parts.Metrics),
            Approvals = control is null ? null : new MeteredApprovals(control.Approvals, parts.Metrics),
            CancelKeys = new PgCancelKeys(_targets),
            Catalogs = new PgCatalogs(_targets, limits),
            Time = time,
        };
        _sshDoors = new SshDoors
        {
            Login = _doors.Login,
            Upstream = _doors.Upstream,
            Policy = _doors.Policy,
            Recorder = _doors.Recorder,
            Sessions = _doors.Sessions,
            Approvals = _doors.Approvals,
            Time = time,
        };
        _httpDoors = new HttpDoors
        {
            Login = _doors.Login,
            Targets = _targets,
            Upstream = _doors.Upstream,
            Policy = _doors.Policy,
            Recorder = _doors.Recorder,
            Sessions = _doors.Sessions,
            Approvals = _doors.Approvals,
            Pool = new HttpUpstreams(_doors.Upstream, new HttpLimits(), time, e => _log.Error("target-connection-failed", new LogField("failure", e.ToString()))),
            Time = time,
        };
    }

    /// <summary>Makes the daemon; with a store, opens that and all that stands on it. Nothing listens yet.</summary>
    /// <param name="policy">With the policy documents of the directory loaded.</param>
    /// <exception cref="IOException">The store, or what is in it, cannot be used; the message says why.</exception>
    public static async Task<Daemon> OpenAsync(DaemonConfig config, Materials materials, PolicyStore policy, Log log)
    {
        var parts = new DaemonParts(config, materials, policy, log);
        if (config.Store is null)
            return new Daemon(parts, null);
        Daemon? daemon = null;
        ControlPlane control = await ControlPlane.OpenAsync(parts, () => daemon is null ? "starting" : daemon.Stuck(), CancellationToken.None).ConfigureAwait(false);
        return daemon = new Daemon(parts, control);
    }

    /// <summary>The listeners, in the order of the configuration.</summary>
    public IReadOnlyList<Listener> Listeners => _listeners;

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public string Status => $"{_sessions.Count} sessions, policy version {_policy.Version}";

    /// <summary>What hangs, or null.</summary>
    public string? Stuck()
    {
        long tick = Environment.TickCount64;
        return !_sweeper.IsAlive(tick) ? "session-timer" : _listeners.Any(listener => !listener.IsAlive(tick)) ? "accept-loop" : null;
    }

    /// <summary>Listens, everywhere or nowhere.</summary>
    /// <exception cref="IOException">An address cannot be had; the message says which.</exception>
    public async Task StartAsync()
    {
        if (_control is not null)
            await _control.StartAsync(CancellationToken.None).ConfigureAwait(false);
        foreach (ListenerConfig listener in _config.Listeners)
        {
            try
            {
                _listeners.Add(new Listener(listener, _slots, Starter(listener), _log));
            }
            catch (SocketException taken)
            {
                throw new IOException($"listener {listener.Name}: {listener.Address}: {taken.Message}", taken);
            }
        }

        _control?.Note(AuditTypes.DaemonStarted);
        if (_recorder is null)
            _log.Warning("recordings-disabled", new LogField("consequence", "no session leaves a record"));
        _sweeper.Start();
        foreach (Listener listener in _listeners)
            listener.Start();
        foreach ((ListenerConfig config, Listener listener) in _config.Listeners.Zip(_listeners))
            _log.Info("listening", new("listener", config.Name), new("address", listener.LocalEndPoint.ToString()));
    }

    /// <summary>
    /// Takes up policies, certificates, authorities and key files as they are now. All of them or, when one is wrong, none: the old
    /// ones then stay in force.
    /// </summary>
    /// <returns>Whether they were, and what is wrong or doubtful.</returns>
    public async Task<(bool Reloaded, IReadOnlyList<Diagnostic> Diagnostics)> ReloadAsync()
    {
        var bag = new DiagnosticBag();
        Materials? materials = Materials.Load(_config, bag);
        bool reloaded = false;
        IReadOnlyList<Diagnostic> ofPolicy;
        if (materials is null)
        {
            // Nothing is taken up any more, but whoever mends the files wants to hear of all errors at once.
            PolicyLoader.Check(_config, out ofPolicy);
        }
        else
        {
            (reloaded, ofPolicy) = await LoadPolicyAsync().ConfigureAwait(false);
            if (reloaded)
            {
                _parts.Materials = materials;
                _targets.Replace(materials.Targets);
                _login.Replace(_issuers.With(materials.IssuerKeys));
                await Task.Run(_keys.Apply).ConfigureAwait(false);
            }
        }

        _control?.Note(AuditTypes.ConfigReloaded, reloaded);
        return (reloaded, [.. bag.Items, .. ofPolicy]);
    }

    /// <summary>
    /// Stops accepting, lets live sessions finish for a time, ends the others, and cuts what is left.
    /// </summary>
    /// <param name="hurry">Cancelled: no more waiting.</param>
    public async Task DrainAsync(TimeSpan time, CancellationToken hurry)
    {
        foreach (Listener listener in _listeners)
            await listener.StopAsync().ConfigureAwait(false);

        // Clients of HTTP keep connections that they do not use.
        await _draining.CancelAsync().ConfigureAwait(false);

        // Held statements of draining sessions may still be approved: broker and admin API go last.
        Task drained = _sessions.Drain();
        await WithinAsync(drained, time, hurry).ConfigureAwait(false);
        _sessions.EndAll("drain", "The proxy is shutting down: connect again in a moment.");
        Task gone = _connections.WhenEmpty();
        await WithinAsync(drained, EndTime, CancellationToken.None).ConfigureAwait(false);

        // Sessions are over; what is left has not logged in, or does not listen.
        await _cut.CancelAsync().ConfigureAwait(false);
        await WithinAsync(gone, EndTime, CancellationToken.None).ConfigureAwait(false);
        if (_control is null)
            return;
        using var end = new CancellationTokenSource(EndTime);
        await _control.StopAsync(end.Token).ConfigureAwait(false);
    }

    /// <summary>Recordings are sealed after every session has had its chance to write its end, and before anything they need goes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _cut.CancelAsync().ConfigureAwait(false);
        foreach (Listener listener in _listeners)
            listener.Dispose();
        await _sweeper.DisposeAsync().ConfigureAwait(false);
        if (_recorder is not null)
            await _recorder.DisposeAsync().ConfigureAwait(false);
        if (_control is not null)
        {
            _control.Note(AuditTypes.DaemonStopped);
            await _control.DisposeAsync().ConfigureAwait(false);
        }

        await _httpDoors.Pool.DisposeAsync().ConfigureAwait(false);
        _issuers.Dispose();
        _cut.Dispose();
        _draining.Dispose();
    }

    private Action<Socket, UnauthenticatedSlots.Slot> Starter(ListenerConfig config)
    {
        Func<Socket, UnauthenticatedSlots.Slot, ClientConnection> connect;
        if (config.Ssh is { } ssh)
        {
            SshListener listener = SshListeners.Of(_config.Node, config.Name, ssh, () => _parts.Materials.Ssh.HostKeys[config.Name], _config.Limits);
            connect = (socket, slot) => new SshConnection(socket, slot, listener, _sshDoors, _connections, _log, _cut.Token);
        }
        else if (config.Http is { } http)
        {
            var listener = new HttpListener
            {
                Node = _config.Node,
                Name = config.Name,
                Tls = () => _parts.Materials.ListenerTls.GetValueOrDefault(config.Name),
                AllowPlaintext = config.Plaintext,
                HoldWait = http.HoldWait,
                Draining = _draining.Token,
                Limits = new HttpLimits { Handshake = _config.Limits.Handshake },
            };
            connect = (socket, slot) => new HttpConnection(socket, slot, listener, _httpDoors, _connections, _log, _cut.Token);
        }
        else
        {
            var listener = new PgListener
            {
                Node = _config.Node,
                Name = config.Name,
                Tls = () => _parts.Materials.ListenerTls.GetValueOrDefault(config.Name),
                AllowPlaintext = config.Plaintext,
                Limits = new PgLimits { Handshake = _config.Limits.Handshake },
            };
            connect = (socket, slot) => new PgConnection(socket, slot, listener, _doors, _connections, _log, _cut.Token);
        }

        return (socket, slot) =>
        {
            ClientConnection connection = connect(socket, slot);
            _connections.Enter();

            // Not here, and not on this thread's own queue: this thread polls sockets for everyone.
            ThreadPool.UnsafeQueueUserWorkItem(connection, preferLocal: false);
        };
    }

    private async Task<(bool Loaded, IReadOnlyList<Diagnostic> Diagnostics)> LoadPolicyAsync()
    {
        if (_control is null)
            return (_policy.TryLoad(_config.Policies.Path, out IReadOnlyList<Diagnostic> diagnostics), diagnostics);
        try
        {
            return await _control.ReloadPolicyAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreUnavailableException away)
        {
            return (false, [new Diagnostic(_config.Policies.Path, 0, 0, $"The policies of the store cannot be read: {away.Message}")]);
        }
    }

    private static async Task WithinAsync(Task task, TimeSpan time, CancellationToken hurry)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        over.CancelAfter(time);
        await task.WaitAsync(over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
