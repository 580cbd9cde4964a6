using System.Globalization;
using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Resilience;

/// <summary>A client that does not read slows down its own server process and nothing else.</summary>
[Collection(PostgresTests.Name)]
public sealed class SlowReaderTests(OpenDaemon fixture) : IClassFixture<OpenDaemon>
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public async Task A_stopped_psql_is_waited_for_by_the_server_and_not_stored_by_the_daemon()
    {
        await using NpgsqlConnection gate = await fixture.OpenAsync();
        await using PsqlSession psql = PsqlSession.Start(fixture.Daemon.Psql(fixture.Token), "-o", "/dev/null");
        await psql.AskAsync("SELECT repeat('w', 1000000) FROM generate_series(1, 20) n;");
        await using NpgsqlTransaction closed = await gate.BeginTransactionAsync();
        await ExecuteAsync(gate, "LOCK TABLE orders");
        await psql.TypeAsync("SELECT repeat('x', 1000000) FROM generate_series(1, 200) n WHERE n > 0 OR EXISTS (SELECT FROM orders);");
        await fixture.Postgres.WaitForAsync("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 200)%' AND wait_event_type = 'Lock'", 1L);
        psql.Process.Signal(UnixSignal.Stop);
        long before = Resident(fixture.Daemon.Process.Id);
        await closed.RollbackAsync();
        await fixture.Postgres.WaitForAsync("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 200)%' AND wait_event = 'ClientWrite'", 1L);

        for (int i = 0; i < 200; i++)
            Assert.Equal(40L, await CountAsync(gate));
        Assert.InRange(Resident(fixture.Daemon.Process.Id) - before, long.MinValue, 50 * Mebibyte);

        psql.Process.Signal(UnixSignal.Continue);
        await psql.TypeAsync("\\o");
        Assert.EndsWith("still here\n", await psql.AskAsync("SELECT 'still here';"));
        Assert.InRange(Resident(fixture.Daemon.Process.Id) - before, long.MinValue, 50 * Mebibyte);
    }

    /// <summary>Memory that a process holds, in bytes (proc(5): VmRSS).</summary>
    private static long Resident(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', '\t').First(word => word.Length > 0 && char.IsAsciiDigit(word[0])), CultureInfo.InvariantCulture) * 1024;
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
