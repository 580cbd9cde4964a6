using Sallyport.EndToEnd.Tests.State;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Administration;

/// <summary>What is kept: backups, and the keys that seal it.</summary>
[Collection(PostgresTests.Name)]
public sealed class KeepingTests(ManagedDaemon fixture) : IClassFixture<ManagedDaemon>
{
    private SallyportDaemon Daemon => fixture.Daemon;

    [Fact]
    public async Task Keys_are_changed_under_a_running_daemon_and_a_backup_of_it_is_another_daemon_s_state()
    {
        Person admin = await fixture.PersonAsync("root@example.com", "administrators");
        await admin.DoAsync("users", "invite", "kim", "--group", "engineering");
        string token = fixture.Secret((await admin.AskAsync("tokens", "create", "work", "--subject", "kim", "--scope", "target:*", "--ttl", "1h")).GetProperty("token").GetString()!);
        Daemon.WriteFile("sealed.password", PostgresServer.AppPassword);
        string folder = Path.GetDirectoryName(Daemon.ConfigFile)!;
        await admin.DoAsync(
            "targets", "set", "sealed", "--address", $"{PostgresServer.Host}:{fixture.Postgres.Port}", "--user", PostgresServer.AppUser, "--database", PostgresServer.Database,
            "--tls-ca", fixture.Postgres.CaFile, "--password-file", Path.Combine(folder, "sealed.password"), "--reason", "a new one");
        await UsableAsync(Daemon, token);

        (int rotated, string output, string error) = await SallyportDaemon.CommandAsync("keys", "rotate", "--config", Daemon.ConfigFile, "--json");
        Assert.True(rotated == 0, output + error);

        // The daemon hears of it within a second.
        await WaitFor.TrueAsync(async () => (await Psql.ScriptAsync(Daemon.Psql(token, "sealed"), "SELECT 1;")).ExitCode == 0);
        await UsableAsync(Daemon, token);

        using var elsewhere = new TempFolder();
        string backup = elsewhere.At("backup");
        (int made, output, error) = await SallyportDaemon.CommandAsync("backup", "--config", Daemon.ConfigFile, "--out", backup);
        Assert.True(made == 0, output + error);
        (int refused, _, _) = await SallyportDaemon.CommandAsync("restore", "--config", Daemon.ConfigFile, "--from", backup);
        Assert.NotEqual(0, refused);

        // The same operator's key and an empty store, which the daemon that was started on it has left.
        await using SallyportDaemon other = await SallyportDaemon.StartAsync(
            fixture.Postgres,
            DaemonSetup.With(Policies.AllowAll) with { Control = true, StoreKey = (await File.ReadAllTextAsync(Path.Combine(folder, "store.key"))).Trim(), BrokerPort = Daemon.BrokerPort });
        Assert.Equal(2, (await Psql.ScriptAsync(other.Psql(token), "SELECT 1;")).ExitCode);
        await other.StopAsync();
        Directory.Delete(Path.Combine(Path.GetDirectoryName(other.ConfigFile)!, "state"), recursive: true);
        (int restored, output, error) = await SallyportDaemon.CommandAsync("restore", "--config", other.ConfigFile, "--from", backup);
        Assert.True(restored == 0, output + error);
        await other.RestartAsync();
        await UsableAsync(other, token);

        fixture.AssertNothingSpilled();
        Spilled.AssertNowhere(other, token);
        Spilled.AssertNotIn(output + error, "what the commands say", token);
    }

    private static async Task UsableAsync(SallyportDaemon daemon, string token)
    {
        foreach (string target in (string[])["shop", "sealed"])
        {
            PsqlResult result = await Psql.ScriptAsync(daemon.Psql(token, target), "SELECT 'in';");
            Assert.True(result.ExitCode == 0, $"{target}: {result}");
        }
    }
}
