using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.Contract;
using Sallyport.Policy.Documents;
using Sallyport.Proxy.Approvals;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Admin;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Approvals;

/// <summary>Two nodes on one store.</summary>
internal sealed class ApprovalRig : IAsyncDisposable
{
    public const string Broker = "https://sallyport.example";
    public const string Corp = "https://corp.example";

    private readonly Logs _logs = new();
    private readonly List<ApprovalService> _services = [];
    private TestState _state = null!;

    public StillTime Time { get; } = new();

    public TestTerms Terms { get; } = new();

    public TestBus Bus { get; } = new();

    public AdminAudit Audit { get; } = new();

    public ApprovalsConfig Config { get; set; } = ApprovalsConfig.Default;

    public IStateStore Store => _state.Store;

    public ApprovalService A { get; private set; } = null!;

    public ApprovalService B { get; private set; } = null!;

    public TestBus.Node NodeA { get; private set; } = null!;

    public TestBus.Node NodeB { get; private set; } = null!;

    public static IPAddress Anywhere { get; } = IPAddress.Parse("10.1.2.3");

    public static async Task<ApprovalRig> StartAsync(Action<ApprovalRig>? set = null)
    {
        var rig = new ApprovalRig { _state = await TestState.OpenAsync() };
        set?.Invoke(rig);
        rig.NodeA = rig.Bus.Join("a");
        rig.NodeB = rig.Bus.Join("b");
        rig.A = await rig.ServiceAsync(rig.NodeA);
        rig.B = await rig.ServiceAsync(rig.NodeB);
        return rig;
    }

    public async Task<ApprovalService> ServiceAsync(TestBus.Node node, Func<ApprovalParts, ApprovalParts>? change = null)
    {
        var parts = new ApprovalParts
        {
            Store = Store,
            Cluster = node,
            Audit = Audit,
            Terms = Terms,
            Config = Config,
            Log = _logs.Log,
            Time = Time,
            AdminUrl = new Uri("https://sallyport.example/"),
            OwnIssuers = new HashSet<string> { Broker },
        };
        var service = new ApprovalService(change?.Invoke(parts) ?? parts);
        _services.Add(service);
        await service.StartAsync(default);
        return service;
    }

    public Contract.Identity Person(string subject, params string[] groups) => new()
    {
        Subject = subject,
        Issuer = Corp,
        Groups = [.. groups],
        TokenId = $"{subject}-token",
        LoginSession = $"{subject}-login",
        AuthenticatedAt = Time.Now,
        ExpiresAt = Time.Now + TimeSpan.FromHours(8),
    };

    public SessionFacts Session(Contract.Identity identity, string target = "shop", string resource = "orders", string source = "10.1.2.3") => new()
    {
        SessionId = Guid.NewGuid(),
        Node = "a",
        Listener = "main",
        Protocol = "postgres",
        Identity = identity,
        Target = target,
        Resource = resource,
        Source = new IPEndPoint(IPAddress.Parse(source), 50_000),
        StartedAt = Time.Now,
        ClientApplication = "psql",
    };

    public static HeldAction Action(string text, params HeldParameter[] parameters) => new()
    {
        Kind = ActionKind.Statement,
        Verb = Verb.Delete,
        Text = text,
        Effects = [new HeldEffect(Verb.Delete, "orders")],
        Parameters = parameters,
        Digest = SHA256.HashData(Encoding.UTF8.GetBytes(text + string.Concat(parameters.Select(p => $"|{p.Type}={p.Value}")))),
    };

    /// <summary>Begins to wait with an action; returns when the client was told.</summary>
    public async Task<Waiting> HoldAsync(SessionFacts session, HeldAction? action = null, ApprovalService? node = null)
    {
        var waiting = new Waiting();
        waiting.Start(node ?? A, session, action ?? Action("DELETE FROM orders"));
        await Task.WhenAny(waiting.Told.Task, waiting.Outcome);
        return waiting;
    }

    /// <summary>Asks for something that is not to wait.</summary>
    public async Task<HoldOutcome> RunAsync(SessionFacts session, HeldAction? action = null, ApprovalService? node = null)
    {
        Waiting waiting = await HoldAsync(session, action, node);
        if (!waiting.Outcome.IsCompleted)
        {
            await waiting.WithdrawAsync();
            Assert.Fail("it waits for approval");
        }

        return await waiting.Outcome;
    }

    /// <summary>True when this would have to wait for somebody. It is taken back.</summary>
    public async Task<bool> IsAskedAsync(SessionFacts session, HeldAction? action = null, ApprovalService? node = null)
    {
        Waiting waiting = await HoldAsync(session, action, node);
        if (waiting.Outcome.IsCompleted)
            return false;
        await waiting.WithdrawAsync();
        return true;
    }

    public Task<DecisionOutcome> ApproveAsync(Waiting waiting, Contract.Identity by, ApprovalService? node = null, string? reason = null, GrantScope scope = GrantScope.Once, TimeSpan? time = null) =>
        (node ?? B).Decisions.DecideAsync(by, Anywhere, new Decision(waiting.Id, true, reason, scope, time), default);

    public Task<DecisionOutcome> DenyAsync(Waiting waiting, Contract.Identity by, string? reason = null) =>
        B.Decisions.DecideAsync(by, Anywhere, new Decision(waiting.Id, false, reason), default);

    public async Task<ApprovalRow> RowAsync(Guid id) => await Store.ReadAsync((db, stop) => db.Approvals.SingleAsync(a => a.Id == id, stop), default);

    public Task AddAsync(params object[] rows) => Store.WriteAsync(
        async (db, stop) =>
        {
            db.AddRange(rows);
            await db.SaveChangesAsync(stop);
            return 0;
        },
        default);

    public UserRow User(string subject, string? email = null, string? provider = null, string? providerSubject = null, bool disabled = false) => new()
    {
        Id = Guid.NewGuid(),
        Subject = subject,
        Email = email,
        Provider = provider,
        ProviderSubject = providerSubject,
        Disabled = disabled,
        CreatedAt = Time.Now,
    };

    public static MembershipRow Member(string subject, string group) => new() { Id = Guid.NewGuid(), Subject = subject, Group = group, Source = "local" };

    public async ValueTask DisposeAsync()
    {
        foreach (ApprovalService service in _services)
            await service.DisposeAsync();
        await _state.DisposeAsync();
        _logs.Dispose();
    }

    /// <summary>One that waits.</summary>
    internal sealed class Waiting
    {
        private readonly CancellationTokenSource _withdrawn = new();

        public TaskCompletionSource<HoldNotice> Told { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<HoldOutcome> Outcome { get; private set; } = null!;

        public Guid Id => Told.Task.IsCompleted ? Guid.Parse(Told.Task.Result.Id) : throw new InvalidOperationException($"It does not wait: {Outcome.Result}");

        public void Start(ApprovalService node, SessionFacts session, HeldAction action) =>
            Outcome = node.RequestAsync(
                session,
                new Verdict(VerdictKind.Hold, "prod/writes", 1, "Ask in #prod."),
                action,
                (notice, _) =>
                {
                    Told.SetResult(notice);
                    return default;
                },
                _withdrawn.Token).AsTask();

        /// <summary>The client goes.</summary>
        public async Task WithdrawAsync()
        {
            await _withdrawn.CancelAsync();
            await ((Task)Outcome).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        public Task<HoldOutcome> EndAsync() => Outcome.WaitAsync(TimeSpan.FromSeconds(20));
    }
}
