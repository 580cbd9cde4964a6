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
