using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Refusals;

/// <summary>What programs see of a refusal: prepared, in transactions, in the middle of a pipeline.</summary>
[Collection(PostgresTests.Name)]
public sealed class NpgsqlRefusalTests(GuardedDaemon fixture) : IClassFixture<GuardedDaemon>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_has_the_code_the_rule_and_the_hint(bool prepare)
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var command = new NpgsqlCommand("DELETE FROM orders", connection);
        PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(async () =>
        {
            if (prepare)
                await command.PrepareAsync();
            await command.ExecuteNonQueryAsync();
        });

        Assert.Equal(("42501", "ERROR"), (refusal.SqlState, refusal.InvariantSeverity));
        Assert.Equal("Rule work/where-please.", refusal.Detail);
        Assert.Equal("Say which rows with WHERE.", refusal.Hint);
        Assert.Equal(40L, await CountAsync(connection));
    }

    [Fact]
    public async Task A_refusal_in_a_transaction_is_rolled_back_by_the_server()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, "INSERT INTO orders VALUES (7000, 1, 'kite', 1, now())");
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "DELETE FROM orders"));
        PostgresException failed = await Assert.ThrowsAsync<PostgresException>(() => CountAsync(connection));
        Assert.Equal(PostgresErrorCodes.InFailedSqlTransaction, failed.SqlState);
        await transaction.RollbackAsync();

        Assert.Equal(40L, await CountAsync(connection));
        Assert.Equal(40L, await fixture.Postgres.SqlAsync("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_savepoint_takes_a_refusal_back()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        await transaction.SaveAsync("here");
        await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "DROP TABLE orders"));
        await transaction.RollbackAsync("here");

        Assert.Equal(40L, await CountAsync(connection));
    }

    [Fact]
    public async Task In_a_batch_what_stands_before_a_refusal_has_its_result_and_nothing_behind_it_runs()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("SELECT 'before'"),
                new("INSERT INTO orders VALUES (7001, 1, 'kite', 1, now())"),
                new("DELETE FROM orders"),
                new("INSERT INTO orders VALUES (7002, 1, 'kite', 1, now())"),
            },
        };
        await using (NpgsqlDataReader reader = await batch.ExecuteReaderAsync())
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal("before", reader.GetString(0));
            PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(async () =>
            {
                while (await reader.NextResultAsync())
                {
                }
            });
            Assert.Equal("Rule work/where-please.", refusal.Detail);
        }

        // One Sync for the whole batch: it is one transaction, and the server rolled it back.
        Assert.Equal(0L, await fixture.Postgres.SqlAsync("SELECT count(*) FROM orders WHERE id >= 7001"));
        Assert.Equal(40L, await CountAsync(connection));
    }

    [Fact]
    public async Task In_a_batch_with_barriers_only_the_refused_statement_fails()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var batch = new NpgsqlBatch(connection) { EnableErrorBarriers = true };
        foreach (string sql in new[] { Insert(7010), "DROP TABLE orders", Insert(7011), "DELETE FROM orders", Insert(7012) })
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        NpgsqlException thrown = await Assert.ThrowsAsync<NpgsqlException>(() => batch.ExecuteNonQueryAsync());

        Assert.Equal(
            ["Rule work/no-drop.", "Rule work/where-please."],
            Assert.IsType<AggregateException>(thrown.InnerException).InnerExceptions.Cast<PostgresException>().Select(refusal => refusal.Detail!));
        Assert.Equal(43L, await CountAsync(connection));
        await ExecuteAsync(connection, "DELETE FROM orders WHERE id >= 7010");

        static string Insert(int id) => $"INSERT INTO orders VALUES ({id}, 1, 'kite', 1, now())";
    }

    [Fact]
    public async Task Refusals_do_not_wear_a_connection_out()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        for (int i = 0; i < 100; i++)
            Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "DROP TABLE orders"))).SqlState);
        Assert.Equal(40L, await CountAsync(connection));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_pooled_connection_that_is_reset_reads_text_beyond_ASCII_at_once(int autoPrepare)
    {
        NpgsqlConnectionStringBuilder settings = fixture.Daemon.Npgsql(fixture.Token);
        (settings.Pooling, settings.MaxPoolSize, settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (true, 1, autoPrepare, 1);
        await using var source = NpgsqlDataSource.Create(settings);
        for (int i = 0; i < 3; i++)
        {
            // The reset goes out with the first statement, in one packet, and its reply is still owed when that one is judged.
            await using NpgsqlConnection connection = await source.OpenConnectionAsync();
            await using var command = new NpgsqlCommand("SELECT 'Straße' || E'\\n' || name FROM customers WHERE id = 1", connection);
            Assert.Equal("Straße\nAda Lovelace", await command.ExecuteScalarAsync());
        }
    }

    [Fact]
    public async Task A_text_too_long_to_be_judged_is_refused_and_the_connection_goes_on()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(
            () => ExecuteAsync(connection, $"SELECT count(*) FROM orders /* {new string('x', 2_000_000)} */"));

        Assert.Equal(("42501", "Rule default-truncated."), (refusal.SqlState, refusal.Detail));
        Assert.Equal(40L, await CountAsync(connection));
    }

    private static async Task<object?> CountAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM orders", connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
