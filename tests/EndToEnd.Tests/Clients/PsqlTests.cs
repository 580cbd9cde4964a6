using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Clients;

/// <summary>What people do with psql goes on working.</summary>
[Collection(PostgresTests.Name)]
public sealed class PsqlTests(OpenDaemon fixture) : IClassFixture<OpenDaemon>
{
    private const string Sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1000);' AND state = 'active'";

    [Fact]
    public async Task Statements_of_the_command_line_run_in_order()
    {
        PsqlResult result = await Psql.RunAsync(fixture.Daemon.Psql(fixture.Token), "", "-At", "-c", "SELECT 1; SELECT 2", "-c", "SELECT count(*) FROM customers", "-c", "\\conninfo");

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("1\n2\n5\n", result.Output);
        Assert.Contains("shop", result.Output);
    }

    [Fact]
    public async Task A_script_in_one_transaction_is_all_or_nothing()
    {
        PsqlResult result = await fixture.PsqlAsync(
            "INSERT INTO orders VALUES (5000, 1, 'kite', 1, now());\nINSERT INTO orders VALUES (5000, 1, 'kite', 1, now());\n",
            "--single-transaction",
            "-v",
            "ON_ERROR_STOP=1");

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("duplicate key", result.Error);
        Assert.Equal(0L, await fixture.Postgres.SqlAsync("SELECT count(*) FROM orders WHERE id = 5000"));
    }

    [Fact]
    public async Task Copy_to_and_from_files_of_the_client()
    {
        using var folder = new TempFolder();
        PsqlResult result = await fixture.PsqlAsync($"""
            \copy customers TO '{folder.At("customers.csv")}' CSV
            CREATE TEMP TABLE again (LIKE customers);
            \copy again FROM '{folder.At("customers.csv")}' CSV
            SELECT count(*), string_agg(name, ', ' ORDER BY id) FROM again WHERE id < 3;
            """, "-At");

        Assert.Equal((0, "", "2|Ada Lovelace, Grace Hopper\n"), (result.ExitCode, result.Error, result.Output));
    }

    [Fact]
    public async Task An_interrupt_cancels_the_statement_is_recorded_and_the_session_goes_on()
    {
        await using (ChildProcess psql = Psql.StartOnTerminal(fixture.Daemon.Psql(fixture.Token, user: "interrupter"), "-At"))
        {
            await psql.Input.WriteAsync("SELECT pg_sleep(1000);\n");
            await psql.Input.FlushAsync();
            await fixture.Postgres.WaitForAsync(Sleeping, 1L);
            await psql.Input.WriteAsync("\x03");
            await psql.Input.FlushAsync();
            await psql.WaitForOutputAsync("canceling statement due to user request");
            await psql.Input.WriteAsync("SELECT 'still' || ' here';\n\\q\n");
            await psql.Input.FlushAsync();
            await psql.WaitForOutputAsync("still here");
            Assert.Equal(0, await psql.WaitForExitAsync());
        }

        Recorded recording = await Recorded.OfAsync(fixture.Daemon.Recordings, "interrupter");
        Assert.Contains(recording.Events, happened => happened.Name == "cancel-request" && happened.Detail.StartsWith("from 127.0.0.1:", StringComparison.Ordinal));
        Assert.Equal("closed", recording.End!.Reason);
    }

    [Fact]
    public async Task A_psql_that_dies_takes_its_statement_with_it()
    {
        await using PsqlSession psql = PsqlSession.Start(fixture.Daemon.Psql(fixture.Token, user: "killed"));
        await psql.TypeAsync("BEGIN; LOCK TABLE orders;");
        await psql.AnswerAsync();
        psql.Process.Signal(UnixSignal.Kill);
        await psql.Process.WaitForExitAsync();

        await fixture.Postgres.WaitForAsync("SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND mode = 'AccessExclusiveLock'", 0L);
        Recorded recording = await Recorded.OfAsync(fixture.Daemon.Recordings, "killed");
        Assert.Equal((SessionSide.Client, "closed-without-terminate"), (recording.End!.Side, recording.End.Reason));
    }

    [Fact]
    public async Task A_database_of_the_target_is_named_behind_a_slash()
    {
        Assert.Equal("shop\n", (await AskAsync(fixture.Daemon.Psql(fixture.Token))).Output);
        Assert.Equal("postgres\n", (await AskAsync(fixture.Daemon.Psql(fixture.Token, "shop/postgres"))).Output);
    }

    [Fact]
    public async Task A_database_that_the_server_does_not_have_is_named_in_the_error()
    {
        PsqlResult result = await AskAsync(fixture.Daemon.Psql(fixture.Token, "shop/nowhere"));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("FATAL:  the target says: database \"nowhere\" does not exist", result.Error);
    }

    [Fact]
    public async Task A_long_token_comes_from_pgpass()
    {
        using var folder = new TempFolder();
        string token = await fixture.Daemon.TokenAsync("ada@example.com", string.Join(',', Enumerable.Range(0, 100).Select(n => $"a-group-with-a-rather-long-name-{n}")));
        Assert.InRange(token.Length, 4_000, 16_000);
        string file = folder.Write("pgpass", $"localhost:{fixture.Daemon.Port}:shop:anybody:{token}\n");
        PsqlTarget target = fixture.Daemon.Psql("");
        target = target with { Environment = new Dictionary<string, string>(target.Environment) { ["PGPASSFILE"] = file } };

        PsqlResult result = await AskAsync(target);
        Assert.Equal((0, "shop\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task Startup_settings_that_are_harmless_hold_and_others_are_refused_by_name()
    {
        PsqlTarget target = fixture.Daemon.Psql(fixture.Token);
        PsqlResult harmless = await Psql.RunAsync(With("-c statement_timeout=7s"), "", "-At", "-c", "SHOW statement_timeout");
        Assert.Equal((0, "7s\n"), (harmless.ExitCode, harmless.Output));

        PsqlResult refused = await Psql.RunAsync(With("-c search_path=elsewhere"), "", "-c", "SELECT 1");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("search_path", refused.Error);

        PsqlTarget With(string options) => target with { Environment = new Dictionary<string, string>(target.Environment) { ["PGOPTIONS"] = options } };
    }

    private static Task<PsqlResult> AskAsync(PsqlTarget target) => Psql.RunAsync(target, "", "-At", "-c", "SELECT current_database()");
}
