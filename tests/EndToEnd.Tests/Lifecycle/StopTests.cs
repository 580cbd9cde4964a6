using Npgsql;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Lifecycle;

/// <summary>How the daemon ends: with notice, without, and what is left then.</summary>
[Collection(PostgresTests.Name)]
public sealed class StopTests(PostgresServer postgres)
{
    [Fact]
    public async Task SIGTERM_lets_a_live_session_finish_and_nobody_new_in()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policies.AllowAll));
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(token));
        await psql.AskAsync("BEGIN; SELECT 1;");

        daemon.Process.Signal(UnixSignal.Term);
        await daemon.Notify.WaitForAsync("STOPPING=1");
        PsqlResult late;
        while ((late = await Psql.RunAsync(daemon.Psql(token), "", "-c", "SELECT 1")).Error.Contains("shutting down", StringComparison.Ordinal))
            Assert.Equal(2, late.ExitCode);
        Assert.Contains("Connection refused", late.Error);

        Assert.Equal("5\n", await psql.AskAsync("SELECT count(*) FROM customers;"));
        Assert.False(daemon.Process.HasExited);
        psql.Process.Input.Close();
        Assert.Equal(0, await psql.Process.WaitForExitAsync());
        Assert.Equal(0, await daemon.Process.WaitForExitAsync());
        await AssertIntactAsync(daemon);
    }

    [Fact]
    public async Task A_session_that_does_not_finish_in_time_is_told_and_ended()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(
            postgres, DaemonSetup.With(Policies.AllowAll) with { MoreConfig = "limits: {drain: 1s}" });
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering"), user: "stays"));
        await psql.AskAsync("SELECT 1;");

        Assert.Equal(0, await daemon.StopAsync());
        Assert.Contains("FATAL:  The proxy is shutting down: connect again in a moment.", await psql.LastWordsAsync("SELECT 1;"));
        Assert.Equal("drain", (await Recorded.OfAsync(daemon.Recordings, "stays")).End!.Reason);
        await AssertIntactAsync(daemon);
    }

    [Fact]
    public async Task SIGKILL_leaves_a_recording_that_is_proven_as_far_as_it_goes()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policies.AllowAll));
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering")));
        await psql.AskAsync("SELECT 'before the crash';");
        string file = Directory.GetFiles(daemon.Recordings, "*.sprec").Single();
        while (Recorded.Read(file).Decisions.Count == 0)
            await Task.Yield();

        await daemon.KillAsync();
        (int verified, string report, _) = await SallyportDaemon.ReplayAsync("verify", file);
        Assert.True(verified == 3, report);
        Assert.StartsWith("INCOMPLETE", report);
        (int shown, string transcript, _) = await SallyportDaemon.ReplayAsync("show", "--full", file);
        Assert.Equal(0, shown);
        Assert.Contains("SELECT 'before the crash';", transcript);
        Assert.Contains("not recorded", transcript);
        Assert.Contains("connection to server was lost", await psql.LastWordsAsync("SELECT 1;"));

        await daemon.RestartAsync();
        Assert.Equal(0, (await Psql.RunAsync(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering")), "", "-c", "SELECT 1")).ExitCode);
    }

    [Fact]
    public async Task An_idle_pool_does_not_hold_the_end_up_beyond_the_drain()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(
            postgres, DaemonSetup.With(Policies.AllowAll) with { MoreConfig = "limits: {drain: 500ms}" });
        NpgsqlConnectionStringBuilder settings = daemon.Npgsql(await daemon.TokenAsync("ada@example.com", "engineering"));
        settings.Pooling = true;
        await using var source = NpgsqlDataSource.Create(settings);
        NpgsqlConnection[] connections = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => source.OpenConnectionAsync().AsTask()));
        foreach (NpgsqlConnection connection in connections)
            await connection.CloseAsync();

        Assert.Equal(0, await daemon.StopAsync());
        Assert.Equal(10, Recorded.In(daemon.Recordings).Count);
        await AssertIntactAsync(daemon);
    }

    private static async Task AssertIntactAsync(SallyportDaemon daemon)
    {
        (int code, string report, _) = await SallyportDaemon.ReplayAsync("verify", daemon.Recordings);
        Assert.True(code == 0, report);
    }
}
