using Microsoft.EntityFrameworkCore;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>All parts together, as the daemon opens them. What holds on both databases.</summary>
public abstract class DaemonStateTests
{
    private protected abstract Task<StoreRig> RigAsync();

    [Fact]
    public async Task A_daemon_opens_its_state_and_leaves_nothing_of_itself_when_it_closes()
    {
        await using StoreRig rig = await RigAsync();
        DaemonConfig config = Config(rig, "gate-1");
        Guid session = Guid.NewGuid();
        await using (DaemonState state = await OpenAsync(rig, config))
        {
            state.Sessions.Enter(new SessionRow
            {
                Id = session,
                Node = "gate-1",
                Protocol = "postgres",
                Subject = "ann",
                Issuer = "i",
                IdentityKind = "human",
                ActingFor = "[]",
                Target = "t",
                Source = "::1",
                State = "live",
            });
            await WaitFor.TrueAsync(async () => await state.Store.ReadAsync((db, cancel) => db.Sessions.AnyAsync(s => s.Id == session, cancel), default));
            Assert.Equal(["gate-1"], await state.Store.ReadAsync((db, cancel) => db.Nodes.Select(n => n.Name).ToListAsync(cancel), default));
            Assert.Equal([1, 2], state.Sealer.Open("p", state.Sealer.Seal("p", [1, 2])));
            await state.Audit.KeepAsync(new AuditEvent(AuditTypes.DaemonStarted, null), default);
            Assert.False(state.Guard.IsSuspended);
            var refused = await Assert.ThrowsAsync<StateRefusedException>(() => OpenAsync(rig, config));
            Assert.Contains("another daemon", refused.Message, StringComparison.Ordinal);
        }

        StateStore store = await rig.OpenAsync();
        Assert.Equal(0, await store.ReadAsync((db, cancel) => db.Nodes.CountAsync(cancel), default));
        Assert.Equal(0, await store.ReadAsync((db, cancel) => db.Sessions.CountAsync(cancel), default));
        Assert.Equal(1, await store.ReadAsync((db, cancel) => db.Audit.CountAsync(cancel), default));
        await using DaemonState again = await OpenAsync(rig, config);
        Assert.True(again.Store.IsReachable);
    }

    [Fact]
    public async Task Keys_made_elsewhere_are_taken_up_and_what_they_sealed_opens()
    {
        await using StoreRig rig = await RigAsync();
        await using DaemonState state = await OpenAsync(rig, Config(rig, "gate-1"));
        StateStore store = await rig.OpenAsync();
        using OperatorKey key = OperatorKey.Read(rig.Config.Key);
        await using Sealer other = await Sealer.OpenAsync(store, OperatorKey.Read(rig.Config.Key), TimeProvider.System, rig.Log, default);
        await KeyChange.RotateAsync(store, other, key, "command", TimeProvider.System, default);
        byte[] secret = other.Seal("p", [7]);
        await WaitFor.TrueAsync(() => state.Sealer.CurrentKey == 2);
        Assert.Equal([7], state.Sealer.Open("p", secret));
    }

    private protected static Task<DaemonState> OpenAsync(StoreRig rig, DaemonConfig config) => DaemonState.OpenAsync(config, "test", TimeProvider.System, rig.Log, default);

    private protected static DaemonConfig Config(StoreRig rig, string node)
    {
        string path = rig.At("sallyport.yaml");
        File.WriteAllText(path, $$"""
            node: {{node}}
            identity: { local: { issuer: "https://gate-1", key: local.pem } }
            listeners: { name: pg, protocol: postgres, address: "127.0.0.1:6432", plaintext: loopback-only }
            targets: { orders: { protocol: postgres, address: "db:5432", credential: { user: app, password: { env: ORDERS } } } }
            policies: policies
            recordings: { directory: recordings }

            """);
        var bag = new DiagnosticBag();
        DaemonConfig config = ConfigReader.Read(path, bag) ?? throw new InvalidOperationException(string.Join('\n', bag.Items));
        return config with { Store = rig.Config, Audit = new AuditConfig { File = new ConfigPath(rig.At("audit.jsonl"), default) } };
    }
}

public sealed class SqliteDaemonStateTests : DaemonStateTests
{
    private protected override Task<StoreRig> RigAsync() => Task.FromResult(StoreRig.Sqlite());
}

[Collection(PostgresTests.Name)]
public sealed class PostgresDaemonStateTests(PostgresServer server) : DaemonStateTests
{
    private protected override Task<StoreRig> RigAsync() => StoreRig.PostgresAsync(server);

    [Fact]
    public async Task Two_daemons_of_different_names_are_one_cluster()
    {
        await using StoreRig rig = await RigAsync();
        await using DaemonState one = await OpenAsync(rig, Config(rig, "gate-1"));
        await using DaemonState two = await DaemonState.OpenAsync(
            Config(rig, "gate-2") with { Audit = new AuditConfig { File = new ConfigPath(rig.At("other.jsonl"), default) } }, "test", TimeProvider.System, rig.Log, default);
        var heard = ClusterTests.Hear(two.Cluster);
        await one.Cluster.PublishAsync(ClusterEvents.Revoked, "{}", default);
        await WaitFor.TrueAsync(() => heard.Count == 1);
        Assert.Equal(["gate-1", "gate-2"], await one.Store.ReadAsync((db, cancel) => db.Nodes.Select(n => n.Name).OrderBy(n => n).ToListAsync(cancel), default));
    }
}
