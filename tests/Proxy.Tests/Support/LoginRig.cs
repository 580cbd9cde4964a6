using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Identity.Revocations;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Tests.Admin;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>Everything behind a login, on a store of its own. The broker is <see cref="TestIssuer"/>'s keys under another name.</summary>
internal sealed class LoginRig : IAsyncDisposable
{
    public const string Broker = "https://broker.example/";

    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);

    private readonly TestState _state;

    private LoginRig(TestState state)
    {
        _state = state;
        Store = new LosableStore(state.Store);
    }

    /// <summary>Whole milliseconds, as the store keeps them.</summary>
    public FakeTime Time { get; } = new();

    public Logs Logs { get; } = new();

    public LocalCluster Cluster { get; } = new();

    public AdminAudit Audit { get; } = new();

    public LosableStore Store { get; }

    public FixedPolicy Policy { get; } = new();

    /// <summary>What files say of people's keys.</summary>
    public Sallyport.Proxy.Ssh.KeyTrust Trust { get; set; } = Sallyport.Proxy.Ssh.KeyTrust.None;

    public LoginRoom Room { get; private set; } = null!;

    public Revocations Revocations => Room.Revocations;

    public Identities Identities => Room.Identities;

    public ApiTokens ApiTokens => Room.ApiTokens;

    public IssuedPasswords Passwords => Room.Passwords;

    public DaemonLogin Login => Room.Login;

    public static async Task<LoginRig> OpenAsync(IPromptDesk? desk = null)
    {
        var rig = new LoginRig(await TestState.OpenAsync());
        KeySet keys = KeySet.Parse(TestIssuer.Shared.Jwks);
        rig.Room = await LoginRoom.OpenAsync(
            new LoginDoors
            {
                Store = rig.Store,
                Sealer = rig._state.Sealer,
                Cluster = rig.Cluster,
                Audit = rig.Audit,
                Policy = rig.Policy,
                Issuers = [new Issuer(new IssuerRules { Name = "corp", Issuer = TestIssuer.Address, Audiences = [TestIssuer.Audience] }, new FixedKeys(keys))],
                Broker = new BrokerTokens(Broker, TestIssuer.Audience, new FixedKeys(keys)),
                Desk = desk,
                Keys = () => rig.Trust,
                Grace = Grace,
                Time = rig.Time,
                Log = rig.Logs.Log,
            },
            CancellationToken.None);
        return rig;
    }

    /// <summary>What a login leaves to be written.</summary>
    public Task FlushAsync() => Room.FlushAsync(CancellationToken.None);

    public ValueTask KeepAsync(Sallyport.Proxy.Audit.AuditEvent audit) => Audit.KeepAsync(audit, CancellationToken.None);

    public static IPEndPoint From(string address = "192.0.2.7") => new(IPAddress.Parse(address), 4711);

    public Task AddUserAsync(string subject, string[] groups, bool disabled = false, string? provider = null, string? providerSubject = null) => Store.WriteAsync((db, _) =>
    {
        db.Users.Add(new UserRow { Id = Guid.NewGuid(), Subject = subject, Disabled = disabled, Provider = provider, ProviderSubject = providerSubject, CreatedAt = Time.Now });
        foreach (string group in groups)
            db.Memberships.Add(new MembershipRow { Id = Guid.NewGuid(), Subject = subject, Group = group, Source = "local" });
        return Task.FromResult(0);
    }, CancellationToken.None);

    public Task AddAgentAsync(string name, string[] groups) => Store.WriteAsync((db, _) =>
    {
        db.Agents.Add(new AgentRow
        {
            Id = Guid.NewGuid(),
            Name = name,
            Kind = IdentityKind.Agent,
            Owner = "pat",
            Purpose = "p",
            AllowedGroups = JsonSerializer.Serialize(groups),
            CreatedAt = Time.Now,
        });
        return Task.FromResult(0);
    }, CancellationToken.None);

    public async Task GrantAsync(string subject, string group, DateTimeOffset? until)
    {
        await Store.WriteAsync((db, _) =>
        {
            db.Memberships.Add(new MembershipRow { Id = Guid.NewGuid(), Subject = subject, Group = group, Source = "grant", ExpiresAt = until, ApprovalId = Guid.NewGuid() });
            return Task.FromResult(0);
        }, CancellationToken.None);
        await Identities.GroupsChangedAsync(subject, CancellationToken.None);
    }

    public async Task ChangeAsync(string subject, Action<Sallyport.Proxy.Store.StateContext> change)
    {
        await Store.WriteAsync((db, _) =>
        {
            change(db);
            return Task.FromResult(0);
        }, CancellationToken.None);
        await Identities.GroupsChangedAsync(subject, CancellationToken.None);
    }

    /// <summary>A token of the broker.</summary>
    public string BrokerToken(string subject, string[] groups, string more = "{}")
    {
        JsonObject claims = TestIssuer.Claims(Time.Now);
        claims["iss"] = Broker;
        claims["sub"] = subject;
        claims["groups"] = new JsonArray([.. groups.Select(g => (JsonNode)g)]);
        foreach ((string name, JsonNode? value) in JsonNode.Parse(more)!.AsObject())
            claims[name] = value?.DeepClone();
        return TestIssuer.Shared.Sign(TestIssuer.Header(typ: "at+jwt"), claims);
    }

    public string ForeignToken() => TestIssuer.Shared.Sign(TestIssuer.Header(), TestIssuer.Claims(Time.Now));

    public async Task<LoginResult> LoginAsync(string token, string from = "192.0.2.7") =>
        await Login.LoginAsync(new LoginProof(token, "somebody", From(from)), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Room.DisposeAsync();
        Logs.Dispose();
        await _state.DisposeAsync();
    }

    /// <summary>Allows whoever has a group.</summary>
    internal sealed class FixedPolicy : IPolicy
    {
        public SessionLimits Limits { get; set; } = SessionLimits.None;

        public int Version => 1;

        public IGate Open(SessionFacts facts) => new Gate(facts.Identity.Groups.IsEmpty ? VerdictKind.Deny : VerdictKind.Allow, Limits);

        private sealed class Gate(VerdictKind kind, SessionLimits limits) : IGate
        {
            public int Version => 1;

            public DateTimeOffset ValidUntil => DateTimeOffset.MaxValue;

            public MaskPlan? Masks => null;

            public SessionLimits Limits => limits;

            public Verdict Judge(in ActionView action) => new(kind, "groups", 1, null);
        }
    }
}
