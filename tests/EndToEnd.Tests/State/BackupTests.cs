using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using OpenIddict.EntityFrameworkCore.Models;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

[Collection(PostgresTests.Name)]
public sealed class BackupTests(PostgresServer server)
{
    private static readonly DateTimeOffset At = new(2030, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task A_backup_restored_on_either_database_is_the_same_state(bool fromPostgres, bool toPostgres)
    {
        await using StoreRig from = await RigAsync(fromPostgres);
        await using StoreRig to = await RigAsync(toPostgres);
        StateStore one = await from.OpenAsync();
        StateStore two = await to.OpenAsync();
        await FillAsync(one);
        (long rows, _) = await Backup.MakeAsync(one, from.At("backup"), "test", TimeProvider.System, (_, _) => { }, default);
        Assert.Equal(rows, await Backup.RestoreAsync(two, from.At("backup"), force: false, TimeProvider.System, (_, _) => { }, default));
        Assert.Equal(await ContentAsync(one), await ContentAsync(two));
        Assert.True(rows > 2000);

        // It counts on from where it was.
        await two.WriteAsync((db, _) => Task.FromResult(db.Audit.Add(new AuditRow { Id = Guid.NewGuid(), Node = "n", Type = "t", Json = "{}" })), default);
        Assert.Equal(2001, await two.ReadAsync((db, cancel) => db.Audit.MaxAsync(a => a.Sequence, cancel), default));
    }

    [Fact]
    public async Task A_store_with_something_in_it_is_not_overwritten_unless_told_to()
    {
        await using StoreRig rig = await RigAsync(false);
        StateStore store = await rig.OpenAsync();
        await FillAsync(store);
        await Backup.MakeAsync(store, rig.At("backup"), "test", TimeProvider.System, (_, _) => { }, default);
        string before = await ContentAsync(store);
        await store.WriteAsync((db, _) => Task.FromResult(db.Revocations.Add(new RevocationRow { Id = Guid.NewGuid(), Kind = "token", Value = "later", Reason = "" })), default);
        var refused = await Assert.ThrowsAsync<StateRefusedException>(() => Backup.RestoreAsync(store, rig.At("backup"), force: false, TimeProvider.System, (_, _) => { }, default));
        Assert.Contains("--force", refused.Message, StringComparison.Ordinal);
        Assert.NotEqual(before, await ContentAsync(store));
        await Backup.RestoreAsync(store, rig.At("backup"), force: true, TimeProvider.System, (_, _) => { }, default);
        Assert.Equal(before, await ContentAsync(store));
    }

    [Fact]
    public async Task A_backup_that_was_changed_or_cut_short_changes_nothing()
    {
        await using StoreRig rig = await RigAsync(false);
        StateStore store = await rig.OpenAsync();
        await FillAsync(store);
        await Backup.MakeAsync(store, rig.At("backup"), "test", TimeProvider.System, (_, _) => { }, default);
        string before = await ContentAsync(store);
        byte[] good = await File.ReadAllBytesAsync(rig.At("backup"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(rig.At("backup")));
        List<byte[]> bad = [good[..(good.Length / 2)], good[..^1], [], Encoding.UTF8.GetBytes("hello")];
        for (int i = 0; i < 20; i++)
        {
            byte[] flipped = [.. good];
            flipped[(i + 1) * good.Length / 22] ^= 0x10;
            bad.Add(flipped);
        }

        foreach (byte[] content in bad)
        {
            await File.WriteAllBytesAsync(rig.At("bad"), content);
            await Assert.ThrowsAsync<StateRefusedException>(() => Backup.RestoreAsync(store, rig.At("bad"), force: true, TimeProvider.System, (_, _) => { }, default));
        }

        Assert.Equal(before, await ContentAsync(store));
    }

    [Fact]
    public async Task Nothing_is_restored_under_a_running_daemon()
    {
        await using StoreRig rig = await RigAsync(false);
        StateStore store = await rig.OpenAsync();
        await Backup.MakeAsync(store, rig.At("backup"), "test", TimeProvider.System, (_, _) => { }, default);
        await store.WriteAsync((db, _) => Task.FromResult(db.Nodes.Add(new NodeRow { Name = "gate-1", Version = "1", LastSeenAt = DateTimeOffset.UtcNow })), default);
        var refused = await Assert.ThrowsAsync<StateRefusedException>(() => Backup.RestoreAsync(store, rig.At("backup"), force: true, TimeProvider.System, (_, _) => { }, default));
        Assert.Contains("gate-1", refused.Message, StringComparison.Ordinal);
    }

    private static Task<bool> FillAsync(StateStore store) => store.WriteAsync(
        async (db, cancel) =>
        {
            foreach (IEntityType table in Portable.Tables(db).Where(t => Portable.IsKept(t) && !t.ClrType.Name.StartsWith("OpenIddict", StringComparison.Ordinal)))
            {
                int count = table.ClrType == typeof(AuditRow) ? 2000 : 3;
                for (int i = 1; i <= count; i++)
                    Add(db, table, i);
            }

            var application = new OpenIddictEntityFrameworkCoreApplication { ClientId = "c", DisplayName = "ü\n\u0001 \"" };
            var authorization = new OpenIddictEntityFrameworkCoreAuthorization { Application = application, Subject = "s", CreationDate = At.UtcDateTime };
            db.Add(new OpenIddictEntityFrameworkCoreToken { Application = application, Authorization = authorization, Payload = "p", ExpirationDate = At.UtcDateTime });
            await db.SaveChangesAsync(cancel);
            return true;
        },
        default);

    /// <summary>A row with something in every column; each third has nulls where there may be.</summary>
    private static void Add(StateContext db, IEntityType table, int number)
    {
        var entry = db.Entry(Activator.CreateInstance(table.ClrType)!);
        foreach (IProperty column in table.GetProperties())
        {
            Type type = Nullable.GetUnderlyingType(column.ClrType) ?? column.ClrType;
            entry.Property(column).CurrentValue = column.IsNullable && number == 3 ? null
                : type == typeof(string) ? $"{column.Name} {number} ü \"\\\u2028"
                : type == typeof(byte[]) ? new byte[] { 0, 0xFF, (byte)number }
                : type == typeof(Guid) ? Guid.NewGuid()
                : type == typeof(bool) ? number == 1
                : type == typeof(int) ? number
                : type == typeof(long) ? (long)number
                : type.IsEnum ? Enum.ToObject(type, number % 3)
                : type == typeof(DateTimeOffset) ? At.AddMilliseconds(number)
                : type == typeof(TimeSpan) ? TimeSpan.FromTicks(number * 7L)
                : throw new NotSupportedException(type.Name);
        }

        entry.State = EntityState.Added;
    }

    private static async Task<string> ContentAsync(StateStore store)
    {
        string path = Path.GetTempFileName();
        File.Delete(path);
        await Backup.MakeAsync(store, path, "test", TimeProvider.System, (_, _) => { }, default);
        try
        {
            List<string> lines = [.. new BackupFile.Reader(path).Lines().Select(l => l.RootElement.ValueKind == JsonValueKind.Object ? "table " + l.RootElement : l.RootElement.ToString())];
            var text = new StringBuilder();
            foreach (string line in Sorted(lines))
                text.AppendLine(line);
            return text.ToString();
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Rows of a table have no order; its line comes before them.</summary>
    private static IEnumerable<string> Sorted(List<string> lines)
    {
        string table = "";
        return lines.Select(line => (Table: table = line.StartsWith("table ", StringComparison.Ordinal) ? line : table, Line: line)).ToList()
            .OrderBy(l => l.Table, StringComparer.Ordinal).ThenBy(l => l.Line, StringComparer.Ordinal).Select(l => l.Line);
    }

    private async Task<StoreRig> RigAsync(bool postgres) => postgres ? await StoreRig.PostgresAsync(server) : StoreRig.Sqlite();
}
