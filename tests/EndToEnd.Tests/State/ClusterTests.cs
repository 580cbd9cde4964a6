using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>What holds on both databases.</summary>
public abstract class ClusterTests
{
    private protected abstract Task<StoreRig> RigAsync();

    [Fact]
    public async Task An_event_reaches_every_node_and_the_publisher_s_own_before_it_returns()
    {
        await using StoreRig rig = await RigAsync();
        ClusterBus[] nodes = [await rig.BusAsync("a"), await rig.BusAsync("b"), await rig.BusAsync("c")];
        ConcurrentQueue<string>[] heard = [.. nodes.Select(Hear)];
        await nodes[0].PublishAsync(ClusterEvents.Revoked, "{\"id\":1}", default);
        Assert.Equal(["{\"id\":1}"], heard[0]);
        await WaitFor.TrueAsync(() => heard.All(h => h.Count == 1));
    }

    [Fact]
    public async Task Events_come_once_and_in_order()
    {
        await using StoreRig rig = await RigAsync();
        ClusterBus[] nodes = [await rig.BusAsync("a"), await rig.BusAsync("b")];
        ConcurrentQueue<string>[] heard = [.. nodes.Select(Hear)];
        await Task.WhenAll(nodes.Select(async node =>
        {
            for (int i = 0; i < 50; i++)
                await node.PublishAsync(ClusterEvents.Revoked, $"{node.Node}{i:00}", default);
        }));
        await WaitFor.TrueAsync(() => heard.All(h => h.Count >= 100));
        foreach (ConcurrentQueue<string> one in heard)
        {
            foreach (ClusterBus node in nodes)
                Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{node.Node}{i:00}"), one.Where(e => e.StartsWith(node.Node, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_handler_that_fails_and_one_that_publishes_hold_up_nobody()
    {
        await using StoreRig rig = await RigAsync();
        ClusterBus node = await rig.BusAsync("a");
        ConcurrentQueue<string> heard = Hear(node);
        using IDisposable failing = node.Subscribe(ClusterEvents.Revoked, (_, _) => throw new InvalidOperationException("on purpose"));
        using IDisposable publishing = node.Subscribe(ClusterEvents.Policy, (_, cancel) => node.PublishAsync(ClusterEvents.Revoked, "from a handler", cancel));
        await node.PublishAsync(ClusterEvents.Policy, "{}", default);
        await WaitFor.TrueAsync(() => heard.Count == 1);
    }

    [Fact]
    public async Task Only_those_of_a_kind_hear_of_it_and_only_while_they_listen()
    {
        await using StoreRig rig = await RigAsync();
        ClusterBus node = await rig.BusAsync("a");
        ConcurrentQueue<string> heard = [];
        IDisposable subscription = node.Subscribe(ClusterEvents.Revoked, (news, _) => Enqueue(heard, news));
        await node.PublishAsync(ClusterEvents.Policy, "1", default);
        await node.PublishAsync(ClusterEvents.Revoked, "2", default);
        subscription.Dispose();
        await node.PublishAsync(ClusterEvents.Revoked, "3", default);
        Assert.Equal(["2"], heard);
    }

    [Fact]
    public async Task An_earlier_life_s_sessions_are_cleared_away_and_its_held_actions_are_lost()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        Guid held = Guid.NewGuid(), access = Guid.NewGuid();
        await store.WriteAsync(
            (db, _) =>
            {
                db.Nodes.Add(new NodeRow { Name = "a", Version = "1", Incarnation = Guid.NewGuid(), LastSeenAt = DateTimeOffset.UtcNow });
                db.Sessions.Add(Session("a"));
                db.Sessions.Add(Session("b"));
                db.Approvals.Add(Approval(held, "a", "action"));
                db.Approvals.Add(Approval(access, "a", "access"));
                return Task.FromResult(true);
            },
            default);
        ClusterBus bus = await rig.BusAsync("a");
        ConcurrentQueue<string> told = [];
        using IDisposable subscription = bus.Subscribe(ClusterEvents.Approval, (news, _) => Enqueue(told, news));
        await using (var nodes = new NodeRegistry(store, bus, Guid.NewGuid(), "2", TimeProvider.System, rig.Log))
        {
            await nodes.StartAsync(default);
            Assert.Equal(["b"], await store.ReadAsync((db, cancel) => db.Sessions.Select(s => s.Node).ToListAsync(cancel), default));
            Assert.Equal("lost", await StatusAsync(store, held));
            Assert.Equal("pending", await StatusAsync(store, access));
            Assert.Contains(held.ToString(), Assert.Single(told), StringComparison.Ordinal);
            Assert.Equal("2", await store.ReadAsync((db, cancel) => db.Nodes.Select(n => n.Version).SingleAsync(cancel), default));
        }

        Assert.Equal(0, await store.ReadAsync((db, cancel) => db.Nodes.CountAsync(cancel), default));
    }

    [Fact]
    public async Task A_second_daemon_is_refused_while_the_first_lives_and_taken_when_it_has_died()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        ClusterBus bus = await rig.BusAsync("a");
        NodeName first = await NodeName.ClaimAsync(store.Database, "a", bus.Wake, TimeProvider.System, rig.Log, default);
        var nodes = new NodeRegistry(store, bus, Guid.NewGuid(), "1", TimeProvider.System, rig.Log);
        await nodes.StartAsync(default);
        StateStore other = await rig.OpenAsync();
        await Assert.ThrowsAsync<StateRefusedException>(() => NodeName.ClaimAsync(other.Database, "a", () => { }, TimeProvider.System, rig.Log, default));
        await first.DisposeAsync();
        await using NodeName second = await NodeName.ClaimAsync(other.Database, "a", () => { }, TimeProvider.System, rig.Log, default);
        await nodes.DisposeAsync();
    }

    [Fact]
    public async Task The_table_of_sessions_follows_those_that_live()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using var registry = new SessionRegistry(store, "a", TimeProvider.System);
        SessionRow[] sessions = [.. Enumerable.Range(0, 1200).Select(_ => Session("a"))];
        foreach (SessionRow session in sessions)
            registry.Enter(session);
        await WaitFor.TrueAsync(async () => await store.ReadAsync((db, cancel) => db.Sessions.CountAsync(cancel), default) == sessions.Length);
        registry.SetState(sessions[0].Id, "frozen");
        foreach (SessionRow session in sessions[2..])
            registry.Leave(session.Id);
        await WaitFor.TrueAsync(async () => await store.ReadAsync((db, cancel) => db.Sessions.CountAsync(cancel), default) == 2);
        await WaitFor.TrueAsync(async () => await store.ReadAsync((db, cancel) => db.Sessions.CountAsync(s => s.State == "frozen", cancel), default) == 1);
        await store.WriteAsync((db, cancel) => db.Sessions.ExecuteDeleteAsync(cancel), default);
        registry.WriteAll();
        await WaitFor.TrueAsync(async () => await store.ReadAsync((db, cancel) => db.Sessions.CountAsync(cancel), default) == 2);
    }

    internal static ConcurrentQueue<string> Hear(ClusterBus node)
    {
        ConcurrentQueue<string> heard = [];
        node.Subscribe(ClusterEvents.Revoked, (news, _) => Enqueue(heard, news));
        return heard;
    }

    private static Task Enqueue(ConcurrentQueue<string> heard, ClusterEvent? news)
    {
        heard.Enqueue(news?.Payload ?? "look again");
        return Task.CompletedTask;
    }

    private static Task<string> StatusAsync(StateStore store, Guid approval) =>
        store.ReadAsync((db, cancel) => db.Approvals.Where(a => a.Id == approval).Select(a => a.Status).SingleAsync(cancel), default);

    private static SessionRow Session(string node) => new()
    {
        Id = Guid.NewGuid(),
        Node = node,
        Protocol = "postgres",
        Subject = "ann",
        Issuer = "i",
        IdentityKind = "human",
        ActingFor = "[]",
        Target = "t",
        Source = "127.0.0.1",
        State = "live",
    };

    private static ApprovalRow Approval(Guid id, string node, string kind) => new()
    {
        Id = id,
        Kind = kind,
        Status = "pending",
        Node = node,
        Subject = "ann",
        Issuer = "i",
        IdentityKind = "human",
        ActingFor = "[]",
        Target = "t",
        Rules = "[]",
        Policy = "",
        Text = "",
        Parameters = "[]",
        Effects = "[]",
        Terms = "[]",
    };
}

public sealed class SqliteClusterTests : ClusterTests
{
    private protected override Task<StoreRig> RigAsync() => Task.FromResult(StoreRig.Sqlite());
}

[Collection(PostgresTests.Name)]
public sealed class PostgresClusterTests(PostgresServer server) : ClusterTests
{
    private protected override Task<StoreRig> RigAsync() => StoreRig.PostgresAsync(server);

    [Fact]
    public async Task Without_notifications_events_come_by_asking_and_the_listener_comes_back()
    {
        await using StoreRig rig = await RigAsync();
        ClusterBus here = await rig.BusAsync("here");
        ClusterBus there = await rig.BusAsync("there");
        StateStore store = await rig.OpenAsync();
        int woken = 0;
        await using NodeName name = await NodeName.ClaimAsync(
            store.Database,
            "there",
            () =>
            {
                Interlocked.Increment(ref woken);
                there.Wake();
            },
            TimeProvider.System,
            rig.Log,
            default);
        ConcurrentQueue<string> heard = Hear(there);
        string database = rig.Config.Postgres!.Database;
        await server.WaitForAsync($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE 'LISTEN%'", 1L, "postgres");
        await here.PublishAsync(ClusterEvents.Revoked, "1", default);
        await WaitFor.TrueAsync(() => !heard.IsEmpty && Volatile.Read(ref woken) > 1);

        await server.SqlAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE 'LISTEN%'", "postgres");
        await here.PublishAsync(ClusterEvents.Revoked, "2", default);
        await WaitFor.TrueAsync(() => heard.Contains("2"));

        // The name is held and the channel listened to again.
        await server.WaitForAsync($"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE 'LISTEN%'", 1L, "postgres");
        await server.WaitForAsync($"SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = '{database}'", 1L, "postgres");
    }

    [Fact]
    public async Task A_lost_store_refuses_at_once_and_everybody_looks_again_when_it_is_back()
    {
        int port = FreePort.Next();
        var relay = new Relay(server.Port, port);
        await using StoreRig rig = await StoreRig.PostgresAsync(server, port);
        StateStore store = await rig.OpenAsync();
        ClusterBus bus = await ClusterBus.OpenAsync("a", store, TimeProvider.System, rig.Log, default);
        await using ClusterBus disposed = bus;
        ConcurrentQueue<string> heard = Hear(bus);
        ConcurrentQueue<bool> suspensions = [];
        await using var guard = new StoreGuard(store, TimeSpan.FromSeconds(1), TimeProvider.System, rig.Log);
        guard.Suspended += suspensions.Enqueue;
        Assert.True(store.IsReachable);

        await relay.DisposeAsync();
        await WaitFor.TrueAsync(() => !store.IsReachable);
        Assert.NotNull(store.LostAt);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.ReadAsync((db, cancel) => db.Users.CountAsync(cancel), default));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => bus.PublishAsync(ClusterEvents.Revoked, "x", default));
        await WaitFor.TrueAsync(() => guard.IsSuspended);

        relay = new Relay(server.Port, port);
        await WaitFor.TrueAsync(() => store.IsReachable && !guard.IsSuspended && heard.Contains("look again"));
        Assert.Equal([true, false], suspensions);
        await bus.PublishAsync(ClusterEvents.Revoked, "y", default);
        Assert.Contains("y", heard);
        await relay.DisposeAsync();
    }
}
