using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests;

/// <summary>The ground the other tests stand on: if one of these fails, look no further.</summary>
[Collection(PostgresTests.Name)]
public sealed class SupportTests(PostgresServer postgres)
{
    [Fact]
    public async Task Psql_reaches_the_server_directly_over_verified_TLS()
    {
        PsqlResult result = await Psql.ScriptAsync(
            postgres.DirectPsql(),
            "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid();\nSELECT nonsense;\nSELECT count(*) FROM customers;\n",
            "--tuples-only",
            "--no-align");

        Assert.Equal((0, "t\n5\n"), (result.ExitCode, result.Output));
        Assert.Contains("nonsense", result.Error);
    }

    [Fact]
    public async Task The_server_refuses_a_wrong_password()
    {
        PsqlResult result = await Psql.RunAsync(postgres.DirectPsql() with { Password = "wrong" }, "", "-c", "SELECT 1");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("password authentication failed", result.Error);
    }

    [Fact]
    public async Task Npgsql_reaches_the_server_directly()
    {
        Assert.Equal(40L, await postgres.SqlAsync("SELECT count(*) FROM orders"));
        Assert.InRange(postgres.MajorVersion, 12, 99);
    }

    [Fact]
    public async Task A_running_psql_can_be_interrupted()
    {
        await using ChildProcess psql = Psql.Start(postgres.DirectPsql(), "--tuples-only");
        await psql.Input.WriteLineAsync("\\echo ready\nSELECT pg_sleep(60);");
        await psql.Input.FlushAsync();
        await psql.WaitForOutputAsync("ready");
        await postgres.WaitForAsync("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()", 1L);
        psql.Signal(UnixSignal.Int);
        await psql.WaitForOutputAsync("canceling statement due to user request");
    }
}

/// <summary>The daemon as a fixture.</summary>
[Collection(PostgresTests.Name)]
public sealed class DaemonSupportTests(PostgresServer postgres)
{
    private const string EverybodyMayRead = """
        policy: readers
        rules:
          - id: read
            effect: allow
            verbs: read

        """;

    private const string NobodyMayEnter = """
        policy: closed
        rules:
          - id: closed
            effect: deny
            verbs: login

        """;

    [Fact]
    public async Task Psql_and_Npgsql_reach_the_server_through_the_daemon_and_it_ends_with_0()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(EverybodyMayRead));
        string token = await daemon.TokenAsync("ada@example.com", "engineering");

        PsqlResult psql = await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT current_user, count(*) FROM customers GROUP BY 1");
        Assert.Equal((0, $"{PostgresServer.AppUser}|5\n"), (psql.ExitCode, psql.Output));

        await using var connection = new Npgsql.NpgsqlConnection(daemon.Npgsql(token).ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand("SELECT count(*) FROM orders WHERE id <= $1", connection) { Parameters = { new() { Value = 7 } } };
        Assert.Equal(7L, await command.ExecuteScalarAsync());
        await connection.CloseAsync();

        Assert.Equal(0, await daemon.StopAsync());
        (int code, string list, string error) = await SallyportDaemon.ReplayAsync("list", daemon.Recordings);
        Assert.True(code == 0, error);
        Assert.Contains("ada@example.com", list);
    }

    [Fact]
    public async Task A_reload_puts_a_new_policy_in_force_and_a_restart_keeps_it()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(EverybodyMayRead));
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        Assert.Equal(0, (await Psql.RunAsync(daemon.Psql(token), "", "-c", "SELECT 1")).ExitCode);

        daemon.WritePolicy("policy.yaml", NobodyMayEnter);
        await daemon.ReloadAsync();
        Assert.True((await Psql.RunAsync(daemon.Psql(token), "", "-c", "SELECT 1")).ExitCode == 2, daemon.Log);

        await daemon.KillAsync();
        await daemon.RestartAsync();
        Assert.True((await Psql.RunAsync(daemon.Psql(token), "", "-c", "SELECT 1")).ExitCode == 2, daemon.Log);
    }
}
