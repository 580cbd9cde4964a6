using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Refusals;

/// <summary>What psql shows of a refusal, and that the session and its transaction stay true.</summary>
[Collection(PostgresTests.Name)]
public sealed class PsqlRefusalTests(GuardedDaemon fixture) : IClassFixture<GuardedDaemon>
{
    [Fact]
    public async Task A_refusal_names_what_happened_why_and_what_to_do()
    {
        PsqlResult result = await fixture.PsqlAsync("\\set VERBOSITY verbose\nDROP TABLE orders;\nSELECT 'goes on';\n", "-At");

        Assert.Equal((0, "goes on\n"), (result.ExitCode, result.Output));
        Assert.Contains("ERROR:  42501: refused by policy: the statement was not run", result.Error);
        Assert.Contains("DETAIL:  Rule work/no-drop.", result.Error);
        Assert.Contains("HINT:  Ask an engineer to change the schema.", result.Error);
    }

    [Theory]
    [InlineData("DELETE FROM orders", "work/where-please")]
    [InlineData("WITH gone AS (DELETE FROM orders RETURNING *) SELECT count(*) FROM gone", "work/where-please")]
    [InlineData("EXPLAIN ANALYZE DELETE FROM orders", "work/where-please")]
    [InlineData("SELECT * FROM vault.secrets", "work/secrets")]
    [InlineData("SELECT * FROM U&\"s\\0065crets\"", "work/secrets")]
    [InlineData("SELECT 1\\; DROP TABLE orders", "work/no-drop")]
    [InlineData("GRANT ALL ON orders TO PUBLIC", "default")]
    [InlineData("DO $$ BEGIN DELETE FROM orders; END $$", "default")]
    [InlineData("VACUUM orders", "default")]
    [InlineData("NONSENSE IN, NONSENSE OUT", "default-unparsed")]
    [InlineData("TRUNCATE orders", "work/ask-first")]
    public async Task A_statement_is_refused_by_its_rule(string sql, string rule)
    {
        PsqlResult result = await fixture.PsqlAsync($"{sql};\nSELECT count(*) FROM orders;\n", "-At");

        Assert.Contains($"DETAIL:  Rule {rule}.\n", result.Error);
        Assert.Equal("40\n", result.Output);
    }

    [Theory]
    [InlineData("SELECT 1\\; SELECT 2")]
    [InlineData("DROP TABLE orders\\;")]
    [InlineData("BEGIN\\; SELECT 1\\; COMMIT")]
    public async Task Who_may_send_one_statement_at_a_time_sends_one(string texts)
    {
        string token = await fixture.Daemon.TokenAsync("careful@example.com", "engineering");
        PsqlResult result = await Psql.ScriptAsync(fixture.Daemon.Psql(token), $"{texts};\nSELECT count(*) FROM orders;\n", "-At");

        Assert.Contains("HINT:", result.Error);
        Assert.Equal("40\n", result.Output);
    }

    [Fact]
    public async Task A_refusal_inside_a_transaction_fails_it_as_the_server_says()
    {
        PsqlResult result = await fixture.PsqlAsync("""
            BEGIN;
            INSERT INTO orders VALUES (6000, 1, 'kite', 1, now());
            DROP TABLE orders;
            SELECT 'not reached';
            COMMIT;
            SELECT count(*) FROM orders WHERE id = 6000;
            """, "-At");

        Assert.Contains("work/no-drop", result.Error);
        Assert.Contains("current transaction is aborted", result.Error);
        Assert.Equal("0\n", result.Output);
        Assert.Equal(0L, await fixture.Postgres.SqlAsync("SELECT count(*) FROM orders WHERE id = 6000"));
    }

    [Fact]
    public async Task A_savepoint_takes_a_refusal_back()
    {
        PsqlResult result = await fixture.PsqlAsync("""
            BEGIN;
            INSERT INTO orders VALUES (6001, 1, 'kite', 1, now());
            SAVEPOINT here;
            DELETE FROM orders;
            ROLLBACK TO here;
            SELECT count(*) FROM orders;
            ROLLBACK;
            """, "-At");

        Assert.Equal("41\n", result.Output);
    }

    [Fact]
    public async Task Psql_knows_that_its_transaction_has_failed()
    {
        PsqlResult result = await fixture.PsqlAsync("\\set ON_ERROR_ROLLBACK on\nBEGIN;\nDROP TABLE orders;\nSELECT count(*) FROM orders;\nROLLBACK;\n", "-At");

        Assert.Contains("work/no-drop", result.Error);
        Assert.Equal("40\n", result.Output);
    }
}
