using Npgsql;
using NpgsqlTypes;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Transparency;

/// <summary>With a policy that allows everything, Npgsql cannot tell Sallyport from the server.</summary>
[Collection(PostgresTests.Name)]
public sealed class NpgsqlTransparencyTests(OpenDaemon fixture) : IClassFixture<OpenDaemon>
{
    [Fact]
    public async Task Npgsql_is_sent_the_same_bytes()
    {
        ServerTraffic fromServer = await CapturedAsync(fixture.Postgres.Port, fixture.Postgres.Direct());
        ServerTraffic fromSallyport = await CapturedAsync(fixture.Daemon.PlaintextPort, fixture.Daemon.Npgsql(fixture.Token));

        Assert.Equal(fromServer.Announced, fromSallyport.Announced);
        Assert.Equal(fromServer.Session, fromSallyport.Session);
        Assert.InRange(fromServer.Count('D'), 5_000, int.MaxValue);
    }

    private static async Task<ServerTraffic> CapturedAsync(int port, NpgsqlConnectionStringBuilder settings)
    {
        await using var relay = new Relay(port);
        settings.Host = "127.0.0.1";
        settings.Port = relay.Port;
        settings.SslMode = SslMode.Disable;
        settings.RootCertificate = null;
        settings.MaxAutoPrepare = 10;
        settings.AutoPrepareMinUsages = 2;
        await using (var source = NpgsqlDataSource.Create(settings))
        await using (NpgsqlConnection connection = await source.OpenConnectionAsync())
            await WorkAsync(connection);
        return new ServerTraffic(relay.Connections.Single().ToClient);
    }

    private static async Task WorkAsync(NpgsqlConnection connection)
    {
        for (int i = 0; i < 4; i++)
            await RunAsync(connection, "SELECT id, name, placed_at, amount FROM orders JOIN customers c USING (id) WHERE id <> $1", 3);
        await RunAsync(connection, "SELECT n, repeat('y', 100) FROM generate_series(1, $1) n", 5_000);
        await RunAsync(connection, "SELECT $1::bytea", new byte[1 << 20]);
        await RunAsync(connection, "SELECT $1 / 0", 1);
        await RunAsync(connection, "SELECT nonsense");
        await RunAsync(connection, "SELECT 1; SELECT 2, 3; SELECT 'four'");

        await using (var prepared = new NpgsqlCommand("SELECT $1::text, $2::int[]", connection) { Parameters = { new() { Value = "ä" }, new() { Value = new[] { 1, 2 } } } })
        {
            await prepared.PrepareAsync();
            await prepared.ExecuteNonQueryAsync();
            await prepared.ExecuteNonQueryAsync();
            await prepared.UnprepareAsync();
        }

        await using (NpgsqlTransaction transaction = await connection.BeginTransactionAsync())
        {
            await transaction.SaveAsync("here");
            await RunAsync(connection, "SELECT 1/0");
            await RunAsync(connection, "SELECT 1");
            await transaction.RollbackAsync("here");
            await BatchAsync(connection);
            await transaction.RollbackAsync("here");
            await CopyAsync(connection);
            await transaction.RollbackAsync();
        }
    }

    private static async Task BatchAsync(NpgsqlConnection connection)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("SELECT 1"), new("SELECT count(*) FROM orders"), new("SELECT 1/0"), new("SELECT 'never'") },
        };
        await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());
    }

    private static async Task CopyAsync(NpgsqlConnection connection)
    {
        await using (NpgsqlBinaryImporter import = await connection.BeginBinaryImportAsync("COPY orders FROM STDIN (FORMAT binary)"))
        {
            for (int i = 0; i < 1_000; i++)
            {
                await import.StartRowAsync();
                await import.WriteAsync(10_000 + i, NpgsqlDbType.Integer);
                await import.WriteAsync(1, NpgsqlDbType.Integer);
                await import.WriteAsync("bulk", NpgsqlDbType.Text);
                await import.WriteAsync(1.25m, NpgsqlDbType.Numeric);
                await import.WriteAsync(DateTime.UnixEpoch, NpgsqlDbType.TimestampTz);
            }

            await import.CompleteAsync();
        }

        using TextReader export = await connection.BeginTextExportAsync("COPY (SELECT * FROM orders ORDER BY id) TO STDOUT");
        Assert.Equal(1_040, (await export.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, object? parameter = null)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (parameter is not null)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        try
        {
            await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException e)
        {
            // Some are meant to fail, and to fail alike.
            Assert.NotEmpty(e.SqlState);
        }
    }
}
