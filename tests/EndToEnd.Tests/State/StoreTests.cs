using Microsoft.EntityFrameworkCore;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>What holds on both databases.</summary>
public abstract class StoreTests
{
    private protected abstract Task<StoreRig> RigAsync();

    [Fact]
    public async Task What_is_written_is_read_by_another()
    {
        await using StoreRig rig = await RigAsync();
        StateStore one = await rig.OpenAsync();
        StateStore two = await rig.OpenAsync();
        var at = new DateTimeOffset(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        await one.WriteAsync((db, _) => Task.FromResult(db.OneTimes.Add(new OneTimeRow { Key = "k", CreatedAt = at, ExpiresAt = at.AddMinutes(1), Payload = [1, 2] })), default);
        OneTimeRow row = await two.ReadAsync((db, cancel) => db.OneTimes.SingleAsync(o => o.ExpiresAt > at, cancel), default);
        Assert.Equal(at, row.CreatedAt);
        Assert.Equal([1, 2], row.Payload);
    }

    [Fact]
    public async Task The_migrations_are_those_of_the_model()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await using StateContext db = store.OpenContext();
        Assert.False(db.Database.HasPendingModelChanges(), "run eng/migrations");
    }

    [Fact]
    public async Task Daemons_that_start_at_once_make_the_tables_once()
    {
        await using StoreRig rig = await RigAsync();
        StateStore[] stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(rig.OpenAsync)));
        foreach (StateStore store in stores)
            Assert.Equal(0, await store.ReadAsync((db, cancel) => db.Users.CountAsync(cancel), default));
    }

    [Fact]
    public async Task A_store_of_a_newer_version_is_refused()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await store.WriteAsync((db, cancel) => db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ('99990101000000_Later', '99')", cancel), default);
        var refused = await Assert.ThrowsAsync<StateRefusedException>(rig.OpenAsync);
        Assert.Contains("99990101000000_Later", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writers_at_once_lose_nothing()
    {
        const int Writers = 16;
        const int Each = 10;
        await using StoreRig rig = await RigAsync();
        StateStore[] stores = [await rig.OpenAsync(), await rig.OpenAsync()];
        await stores[0].WriteAsync((db, _) => Task.FromResult(db.DataKeys.Add(new DataKeyRow { Id = 1, Wrapped = [], WrappedBy = "" })), default);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            for (int i = 0; i < Each; i++)
            {
                await stores[writer % 2].WriteAsync(
                    async (db, cancel) =>
                    {
                        DataKeyRow row = await db.DataKeys.SingleAsync(cancel);
                        return row.Reserved++;
                    },
                    default);
            }
        }));
        Assert.Equal(Writers * Each, await stores[1].ReadAsync((db, cancel) => db.DataKeys.Select(k => k.Reserved).SingleAsync(cancel), default));
    }

    [Fact]
    public async Task A_write_that_fails_changes_nothing()
    {
        await using StoreRig rig = await RigAsync();
        StateStore store = await rig.OpenAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.WriteAsync<int>(
            async (db, cancel) =>
            {
                db.OneTimes.Add(new OneTimeRow { Key = "k" });
                await db.SaveChangesAsync(cancel);
                throw new InvalidOperationException();
            },
            default));
        Assert.Equal(0, await store.ReadAsync((db, cancel) => db.OneTimes.CountAsync(cancel), default));
        Assert.True(store.IsReachable);
    }
}

public sealed class SqliteStoreTests : StoreTests
{
    private protected override Task<StoreRig> RigAsync() => Task.FromResult(StoreRig.Sqlite());
}

[Collection(PostgresTests.Name)]
public sealed class PostgresStoreTests(PostgresServer server) : StoreTests
{
    private protected override Task<StoreRig> RigAsync() => StoreRig.PostgresAsync(server);
}
