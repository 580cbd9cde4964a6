using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Masking;

/// <summary>
/// Ways to a masked value. Each is first shown to lead there past Sallyport; then nothing of the value may be among the bytes that psql
/// (simple protocol, text, a transaction per statement) or Npgsql (extended protocol, binary, one transaction) is sent.
/// </summary>
[Collection(PostgresTests.Name)]
public sealed class LeakTests(MaskedDaemon fixture) : IClassFixture<MaskedDaemon>
{
    public static TheoryData<string> Ways =>
        [.. Readings.Columns, .. Readings.Expressions, .. Readings.Relations, .. Readings.Errors];

    public static TheoryData<string> Detours => [.. Readings.Detours];

    public static TheoryData<string> Uncommitted => [.. Readings.Uncommitted];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_masked_value_is_not_shown(string script)
    {
        await AssertShownDirectlyAsync(script);
        await AssertUnseenInTransactionByNpgsqlAsync(script);
        await AssertUnseenByPsqlAsync(script);
    }

    [Theory]
    [MemberData(nameof(Detours))]
    public async Task A_masked_value_is_not_shown_in_more_than_one_step(string script)
    {
        await AssertShownDirectlyAsync(script);
        await AssertUnseenInTransactionByNpgsqlAsync(script);
        await AssertUnseenByPsqlAsync(InTransaction(script));
        await AssertUnseenByPsqlAsync(script);
    }

    [Theory]
    [MemberData(nameof(Uncommitted))]
    public async Task A_change_that_only_the_session_sees_uncovers_nothing(string script)
    {
        await AssertShownDirectlyAsync(script);
        await AssertUnseenInTransactionByNpgsqlAsync(script);
        await AssertUnseenByPsqlAsync(InTransaction(script));
    }

    private static string InTransaction(string script) => $"BEGIN;\n{script};\nROLLBACK";

    private async Task AssertShownDirectlyAsync(string script)
    {
        (PsqlResult direct, byte[] shown) = await fixture.DirectlyAsync(InTransaction(script) + ";");
        Assert.True(Canary.Seen(shown).Count > 0, $"this way leads nowhere even without Sallyport: {direct}");
    }

    private async Task AssertUnseenByPsqlAsync(string script)
    {
        (_, byte[] shown) = await fixture.ByPsqlAsync(script + ";");
        Canary.AssertUnseen(shown, "psql");
    }

    private async Task AssertUnseenInTransactionByNpgsqlAsync(string script) =>
        Canary.AssertUnseen(await fixture.ByNpgsqlAsync(connection => TransactionAsync(connection, script)), "Npgsql");

    private static async Task TransactionAsync(NpgsqlConnection connection, string script)
    {
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(script, connection);
        try
        {
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync() || await reader.NextResultAsync())
            {
            }
        }
        catch (NpgsqlException refusal)
        {
            // Many are refused; what matters is what was sent.
            Assert.NotEmpty(refusal.Message);
        }

        if (transaction.Connection is not null)
            await transaction.RollbackAsync();
    }
}
