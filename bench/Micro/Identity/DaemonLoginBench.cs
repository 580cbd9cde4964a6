using System.Net;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Identity.Logins;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Micro.Identity;

/// <summary>The whole way of a token of the broker that was verified before: throttle, cache, revocations, what the store knows of the person. No query.</summary>
public class DaemonLoginBench
{
    private const string Broker = "https://broker.example/";
    private const string Audience = "sallyport";

    private readonly LocalCluster _cluster = new();
    private SampleStore _store = null!;
    private LoginRoom _room = null!;
    private LoginProof _proof;

    [GlobalSetup]
    public void Setup() => SetupAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Cleanup() => CleanupAsync().GetAwaiter().GetResult();

    [Benchmark]
    public LoginResult KnownToken() => _room.Login.LoginAsync(_proof, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private async Task SetupAsync()
    {
        _store = await SampleStore.OpenAsync();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await _store.Store.WriteAsync(
            (db, _) =>
            {
                db.Users.Add(new UserRow { Id = Guid.NewGuid(), Subject = "alice", CreatedAt = DateTimeOffset.UtcNow });
                db.Memberships.Add(new MembershipRow { Id = Guid.NewGuid(), Subject = "alice", Group = "readers", Source = "local" });
                return Task.FromResult(true);
            },
            CancellationToken.None);
        _room = await LoginRoom.OpenAsync(
            new LoginDoors
            {
                Store = _store.Counted,
                Sealer = _store.Sealer,
                Cluster = _cluster,
                Audit = new NoAudit(),
                Policy = Sample.Policy(),
                Issuers = [],
                Broker = new BrokerTokens(Broker, Audience, new FixedKeys(KeySet.Of(LocalKey.PublicJwk(key)))),
                Grace = TimeSpan.FromMinutes(5),
                Time = TimeProvider.System,
                Log = _store.Log,
            },
            CancellationToken.None);
        _proof = new LoginProof(Mint(key), "anybody", new IPEndPoint(IPAddress.Loopback, 50000));
        LoginResult first = KnownToken();
        Sample.Require(first is { Identity: { Subject: "alice", Groups: ["readers"] } }, $"alice logs in with the groups that she still has: {first.Refusal}");
        int reads = _store.Counted.Reads;
        Sample.Require(KnownToken() is { Identity.Subject: "alice" } && _store.Counted.Reads == reads, "a known token needs no query");
    }

    private static string Mint(ECDsa key) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = Broker,
        Audience = Audience,
        TokenType = "at+jwt",
        Expires = DateTime.UtcNow.AddHours(12),
        Claims = new Dictionary<string, object> { ["sub"] = "alice", ["groups"] = new[] { "readers", "writers" }, ["jti"] = "1" },
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(key) { KeyId = LocalKey.PublicJwk(key).Kid }, SecurityAlgorithms.EcdsaSha256),
    });

    private async Task CleanupAsync()
    {
        await _room.DisposeAsync();
        await _store.DisposeAsync();
    }
}
