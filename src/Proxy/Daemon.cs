using System.Net.Sockets;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Protocols.Postgres;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Listeners;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Sessions;
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
    private readonly TokenLogin _login;
    private readonly TargetDirectory _targets;
    private readonly Recorder? _recorder;
    private readonly LiveSessions _sessions = new();
    private readonly Sweeper _sweeper;
    private readonly Connections _connections = new();
    private readonly UnauthenticatedSlots _slots;
    private readonly PgDoors _doors;
    private readonly List<Listener> _listeners = [];
    private readonly CancellationTokenSource _cut = new();
    private volatile Materials _materials;

    /// <param name="policy">With the policy documents loaded.</param>
    public Daemon(DaemonConfig config, Materials materials, PolicyStore policy, Log log)
    {
        TimeProvider time = TimeProvider.System;
        _config = config;
        _materials = materials;
        _policy = policy;
        _log = log;
        _issuers = new IssuerDirectory(config, time, log);
        _login = new TokenLogin(_issuers.With(materials.IssuerKeys), time, log);
        _targets = new TargetDirectory(materials.Targets);
        _recorder = config.Recordings.Enabled ? new Recorder(new RecordingOptions
        {
            Directory = config.Recordings.Directory.Path,
            Fsync = config.Recordings.Fsync,
            MinFreeBytes = config.Recordings.MinFree,
        }) : null;
        _sweeper = new Sweeper(_sessions, time);
        _slots = new UnauthenticatedSlots(config.Limits.Unauthenticated, config.Limits.UnauthenticatedPerSource);
        var limits = new PgLimits { Handshake = config.Limits.Handshake };
        _doors = new PgDoors
        {
            Login = _login,
            Upstream = _targets,
            Policy = policy,
            Recorder = _recorder ?? (IRecorder)new Unrecorded(),
            Sessions = _sessions,
            CancelKeys = new PgCancelKeys(_targets),
            Catalogs = new PgCatalogs(_targets, limits),
            Time = time,
        };
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
    public void Start()
    {
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
    /// <returns>What is wrong, or doubtful.</returns>
    public IReadOnlyList<Diagnostic> Reload(out bool reloaded)
    {
        var bag = new DiagnosticBag();
        Materials? materials = Materials.Load(_config, bag);
        reloaded = false;
        IReadOnlyList<Diagnostic> ofPolicy;
        if (materials is null)
        {
            // Nothing is taken up any more, but whoever mends the files wants to hear of all errors at once.
            PolicyLoader.Check(_config, out ofPolicy);
        }
        else if (_policy.TryLoad(_config.Policies.Path, out ofPolicy))
        {
            _materials = materials;
            _targets.Replace(materials.Targets);
            _login.Replace(_issuers.With(materials.IssuerKeys));
            reloaded = true;
        }

        return [.. bag.Items, .. ofPolicy];
    }

    /// <summary>
    /// Stops accepting, lets live sessions finish for a time, ends the others, and cuts what is left.
    /// </summary>
    /// <param name="hurry">Cancelled: no more waiting.</param>
    public async Task DrainAsync(TimeSpan time, CancellationToken hurry)
    {
        foreach (Listener listener in _listeners)
            await listener.StopAsync().ConfigureAwait(false);
        Task drained = _sessions.Drain();
        await WithinAsync(drained, time, hurry).ConfigureAwait(false);
        _sessions.EndAll("drain", "The proxy is shutting down: connect again in a moment.");
        Task gone = _connections.WhenEmpty();
        await WithinAsync(drained, EndTime, CancellationToken.None).ConfigureAwait(false);

        // Sessions are over; what is left has not logged in, or does not listen.
        await _cut.CancelAsync().ConfigureAwait(false);
        await WithinAsync(gone, EndTime, CancellationToken.None).ConfigureAwait(false);
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
        _issuers.Dispose();
        _cut.Dispose();
    }

    private Action<Socket, UnauthenticatedSlots.Slot> Starter(ListenerConfig config)
    {
        var listener = new PgListener
        {
            Node = _config.Node,
            Name = config.Name,
            Tls = () => _materials.ListenerTls.GetValueOrDefault(config.Name),
            AllowPlaintext = config.Plaintext,
            Limits = new PgLimits { Handshake = _config.Limits.Handshake },
        };
        return (socket, slot) =>
        {
            var connection = new PgConnection(socket, slot, listener, _doors, _connections, _log, _cut.Token);
            _connections.Enter();

            // Not here, and not on this thread's own queue: this thread polls sockets for everyone.
            ThreadPool.UnsafeQueueUserWorkItem(connection, preferLocal: false);
        };
    }

    private static async Task WithinAsync(Task task, TimeSpan time, CancellationToken hurry)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        over.CancelAfter(time);
        await task.WaitAsync(over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
