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
        Revocations = new Revocations(Store, Cluster, Audit, Broker, Time, Logs.Log);
        Identities = new Identities(Store, Cluster, Broker, Time, Logs.Log);
        Checks = new LoginChecks(Store, Revocations, Identities, Grace, Time);
        Uses = new LastUses(Store, Time, Logs.Log);
        ApiTokens = new ApiTokens(Store, Identities, Revocations, Uses, Broker, Time);
        Passwords = new IssuedPasswords(Store, Revocations, Time);
        Sources = new FailureThrottle<ulong>(Time);
    }

    /// <summary>Whole milliseconds, as the store keeps them.</summary>
    public FakeTime Time { get; } = new();

    public Logs Logs { get; } = new();

    public LocalCluster Cluster { get; } = new();

    public AdminAudit Audit { get; } = new();

    public LosableStore Store { get; }

    public Revocations Revocations { get; }

    public Identities Identities { get; }

    public LoginChecks Checks { get; }

    public LastUses Uses { get; }

    public ApiTokens ApiTokens { get; }

    public IssuedPasswords Passwords { get; }

    public FailureThrottle<ulong> Sources { get; }

    public DaemonLogin Login { get; private set; } = null!;

    public static async Task<LoginRig> OpenAsync(IPromptDesk? desk = null)
    {
        var rig = new LoginRig(await TestState.OpenAsync());
        await rig.Revocations.StartAsync(CancellationToken.None);
        rig.Identities.Start();
        KeySet keys = KeySet.Parse(TestIssuer.Shared.Jwks);
        DecoySalt decoy = await DecoySalt.LoadAsync(rig.Store, rig._state.Sealer, rig.Time, CancellationToken.None);
        rig.Login = new DaemonLogin(
            new DaemonLoginParts
            {
                Issuers = [new Issuer(new IssuerRules { Name = "corp", Issuer = TestIssuer.Address, Audiences = [TestIssuer.Audience] }, new FixedKeys(keys))],
                Broker = new BrokerTokens(Broker, TestIssuer.Audience, new FixedKeys(keys)),
                Checks = rig.Checks,
                Identities = rig.Identities,
                ApiTokens = rig.ApiTokens,
                Issued = new IssuedLogin(rig.Passwords, decoy, rig.Checks, rig.Uses, rig.Sources, rig.Time, rig.Logs.Log),
                Desk = desk,
                Sources = rig.Sources,
            },
            rig.Time,
            rig.Logs.Log);
        return rig;
    }

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
            Id = Guid.NewGuid(), Name = name, Kind = IdentityKind.Agent, Owner = "pat", Purpose = "p", AllowedGroups = JsonSerializer.Serialize(groups), CreatedAt = Time.Now,
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
        await Uses.DisposeAsync();
        Revocations.Dispose();
        Identities.Dispose();
        Logs.Dispose();
        await _state.DisposeAsync();
    }
}
