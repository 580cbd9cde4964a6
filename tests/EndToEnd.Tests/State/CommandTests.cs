using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.EndToEnd.Tests.Support;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Xunit;

namespace Sallyport.EndToEnd.Tests.State;

/// <summary>The commands, as processes of their own.</summary>
public sealed class CommandTests
{
    private const int Many = 30_000;

    [Fact]
    public async Task Backup_restore_and_keys_work_beside_an_open_store_and_leave_one_audit()
    {
        await using StoreRig rig = StoreRig.Sqlite();
        StateStore store = await rig.OpenAsync();
        string config = Config(rig);
        (int code, string output, string error) = await SallyportDaemon.CommandAsync("keys", "rotate", "--config", config, "--json");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal(2, JsonDocument.Parse(output).RootElement.GetProperty("data-key").GetInt32());

        (code, output, error) = await SallyportDaemon.CommandAsync("backup", "--config", config, "--out", rig.At("backup"), "--json");
        Assert.Equal((0, ""), (code, error));
        Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("rows").GetInt64() >= 3);
        (code, _, error) = await SallyportDaemon.CommandAsync("backup", "--config", config, "--out", rig.At("backup"));
        Assert.Equal(1, code);
        Assert.Contains("exists already", error);

        (code, _, error) = await SallyportDaemon.CommandAsync("restore", "--config", config, "--from", rig.At("backup"));
        Assert.Equal(78, code);
        Assert.Contains("not empty", error);
        (code, _, error) = await SallyportDaemon.CommandAsync("restore", "--config", config, "--from", rig.At("backup"), "--force");
        Assert.Equal((0, ""), (code, error));

        (code, _, error) = await SallyportDaemon.CommandAsync("keys", "rewrap", "--config", config);
        Assert.Equal(2, code);
        string audit = rig.At("state/audit.jsonl");
        Assert.Equal(
            [AuditTypes.KeysRotated, AuditTypes.KeysRotated, AuditTypes.BackupMade, AuditTypes.BackupMade, AuditTypes.BackupRestored],
            File.ReadLines(audit).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("type").GetString()));
        (code, output, _) = await SallyportDaemon.CommandAsync("audit", "verify-files", audit);
        Assert.Equal((0, "5 lines, 0 wrong\n"), (code, output));
        await File.WriteAllLinesAsync(rig.At("changed"), File.ReadLines(audit).Where((_, i) => i != 2));
        (code, output, _) = await SallyportDaemon.CommandAsync("audit", "verify-files", rig.At("changed"));
        Assert.Equal(1, code);
        Assert.Contains("line 3 does not follow", output);
        Assert.Equal(1, await store.ReadAsync((db, cancel) => db.DataKeys.CountAsync(cancel), default));
    }

    [Fact]
    public async Task A_process_killed_in_the_middle_of_a_write_leaves_what_was_there_before()
    {
        await using StoreRig rig = StoreRig.Sqlite();
        string config = Config(rig);
        string before;
        StateStore store = await rig.OpenAsync();
        await FillAsync(store, Many);
        await Backup.MakeAsync(store, rig.At("backup"), "test", TimeProvider.System, (_, _) => { }, default);
        await store.WriteAsync((db, cancel) => db.Audit.Where(a => a.Sequence > 10).ExecuteDeleteAsync(cancel), default);
        await store.Database.ForgetDeletedAsync(default);
        before = await NumbersAsync(store);
        string wal = rig.Config.Sqlite!.Value.Path + "-wal";
        int killed = 0;
        for (int i = 1; i <= 3; i++)
        {
            await using ChildProcess child = ChildProcess.Start([Repository.Tool("sallyport"), "restore", "--config", config, "--from", rig.At("backup"), "--force"]);

            // What does not fit into the cache goes to the WAL while the transaction is still going on.
            await WaitFor.TrueAsync(() => child.HasExited || (File.Exists(wal) && new FileInfo(wal).Length > i * (1 << 20)));
            child.Signal(UnixSignal.Kill);
            if (await child.WaitForExitAsync() == 137)
            {
                killed++;
                Assert.Equal(before, await NumbersAsync(store));
                StateStore again = await rig.OpenAsync();
                Assert.Equal(before, await NumbersAsync(again));
                Assert.Equal("ok", await again.ReadAsync((db, cancel) => db.Database.SqlQuery<string>($"SELECT integrity_check AS \"Value\" FROM pragma_integrity_check").SingleAsync(cancel), default));
            }
        }

        Assert.True(killed > 0, "it was always faster");
        (int code, _, string error) = await SallyportDaemon.CommandAsync("restore", "--config", config, "--from", rig.At("backup"), "--force");
        Assert.Equal((0, ""), (code, error));
        Assert.NotEqual(before, await NumbersAsync(store));
    }

    [Fact]
    public async Task Another_s_key_and_a_key_that_others_can_read_are_refused()
    {
        await using StoreRig rig = StoreRig.Sqlite();
        string config = Config(rig);
        Assert.Equal(0, (await SallyportDaemon.CommandAsync("keys", "rotate", "--config", config)).ExitCode);
        await File.WriteAllTextAsync(rig.Config.Key.Name, new string('0', 64));
        (int code, _, string error) = await SallyportDaemon.CommandAsync("keys", "rotate", "--config", config);
        Assert.Equal(78, code);
        Assert.Contains("wrong key", error);
        File.SetUnixFileMode(rig.Config.Key.Name, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        (code, _, error) = await SallyportDaemon.CommandAsync("keys", "rotate", "--config", config);
        Assert.Equal(78, code);
        Assert.Contains("others", error);
    }

    private static Task<bool> FillAsync(StateStore store, int count) => store.WriteAsync(
        async (db, cancel) => await AuditInsert.AddMissingAsync(
            db,
            [.. Enumerable.Range(0, count).Select(i => new AuditRow { Id = Guid.NewGuid(), Node = "n", Type = "t", Json = new string((char)('a' + (i % 26)), 300) })],
            cancel),
        default);

    private static async Task<string> NumbersAsync(StateStore store) => await store.ReadAsync(
        async (db, cancel) => $"{await db.Audit.CountAsync(a => a.Type == "t", cancel)} {await db.Audit.Where(a => a.Type == "t").SumAsync(a => a.Sequence, cancel)} {await db.DataKeys.CountAsync(cancel)}",
        default);

    private static string Config(StoreRig rig)
    {
        string path = rig.At("sallyport.yaml");
        File.WriteAllText(path, $$"""
            identity: { local: { issuer: "https://gate-1", key: local.pem } }
            listeners: { name: pg, protocol: postgres, address: "127.0.0.1:6432", plaintext: loopback-only }
            targets: { orders: { protocol: postgres, address: "db:5432", credential: { user: app, password: { env: ORDERS } } } }
            policies: policies
            recordings: { directory: recordings }
            store: { sqlite: { file: "{{rig.Config.Sqlite!.Value.Path}}" }, key: { file: "{{rig.Config.Key.Name}}" } }

            """);
        return path;
    }
}
