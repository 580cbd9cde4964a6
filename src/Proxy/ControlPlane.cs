using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Admin.Recordings;
using Sallyport.Proxy.Admin.Routes;
using Sallyport.Proxy.Admin.SignIn;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Approvals.Webhooks;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cli;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Federation;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy;

/// <summary>
/// Everything that stands on the store: who may log in and what is revoked, approvals, the broker and the admin API. Opened in order, each part on those
/// before it, and taken apart in the reverse order.
/// </summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly DaemonParts _doors;
    private readonly Func<string?> _stuck;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly DaemonState _state;
    private readonly Stack<IAsyncDisposable> _parts = new();
    private StoredPolicies _policies = null!;
    private HostPins _pins = null!;
    private BrokerServer? _broker;
    private AdminServer? _admin;

    private ControlPlane(DaemonParts doors, Func<string?> stuck, DaemonState state)
    {
        _doors = doors;
        _stuck = stuck;
        _state = state;
    }

    /// <summary>Who gets in, and who is in.</summary>
    public LoginRoom Logins { get; private set; } = null!;

    /// <summary>The door of engines: where every proof ends, and every refusal is kept.</summary>
    public ILogin Login => new AuditedLogin(Logins.Login, _state.Audit);

    public ApprovalService Approvals { get; private set; } = null!;

    /// <summary>Opens the state and all that stands on it. Nothing listens yet.</summary>
    /// <param name="stuck">What hangs, or null.</param>
    /// <exception cref="IOException">Something cannot be had, or must not be used; the message says what and why.</exception>
    public static async Task<ControlPlane> OpenAsync(DaemonParts doors, Func<string?> stuck, CancellationToken cancel)
    {
        DaemonState state = await DaemonState.OpenAsync(doors.Config, VersionCommand.Version, TimeProvider.System, doors.Log, cancel).ConfigureAwait(false);
        var plane = new ControlPlane(doors, stuck, state);
        plane._parts.Push(state);
        try
        {
            await plane.BuildAsync(cancel).ConfigureAwait(false);
            return plane;
        }
        catch
        {
            await plane.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Listens: broker, then admin API.</summary>
    /// <exception cref="IOException">An address cannot be had.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        if (_broker is not null)
        {
            await _broker.StartAsync(cancel).ConfigureAwait(false);
            if (_doors.Config.Admin is { SignIn: null } admin)
                await _broker.Clients.EnsureConsoleAsync(admin.Url, secret: null, cancel).ConfigureAwait(false);
            _doors.Log.Info("listening", new("listener", "broker"), new("address", _broker.Address.ToString()));
        }

        if (_admin is not null)
        {
            await _admin.StartAsync(cancel).ConfigureAwait(false);
            _doors.Log.Info("listening", new("listener", "admin"), new("address", _admin.Address.ToString()));
        }
    }

    /// <summary>Takes up what a reload changes. The policy in force stays when files and store together are not good.</summary>
    public async Task<(bool Loaded, IReadOnlyList<Diagnostic> Diagnostics)> ReloadPolicyAsync(CancellationToken cancel)
    {
        _state.Reload();
        return await _policies.ReloadAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Keeps what happens to the daemon as a whole.</summary>
    public void Note(string type, bool succeeded = true) => _state.Audit.Note(new AuditEvent(type, null) { Outcome = succeeded ? "success" : "failed", Object = $"node:{_doors.Config.Node}" });

    /// <summary>Stops accepting requests, and gives those under way until <paramref name="hurry"/>.</summary>
    public async Task StopAsync(CancellationToken hurry)
    {
        if (_admin is not null)
            await _admin.StopAsync(hurry).ConfigureAwait(false);
        if (_broker is not null)
            await _broker.StopAsync(hurry).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out IAsyncDisposable? part))
            await part.DisposeAsync().ConfigureAwait(false);
    }

    private async Task BuildAsync(CancellationToken cancel)
    {
        DaemonConfig config = _doors.Config;
        _state.Guard.Suspended += lost => Note(lost ? AuditTypes.StoreLost : AuditTypes.StoreBack);
        _policies = Kept(new StoredPolicies(_state.Store, _state.Cluster, _doors.Policy, config.Policies.Path, _state.Audit, _doors.Log));
        (bool loaded, IReadOnlyList<Diagnostic> diagnostics) = await _policies.ReloadAsync(cancel).ConfigureAwait(false);
        if (!loaded)
            throw new IOException($"the policy of the store is not good: {diagnostics.First(d => !d.IsWarning)}");
        _policies.Start();
        _state.Nodes.Policy = () => _doors.Policy.Digest;
        await Kept(new StoredTargets(_state.Store, _state.Sealer, _state.Cluster, _doors.Targets, _doors.Log)).StartAsync(cancel).ConfigureAwait(false);
        _pins = Kept(new HostPins(_state.Store, _state.Cluster, _doors.HostKeys, _doors.Log));
        await _pins.StartAsync(cancel).ConfigureAwait(false);
        (_doors.HostKeys.Audit, _doors.SshCredentials.Audit) = (_state.Audit, _state.Audit);
        await OpenLoginsAsync(cancel).ConfigureAwait(false);
        AskMetrics(_doors.Metrics);
        await BuildApprovalsAsync(cancel).ConfigureAwait(false);
        if (config.Admin is { } admin)
            BuildAdmin(admin);
    }

    private async Task OpenLoginsAsync(CancellationToken cancel)
    {
        DaemonConfig config = _doors.Config;
        if (config.Broker is { } broker)
            BuildBroker(broker);
        Logins = Add(await LoginRoom.OpenAsync(
            new LoginDoors
            {
                Store = _state.Store,
                Sealer = _state.Sealer,
                Cluster = _state.Cluster,
                Audit = _state.Audit,
                Policy = _doors.Policy,
                Issuers = _doors.Issuers.With(_doors.Materials.IssuerKeys),
                Broker = _broker is null ? null : new BrokerTokens(config.Broker!.Issuer, config.Broker.Audience, _broker.Keys),
                Desk = _broker?.Prompts,
                Keys = () => _doors.Materials.Ssh.Trust,
                Grace = config.Store!.Grace,
                Time = _time,
                Log = _doors.Log,
            },
            cancel).ConfigureAwait(false));
        SessionNotes.Keep(Logins.Sessions, _state.Sessions, _state.Audit, config.Node);
        Kept(new MissedOrders(_state.Cluster, _state.Store, Logins.Warden.Obey)).Start();
    }

    private void BuildBroker(BrokerConfig config)
    {
        Federation? federation = null;
        var doors = new BrokerDoors
        {
            Config = config,
            Tls = () => _doors.Materials.BrokerTls,
            Store = _state.Store,
            Contexts = _state.Store.OpenContext,
            Sealer = _state.Sealer,
            Cluster = _state.Cluster,
            Audit = _state.Audit,
            Time = _time,
            Log = _doors.Log,
        };
        _broker = Add(new BrokerServer(doors, server =>
        {
            federation = new Federation(config.Providers, _doors.Materials.SamlProviders, new FederationDoors
            {
                Config = config,
                Store = _state.Store,
                Sealer = _state.Sealer,
                Desk = server.Desk,
                Sessions = server.Sessions,
                Audit = _state.Audit,
                Time = _time,
                Log = _doors.Log,
            });
            return federation.Methods;
        }));
        Add(federation!).Start();
    }

    private async Task BuildApprovalsAsync(CancellationToken cancel)
    {
        DaemonConfig config = _doors.Config;
        Uri? url = config.Admin?.Url;
        var parts = new ApprovalParts
        {
            Store = _state.Store,
            Cluster = _state.Cluster,
            Audit = _state.Audit,
            Terms = new PolicyHoldTerms(_doors.Policy),
            Config = config.Approvals,
            Log = _doors.Log,
            Time = _time,
            AdminUrl = url,
            OwnIssuers = config.Broker is { } broker ? new HashSet<string>(StringComparer.Ordinal) { broker.Issuer } : [],
        };
        if (!config.Approvals.Webhooks.IsEmpty)
        {
            WebhookSender sender = Kept(new WebhookSender(_time));
            parts = parts with { Webhooks = new WebhookQueue(config.Approvals.Webhooks, _state.Store, sender, parts.UrlOf, _time, _doors.Log) };
        }

        Approvals = Add(new ApprovalService(parts));
        await Approvals.StartAsync(cancel).ConfigureAwait(false);
        Logins.Sessions.GrantEnded = Approvals.Grants.HasEnded;
    }

    private void BuildAdmin(AdminConfig config)
    {
        DaemonConfig daemon = _doors.Config;
        var library = new PolicyLibrary(_state.Store, _doors.Policy, daemon.Policies.Path, _time);
        List<IAdminRoutes> routes =
        [
            new HealthRoutes(_stuck, Ready),
            new SessionRoutes(_state.Store, _state.Cluster, Logins.Sessions, _doors.Taps, _time),
            new PolicyRoutes(library, _state.Cluster),
            new ExplainRoutes(library, _doors.Targets, daemon.Node, daemon.Broker?.Issuer ?? "", _time),
            new TargetRoutes(_state.Store, _state.Sealer, _state.Cluster, _doors.Targets, _time),
            new PinRoutes(_pins, _doors.Targets, _time),
            new SshClientRoutes(daemon.Node, daemon.Listeners, () => _doors.Materials.Ssh, _doors.Targets, Logins.Policy, _time),
            new Http.HttpClientRoutes(daemon.Node, daemon.Listeners, _doors.Targets, Logins.Policy, _time),
            new AuditRoutes(_state.Store),
            new NodeRoutes(_state.Store, _time, daemon.Node),
            new MetricsRoutes(_doors.Metrics),
            Logins.Routes,
            new ApprovalRoutes(Approvals),
        ];
        if (_broker is not null)
            routes.AddRange([new UserRoutes(_broker.Users), new AgentRoutes(_broker.Agents)]);
        BrowserSessions? browsers = null;
        if ((config.SignIn ?? OwnSignIn()) is { } signIn)
        {
            browsers = new BrowserSessions(new OneTimeStore(_state.Store, _state.Sealer, _time), _time);
            OpenIdProvider provider = Kept(new OpenIdProvider(signIn, _time, config.SignIn is null ? IsOwnCertificate : null));
            routes.Add(new SignInRoutes(config, provider, browsers, Logins.AdminLogin, _time, _doors.Log));
        }

        if (daemon.Recordings.Enabled)
            routes.Add(new RecordingRoutes(new RecordingIndex(daemon.Recordings.Directory.Path), Logins.Sessions, _state.Store, daemon.Node));
        _admin = Add(new AdminServer(new AdminDoors
        {
            Config = config,
            Tls = () => _doors.Materials.AdminTls,
            Login = Logins.AdminLogin,
            Sessions = browsers,
            Audit = _state.Audit,
            Metrics = _doors.Metrics,
            Routes = routes,
            Time = _time,
            Log = _doors.Log,
        }));
    }

    /// <summary>Unless told otherwise, browsers sign in at our own broker.</summary>
    private AdminSignInConfig? OwnSignIn() =>
        _doors.Config.Broker is { } broker ? new AdminSignInConfig { Issuer = new Uri(broker.Issuer), Client = BrokerClients.Console } : null;

    /// <summary>What speaks with our own broker knows its certificate, whoever has signed it.</summary>
    private bool IsOwnCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None
        || (certificate is not null && _doors.Materials.BrokerTls?.ServerCertificateContext?.TargetCertificate.RawDataMemory.Span.SequenceEqual(certificate.GetRawCertData()) == true);

    private void AskMetrics(ProxyMetrics metrics)
    {
        metrics.Ask("sallyport_sessions_live", "Sessions that are in.", () => Logins.Sessions.Count);
        metrics.Ask("sallyport_store_reachable", "1 while the store can be reached.", () => _state.Store.IsReachable ? 1 : 0);
        metrics.Ask("sallyport_audit_lost", "Audit events that could not be kept.", () => _state.Audit.Lost, "counter");
        if (_doors.Recorder is { } recorder)
            metrics.Ask("sallyport_recorder_backlog_bytes", "Recorded bytes that are not on disk yet.", () => recorder.BacklogBytes);
    }

    private string? Ready() => _state.Guard.IsSuspended ? "store" : _state.Store.IsReachable ? null : "store";

    private T Add<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    /// <summary>Keeps a part that has nothing to await at its end.</summary>
    private T Kept<T>(T part)
        where T : IDisposable
    {
        _parts.Push(new Sync(part));
        return part;
    }

    private sealed class Sync(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return default;
        }
    }
}
