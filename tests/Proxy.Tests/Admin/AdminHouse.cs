using System.Net;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Admin.Recordings;
using Sallyport.Proxy.Admin.Routes;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Broker;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Metrics;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Ssh;
using Sallyport.Proxy.Tests.Support;
using Sallyport.Proxy.Upstream;
using Sallyport.Recording;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>All rooms that the admin API has routes for, real ones, on a SQLite state, with the API before them.</summary>
internal sealed class AdminHouse : IAsyncDisposable
{
    public const string Node = "node-1";

    private readonly TemporaryDirectory _files = new();
    private readonly Logs _logs = new();
    private readonly Recorder _recorder;
    private readonly SessionRegistry _registry;
    private readonly Revocations _revocations;
    private readonly Identities _identities;
    private readonly SessionWarden _warden;
    private readonly MissedOrders _missed;
    private readonly HostPins _pins;
    private BrokerServer _broker = null!;
    private ApprovalService _approvals = null!;
    private LastUses _uses = null!;

    private AdminHouse(TestState state, TimeProvider time)
    {
        State = state;
        Directory.CreateDirectory(Policies);
        _recorder = new Recorder(new RecordingOptions { Directory = Recordings, MinFreeBytes = 0, ChunkAge = TimeSpan.FromMilliseconds(20) });
        Taps = new SessionTaps(new MeteredRecorder(_recorder, Metrics), time);
        _registry = new SessionRegistry(state.Store, Node, time);
        SessionNotes.Keep(Sessions, _registry, new AdminAudit(), Node);
        Board = new MeteredSessions(Sessions, Metrics);
        HostKeys = new HostKeyBoard(time, _logs.Log, Metrics);
        Targets = new TargetDirectory([Target.Of(new TargetConfig { Name = "shop", Protocol = "postgres", Host = "db.internal", Port = 5432, ServerName = "db.internal", User = "app", Password = new SecretReference(SecretSource.Env, "NONE", default) }, null)], HostKeys);
        _pins = new HostPins(state.Store, Cluster, HostKeys, _logs.Log);
        StoredTargets = new StoredTargets(state.Store, state.Sealer, Cluster, Targets, _logs.Log);
        Policy = new PolicyStore(time);
        _revocations = new Revocations(state.Store, Cluster, new AdminAudit(), "https://broker.example/", time, _logs.Log);
        _identities = new Identities(state.Store, Cluster, "https://broker.example/", time, _logs.Log);
        _warden = new SessionWarden(Sessions, Policy, _revocations, _identities, state.Store, Cluster, TimeSpan.FromMinutes(5), time, _logs.Log);
        _missed = new MissedOrders(Cluster, state.Store, _warden.Obey);
    }

    public TestState State { get; }

    public TestCluster Cluster { get; } = new(Node);

    public ProxyMetrics Metrics { get; } = new();

    public SessionTaps Taps { get; }

    public LiveSessions Sessions { get; } = new();

    /// <summary>The sessions as engines see them.</summary>
    public ILiveSessions Board { get; }

    public HostKeyBoard HostKeys { get; }

    public TargetDirectory Targets { get; }

    public StoredTargets StoredTargets { get; }

    public PolicyStore Policy { get; }

    public AdminRig Rig { get; private set; } = null!;

    public string Policies => _files["policies"];

    public string Recordings => _files["recordings"];

    public static async Task<AdminHouse> StartAsync(IAdminSessions? sessions = null, AdminConfig? config = null)
    {
        TimeProvider time = TimeProvider.System;
        var house = new AdminHouse(await TestState.OpenAsync(), time);
        var audit = new AdminAudit();
        var policies = new StoredPolicies(house.State.Store, house.Cluster, house.Policy, house.Policies, audit, house._logs.Log);
        var library = new PolicyLibrary(house.State.Store, house.Policy, house.Policies, time);
        house.Rig = await AdminRig.StartAsync(
            [
                new HealthRoutes(() => null, () => null),
                new SessionRoutes(house.State.Store, house.Cluster, house.Sessions, house.Taps, time),
                new RecordingRoutes(new RecordingIndex(house.Recordings), house.Sessions, house.State.Store, Node),
                new AuditRoutes(house.State.Store),
                new NodeRoutes(house.State.Store, time, Node),
                new TargetRoutes(house.State.Store, house.State.Sealer, house.Cluster, house.Targets, time),
                new PolicyRoutes(library, house.Cluster),
                new ExplainRoutes(library, house.Targets, Node, "https://issuer.example", time),
                new MetricsRoutes(house.Metrics),
                .. house.OtherRooms(audit, time),
            ],
            sessions,
            config,
            metrics: house.Metrics);
        house._warden.Start();
        house._missed.Start();
        await house._pins.StartAsync(default);
        policies.Start();
        await house.StoredTargets.StartAsync(default);
        Assert(await policies.ReloadAsync(default));
        return house;
    }

    /// <summary>Routes that are kept in other rooms than the admin API's own.</summary>
    private IEnumerable<IAdminRoutes> OtherRooms(IAudit audit, TimeProvider time)
    {
        const string Issuer = "https://broker.example/";
        _broker = new BrokerServer(new BrokerDoors
        {
            Config = new BrokerConfig { Address = new IPEndPoint(IPAddress.Loopback, 0), Url = new Uri(Issuer) },
            Tls = () => null,
            Store = State.Store,
            Contexts = State.Store.OpenContext,
            Sealer = State.Sealer,
            Cluster = Cluster,
            Audit = audit,
            Time = time,
            Log = _logs.Log,
        });
        _approvals = new ApprovalService(new ApprovalParts
        {
            Store = State.Store,
            Cluster = Cluster,
            Audit = audit,
            Terms = new PolicyHoldTerms(Policy),
            Config = ApprovalsConfig.Default,
            Log = _logs.Log,
            Time = time,
        });
        _uses = new LastUses(State.Store, time, _logs.Log);
        var tokens = new ApiTokens(State.Store, _identities, _revocations, _uses, Issuer, time);
        var passwords = new IssuedPasswords(State.Store, _revocations, Issuer, time);
        var keys = new PersonKeys(State.Store, Cluster, _identities, _revocations, Issuer, time, _logs.Log);
        return [new UserRoutes(_broker.Users), new AgentRoutes(_broker.Agents), new ApprovalRoutes(_approvals), new CredentialRoutes(tokens, passwords, keys, _revocations, Issuer), new PinRoutes(_pins, Targets, time), new SshClientRoutes(Node, [], () => SshMaterials.None, Targets, Policy, time), new Proxy.Http.HttpClientRoutes(Node, [], Targets, Policy, time)];
    }

    /// <summary>A session that is in, and is recorded.</summary>
    public async Task<TestSession> EnterAsync(string subject = "carol", Guid? id = null)
    {
        SessionFacts facts = Facts(subject, id ?? Guid.CreateVersion7());
        ISessionRecorder recorder = Taps.Open(facts);
        var session = new TestSession(new SessionContext(facts, new MeteredPolicy(Policy, Metrics), recorder, TimeProvider.System), recorder);
        Xunit.Assert.True(Board.TryEnter(session.Context, session, out _));
        await Eventually.TrueAsync(() => State.Store.ReadAsync((db, cancel) => db.Sessions.AnyAsync(row => row.Id == facts.SessionId, cancel), default));
        return session;
    }

    public static SessionFacts Facts(string subject, Guid id) => new()
    {
        SessionId = id,
        Node = Node,
        Listener = "main",
        Protocol = "postgres",
        Identity = new Contract.Identity { Subject = subject, Issuer = "https://issuer.example", Groups = ["engineers"], ExpiresAt = DateTimeOffset.MaxValue },
        Target = "shop",
        Resource = "orders",
        Source = new IPEndPoint(IPAddress.Loopback, 4711),
        StartedAt = DateTimeOffset.UtcNow,
    };

    public async ValueTask DisposeAsync()
    {
        await Rig.DisposeAsync();
        await _approvals.DisposeAsync();
        await _uses.DisposeAsync();
        await _broker.DisposeAsync();
        _missed.Dispose();
        await _warden.DisposeAsync();
        _identities.Dispose();
        _revocations.Dispose();
        StoredTargets.Dispose();
        await _registry.DisposeAsync();
        await _recorder.DisposeAsync();
        await State.DisposeAsync();
        _logs.Dispose();
        _files.Dispose();
    }

    private static void Assert((bool Loaded, IReadOnlyList<Sallyport.Policy.Yaml.Diagnostic> Diagnostics) load) => Xunit.Assert.True(load.Loaded, string.Join('\n', load.Diagnostics));
}

/// <summary>A session without an engine.</summary>
internal sealed class TestSession(SessionContext context, ISessionRecorder recorder) : ISessionControl
{
    public SessionContext Context => context;

    public ISessionRecorder Recorder => recorder;

    public Guid Id => context.Facts.SessionId;

    /// <summary>How it was told to end; null: it was not.</summary>
    public (string Reason, string Message)? Ended { get; private set; }

    public long LastActivity => Environment.TickCount64;

    public void End(string reason, string message) => Ended ??= (reason, message);
}

/// <summary>Waits for what comes about by itself.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
            await Task.Delay(10, late.Token);
    }
}
