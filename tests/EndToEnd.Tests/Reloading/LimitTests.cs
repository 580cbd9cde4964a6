using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Reloading;

/// <summary>Limits that policy sets.</summary>
[Collection(PostgresTests.Name)]
public sealed class LimitTests(PostgresServer postgres)
{
    [Theory]
    [InlineData("idle: 1s", "idle-limit", "The session was idle for 00:00:01.")]
    [InlineData("session: 1s", "session-limit", "The session has reached its longest life of 00:00:01.")]
    public async Task A_limit_of_time_ends_the_session_and_says_so(string limit, string reason, string message)
    {
        await using SallyportDaemon daemon = await StartAsync(limit);
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering"), user: reason));
        string process = (await psql.AskAsync("SELECT pg_backend_pid();")).Trim();
        await daemon.Process.WaitForOutputAsync("reason=" + reason);

        Assert.Contains("FATAL:  " + message, await psql.LastWordsAsync("SELECT 2;"));
        Recorded recording = await Recorded.OfAsync(daemon.Recordings, reason);
        Assert.Equal((reason, "57P01"), (recording.End!.Reason, recording.End.WireCode));
        await postgres.WaitForAsync($"SELECT count(*) FROM pg_stat_activity WHERE pid = {process}", 0L);
    }

    [Fact]
    public async Task One_session_too_many_is_refused_until_another_has_ended()
    {
        await using SallyportDaemon daemon = await StartAsync("concurrent-sessions: 2");
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        await using PsqlSession first = PsqlSession.Start(daemon.Psql(token));
        await using PsqlSession second = PsqlSession.Start(daemon.Psql(token));
        Assert.Equal("1\n1\n", await first.AskAsync("SELECT 1;") + await second.AskAsync("SELECT 1;"));

        PsqlResult third = await Psql.RunAsync(daemon.Psql(token), "", "-At", "-v", "VERBOSITY=verbose", "-c", "SELECT 1");
        Assert.Equal(2, third.ExitCode);
        Assert.Contains("At most 2 sessions at a time are allowed here: close one and try again.", third.Error);
        PsqlResult another = await Psql.RunAsync(daemon.Psql(await daemon.TokenAsync("grace@example.com", "engineering")), "", "-At", "-c", "SELECT 1");
        Assert.Equal("1\n", another.Output);

        second.Process.Input.Close();
        Assert.Equal(0, await second.Process.WaitForExitAsync());
        await daemon.Process.WaitForOutputAsync("reason=closed");
        while ((third = await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1")).ExitCode != 0)
            Assert.Contains("At most 2 sessions", third.Error);
        Assert.Equal("1\n", third.Output);
    }

    [Fact]
    public async Task More_actions_than_a_minute_may_have_are_refused()
    {
        await using SallyportDaemon daemon = await StartAsync("actions-per-minute: 3");
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering")));
        var answers = new List<string>();
        while (answers.Count < 20 && !answers.Exists(answer => answer != "1\n"))
            answers.Add(await psql.AskAsync("SELECT 1;"));

        // The minute of the clock may have turned meanwhile, once.
        Assert.InRange(answers.Count, 4, 7);
        Assert.Contains("Rule limits/actions-per-minute.", answers[^1]);
        Assert.Contains("HINT:  At most 3 actions a minute are allowed: wait for the next minute.", answers[^1]);
    }

    private Task<SallyportDaemon> StartAsync(string limits) => SallyportDaemon.StartAsync(postgres, DaemonSetup.With($"{Policies.AllowAll}limits: {{{limits}}}\n"));
}
