using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Clients;

/// <summary>What programs do with Npgsql goes on working.</summary>
[Collection(PostgresTests.Name)]
public sealed class NpgsqlTests(OpenDaemon fixture) : IClassFixture<OpenDaemon>
{
    [Fact]
    public async Task Values_of_many_types_come_back_as_they_were_sent()
    {
        object[] values =
        [
            true, (short)-2, 7, long.MinValue, 1.5f, -2.25, 12345678901234567890.123456789m, "Grüße, 世界 🦊", Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e"),
            new DateTime(2026, 3, 14, 15, 9, 26, DateTimeKind.Utc), new DateOnly(1999, 12, 31), new TimeOnly(23, 59, 59), TimeSpan.FromHours(30),
            new byte[] { 0, 1, 0xff }, new[] { 1, 2, 3 }, new[] { "a", "NULL", "" }, System.Net.IPAddress.Loopback,
        ];
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT " + string.Join(", ", values.Select((_, i) => $"${i + 1}")), connection);
        foreach (object value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();

        Assert.True(await reader.ReadAsync());
        for (int i = 0; i < values.Length; i++)
            Assert.Equal(values[i], reader.GetValue(i));
    }

    [Fact]
    public async Task Enums_arrays_and_composites_are_found_in_the_catalog()
    {
        await fixture.Postgres.SqlAsync("DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('glad', 'sad')");
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await connection.ReloadTypesAsync();

        Assert.Equal("glad", await ScalarAsync(connection, "SELECT 'glad'::mood"));
        Assert.Equal(new[] { "sad", "glad" }, (string[])(await ScalarAsync(connection, "SELECT ARRAY['sad','glad']::mood[]"))!);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Prepared_statements_serve_again_and_again(int autoPrepare)
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync(settings => (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages) = (autoPrepare, 2));
        await using var command = new NpgsqlCommand("SELECT name FROM customers WHERE id = $1", connection) { Parameters = { new NpgsqlParameter<int>() } };
        if (autoPrepare == 0)
            await command.PrepareAsync();
        foreach ((int id, string name) in new[] { (1, "Ada Lovelace"), (2, "Grace Hopper"), (3, "Edsger Dijkstra"), (1, "Ada Lovelace") })
        {
            ((NpgsqlParameter<int>)command.Parameters[0]).TypedValue = id;
            Assert.Equal(name, await command.ExecuteScalarAsync());
        }
    }

    [Fact]
    public async Task A_batch_is_one_round_trip_of_many_statements()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var batch = new NpgsqlBatch(connection);
        for (int i = 0; i < 500; i++)
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT $1") { Parameters = { new() { Value = i } } });
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
        for (int i = 0; i < 500; i++)
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal(i, reader.GetInt32(0));
            Assert.Equal(i < 499, await reader.NextResultAsync());
        }
    }

    [Fact]
    public async Task Bulk_copy_in_both_directions_and_formats()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await ExecuteAsync(connection, "CREATE TEMP TABLE bulk (id integer, words text)");
        await using (NpgsqlBinaryImporter import = await connection.BeginBinaryImportAsync("COPY bulk FROM STDIN (FORMAT binary)"))
        {
            for (int i = 0; i < 20_000; i++)
            {
                await import.StartRowAsync();
                await import.WriteAsync(i);
                await import.WriteAsync($"words {i}");
            }

            Assert.Equal(20_000UL, await import.CompleteAsync());
        }

        await using (TextWriter import = await connection.BeginTextImportAsync("COPY bulk FROM STDIN"))
            await import.WriteAsync("20000\täöü\n20001\t\\N\n");

        int rows = 0;
        await using (NpgsqlBinaryExporter export = await connection.BeginBinaryExportAsync("COPY (SELECT * FROM bulk ORDER BY id) TO STDOUT (FORMAT binary)"))
        {
            for (; await export.StartRowAsync() != -1; rows++)
            {
                Assert.Equal(rows, await export.ReadAsync<int>());
                if (export.IsNull)
                    await export.SkipAsync();
                else
                    Assert.Equal(rows == 20_000 ? "äöü" : $"words {rows}", await export.ReadAsync<string>());
            }
        }

        Assert.Equal(20_002, rows);
        using TextReader text = await connection.BeginTextExportAsync("COPY (SELECT * FROM bulk WHERE id >= 20000 ORDER BY id) TO STDOUT");
        Assert.Equal("20000\täöü\n20001\t\\N\n", await text.ReadToEndAsync());
    }

    [Fact]
    public async Task A_cancelled_or_failed_copy_leaves_the_connection_usable()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await ExecuteAsync(connection, "CREATE TEMP TABLE bulk (id integer)");
        await using (NpgsqlBinaryImporter import = await connection.BeginBinaryImportAsync("COPY bulk FROM STDIN (FORMAT binary)"))
        {
            await import.StartRowAsync();
            await import.WriteAsync(1);
        }

        Assert.Equal(0L, await ScalarAsync(connection, "SELECT count(*) FROM bulk"));
        await using (TextWriter import = await connection.BeginTextImportAsync("COPY bulk FROM STDIN"))
        {
            await import.WriteAsync("no number\n");
            await Assert.ThrowsAsync<PostgresException>(() => import.DisposeAsync().AsTask());
        }

        Assert.Equal(0L, await ScalarAsync(connection, "SELECT count(*) FROM bulk"));
    }

    [Fact]
    public async Task Rows_of_a_megabyte_and_values_of_twenty_pass_whole()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using (var command = new NpgsqlCommand("SELECT repeat(md5(n::text), 32768) FROM generate_series(1, 20) n", connection))
        await using (NpgsqlDataReader reader = await command.ExecuteReaderAsync())
        {
            int rows = 0;
            for (; await reader.ReadAsync(); rows++)
                Assert.Equal(1 << 20, reader.GetString(0).Length);
            Assert.Equal(20, rows);
        }

        byte[] value = new byte[20_000_000];
        new Random(20260314).NextBytes(value);
        await using var echo = new NpgsqlCommand("SELECT $1, length($1)", connection) { Parameters = { new() { Value = value } } };
        await using NpgsqlDataReader echoed = await echo.ExecuteReaderAsync();
        Assert.True(await echoed.ReadAsync());
        Assert.True(value.AsSpan().SequenceEqual((byte[])echoed.GetValue(0)));
        Assert.Equal(value.Length, echoed.GetInt32(1));
    }

    [Fact]
    public async Task A_notification_reaches_who_listens_while_it_waits()
    {
        await using NpgsqlConnection listener = await fixture.OpenAsync();
        await using NpgsqlConnection notifier = await fixture.OpenAsync();
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add($"{notification.Channel}: {notification.Payload}");
        await ExecuteAsync(listener, "LISTEN news");
        Task<bool> waiting = listener.WaitAsync(TimeSpan.FromSeconds(30));
        await ExecuteAsync(notifier, "NOTIFY news, 'fresh'");

        Assert.True(await waiting);
        Assert.Equal(["news: fresh"], heard);
    }

    [Fact]
    public async Task Savepoints_take_back_what_failed_and_nothing_else()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await ExecuteAsync(connection, "CREATE TEMP TABLE steps (n integer PRIMARY KEY)");
        await using (NpgsqlTransaction transaction = await connection.BeginTransactionAsync())
        {
            await ExecuteAsync(connection, "INSERT INTO steps VALUES (1)");
            await transaction.SaveAsync("one");
            PostgresException twice = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "INSERT INTO steps VALUES (1)"));
            Assert.Equal(PostgresErrorCodes.UniqueViolation, twice.SqlState);
            PostgresException failed = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "INSERT INTO steps VALUES (2)"));
            Assert.Equal(PostgresErrorCodes.InFailedSqlTransaction, failed.SqlState);
            await transaction.RollbackAsync("one");
            await ExecuteAsync(connection, "INSERT INTO steps VALUES (3)");
            await transaction.CommitAsync();
        }

        Assert.Equal(new[] { 1, 3 }, (int[])(await ScalarAsync(connection, "SELECT array_agg(n ORDER BY n) FROM steps"))!);
    }

    [Fact]
    public async Task A_command_timeout_cancels_the_statement_and_not_the_session()
    {
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using (var slow = new NpgsqlCommand("SELECT pg_sleep(120)", connection) { CommandTimeout = 1 })
            Assert.IsType<TimeoutException>((await Assert.ThrowsAsync<NpgsqlException>(() => slow.ExecuteNonQueryAsync())).InnerException);

        Assert.Equal(1, await ScalarAsync(connection, "SELECT 1"));
    }

    [Fact]
    public async Task Cancel_reaches_the_statement_that_runs_and_no_other_session()
    {
        const string Sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(1000)%' AND state = 'active'";
        await using PsqlSession bystander = PsqlSession.Start(fixture.Daemon.Psql(fixture.Token));
        await bystander.TypeAsync("SELECT pg_sleep(1000);");
        await fixture.Postgres.WaitForAsync(Sleeping, 1L);
        await using NpgsqlConnection connection = await fixture.OpenAsync();
        await using var slow = new NpgsqlCommand("SELECT pg_sleep(1000)", connection);
        Task<int> running = slow.ExecuteNonQueryAsync();
        await fixture.Postgres.WaitForAsync(Sleeping, 2L);

        slow.Cancel();
        OperationCanceledException cancelled = await Assert.ThrowsAsync<OperationCanceledException>(() => running);
        Assert.Equal(PostgresErrorCodes.QueryCanceled, Assert.IsType<PostgresException>(cancelled.InnerException).SqlState);
        Assert.Equal(1, await ScalarAsync(connection, "SELECT 1"));
        Assert.Equal(1L, await fixture.Postgres.SqlAsync(Sleeping));
        await fixture.Postgres.SqlAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(1000)%' AND pid <> pg_backend_pid()");
        await fixture.Postgres.WaitForAsync(Sleeping, 0L);
    }

    [Fact]
    public async Task A_pooled_connection_is_reset_and_reads_text_beyond_ASCII_at_once()
    {
        NpgsqlConnectionStringBuilder settings = fixture.Daemon.Npgsql(fixture.Token);
        (settings.Pooling, settings.MaxPoolSize) = (true, 1);
        await using var source = NpgsqlDataSource.Create(settings);
        object? process;
        await using (NpgsqlConnection first = await source.OpenConnectionAsync())
        {
            process = await ScalarAsync(first, "SELECT pg_backend_pid()");
            await ExecuteAsync(first, "SET application_name = 'left behind'; CREATE TEMP TABLE left_behind ()");
        }

        await using NpgsqlConnection second = await source.OpenConnectionAsync();
        Assert.Equal("Straße", await ScalarAsync(second, "SELECT 'Straße'"));
        Assert.Equal(process, await ScalarAsync(second, "SELECT pg_backend_pid()"));
        Assert.Equal((object)DBNull.Value, await ScalarAsync(second, "SELECT to_regclass('left_behind')::text"));
    }

    [Fact]
    public async Task Many_connections_work_at_once()
    {
        await using var source = NpgsqlDataSource.Create(Pooled(fixture, 20));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async n =>
        {
            await using NpgsqlConnection connection = await source.OpenConnectionAsync();
            for (int i = 0; i < 50; i++)
            {
                await using var command = new NpgsqlCommand("SELECT $1, repeat('z', 10000)", connection) { Parameters = { new() { Value = n * 1000 + i } } };
                Assert.Equal(n * 1000 + i, await command.ExecuteScalarAsync());
            }
        }));
    }

    private static NpgsqlConnectionStringBuilder Pooled(OpenDaemon fixture, int connections)
    {
        NpgsqlConnectionStringBuilder settings = fixture.Daemon.Npgsql(fixture.Token);
        (settings.Pooling, settings.MaxPoolSize) = (true, connections);
        return settings;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
