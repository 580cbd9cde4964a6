using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>What holds on both databases.</summary>
public abstract class AuditTests
{
    private protected abstract Task<StoreRig> RigAsync();

    [Fact]
    public async Task What_is_kept_is_in_the_file_and_in_the_store_when_that_returns()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using AuditStream audit = Open(rig, store);
        Guid session = Guid.NewGuid();
        await audit.KeepAsync(
            new AuditEvent(AuditTypes.SessionTerminated, new AuditActor("ann", "corp", ["bot"], IPAddress.Loopback))
            {
                Object = "session:1",
                Target = "orders",
                SessionId = session,
                Reason = "because\nof this",
                Changes = new Dictionary<string, AuditChange> { ["state"] = new("live", null) },
            },
            default);
        string line = Assert.Single(File.ReadAllLines(rig.At("audit.jsonl")));
        AuditRow row = await store.ReadAsync((db, cancel) => db.Audit.SingleAsync(cancel), default);
        Assert.Equal(line, row.Json);
        Assert.Equal(("ann", "corp", "orders", session, "n"), (row.Actor, row.ActorIssuer, row.Target, row.SessionId, row.Node));
        Assert.Contains("\"changes\":{\"state\":{\"before\":\"live\",\"after\":null}}", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_at_once_are_all_there_and_in_one_chain()
    {
        const int Count = 20_000;
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using (AuditStream audit = Open(rig, store))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                for (int i = 0; i < Count / 8; i += 50)
                    await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => audit.KeepAsync(new AuditEvent("test.event", null), default).AsTask()));
            })));
        }

        Assert.Equal(Count, await store.ReadAsync((db, cancel) => db.Audit.CountAsync(cancel), default));
        Assert.Empty(AuditChain.Verify(Lines(rig)));
        Assert.Equal(Count, Lines(rig).Count());
    }

    [Fact]
    public async Task What_the_store_has_missed_comes_into_it_at_the_next_start_and_only_once()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using (AuditStream audit = Open(rig, store))
        {
            for (int i = 0; i < 10; i++)
                await audit.KeepAsync(new AuditEvent("test.event", null), default);
        }

        // As a crash between file and store leaves it: the mark lags behind, and rows are missing.
        File.Delete(rig.At("audit.jsonl.stored"));
        await store.WriteAsync((db, cancel) => db.Audit.OrderBy(a => a.Sequence).Skip(4).ExecuteDeleteAsync(cancel), default);
        await using (Open(rig, store))
            await WaitFor.TrueAsync(async () => await store.ReadAsync((db, cancel) => db.Audit.CountAsync(cancel), default) == 10);
        Assert.Equal(Lines(rig).Select(l => Encoding.UTF8.GetString(l.Span)), await store.ReadAsync((db, cancel) => db.Audit.OrderBy(a => a.Sequence).Select(a => a.Json).ToListAsync(cancel), default));
    }

    [Fact]
    public async Task A_file_that_was_moved_away_is_followed_by_a_new_one_in_the_same_chain()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using (AuditStream audit = Open(rig, store))
        {
            await audit.KeepAsync(new AuditEvent("test.first", null), default);
            File.Move(rig.At("audit.jsonl"), rig.At("audit.1"));
            await audit.KeepAsync(new AuditEvent("test.second", null), default);
            audit.Reopen();
            await audit.KeepAsync(new AuditEvent("test.third", null), default);
        }

        Assert.Equal(2, File.ReadAllLines(rig.At("audit.1")).Length);
        Assert.Single(File.ReadAllLines(rig.At("audit.jsonl")));
        Assert.Empty(AuditChain.Verify(((string[])[rig.At("audit.1"), rig.At("audit.jsonl")]).SelectMany(File.ReadAllLines).Select(l => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(l))));
        Assert.Equal(3, await store.ReadAsync((db, cancel) => db.Audit.CountAsync(cancel), default));
    }

    private protected static AuditStream Open(StoreRig rig, StateStore store) => AuditStream.Open(rig.At("audit.jsonl"), "n", store, alone: true, TimeProvider.System, rig.Log);

    private protected static IEnumerable<ReadOnlyMemory<byte>> Lines(StoreRig rig) => File.ReadLines(rig.At("audit.jsonl")).Select(l => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(l));
}

public sealed class SqliteAuditTests : AuditTests
{
    private protected override Task<StoreRig> RigAsync() => Task.FromResult(StoreRig.Sqlite());

    [Fact]
    public async Task A_file_that_takes_nothing_keeps_nothing_and_notes_are_counted()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();

        // Every write to it fails as a full disk does.
        await using AuditStream audit = AuditStream.Open("/dev/full", "n", store, alone: false, TimeProvider.System, rig.Log);
        await Assert.ThrowsAnyAsync<IOException>(() => audit.KeepAsync(new AuditEvent("test.event", null), default).AsTask());
        audit.Note(new AuditEvent("test.event", null));
        await WaitFor.TrueAsync(() => audit.Lost >= 1);
        Assert.Equal(0, await store.ReadAsync((db, cancel) => db.Audit.CountAsync(cancel), default));
    }
}

[Collection(PostgresTests.Name)]
public sealed class PostgresAuditTests(PostgresServer server) : AuditTests
{
    private protected override Task<StoreRig> RigAsync() => StoreRig.PostgresAsync(server);

    [Fact]
    public async Task While_the_store_is_away_the_file_goes_on_and_the_store_follows_when_it_is_back()
    {
        int port = FreePort.Next();
        var relay = new Relay(server.Port, port);
        await using StoreRig rig = await StoreRig.PostgresAsync(server, port);
        StateStore store = await rig.OpenAsync();
        await using AuditStream audit = Open(rig, store);
        await audit.KeepAsync(new AuditEvent("test.event", null), default);
        await relay.DisposeAsync();
        for (int i = 0; i < 20; i++)
            await audit.KeepAsync(new AuditEvent("test.event", null), default);
        Assert.False(store.IsReachable);
        Assert.Equal(21, Lines(rig).Count());
        relay = new Relay(server.Port, port);
        await WaitFor.TrueAsync(async () => store.IsReachable && await store.ReadAsync((db, cancel) => db.Audit.CountAsync(cancel), default) == 21);
        await audit.KeepAsync(new AuditEvent("test.last", null), default);
        Assert.Equal(
            Lines(rig).Select(l => Encoding.UTF8.GetString(l.Span)),
            await store.ReadAsync((db, cancel) => db.Audit.OrderBy(a => a.Sequence).Select(a => a.Json).ToListAsync(cancel), default));
        await relay.DisposeAsync();
    }
}
