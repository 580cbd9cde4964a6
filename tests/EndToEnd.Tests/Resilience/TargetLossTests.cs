using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Resilience;

/// <summary>The target goes away and comes back.</summary>
[Collection(PostgresTests.Name)]
public sealed class TargetLossTests(PostgresServer postgres)
{
    [Fact]
    public async Task A_lost_target_is_named_and_a_new_session_works_once_it_is_back()
    {
        int port = FreePort.Next();
        var wire = new Relay(postgres.Port, port);
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policies.AllowAll) with { ServerPort = port });
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(token, user: "cut-off"));
        Assert.Equal("1\n", await psql.AskAsync("SELECT 1;"));

        await wire.DisposeAsync();
        Assert.Contains("FATAL:  the target closed the connection", await psql.LastWordsAsync("SELECT 2;"));
        Assert.Equal(SessionSide.Target, (await Recorded.OfAsync(daemon.Recordings, "cut-off")).End!.Side);
        PsqlResult meanwhile = await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1");
        Assert.Equal(2, meanwhile.ExitCode);
        Assert.Contains("FATAL:  ", meanwhile.Error);
        Assert.DoesNotContain("login refused", meanwhile.Error);
        Assert.DoesNotContain(port.ToString(), meanwhile.Error);

        await using var again = new Relay(postgres.Port, port);
        Assert.Equal("1\n", (await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1")).Output);
    }

    [Fact]
    public async Task What_the_server_says_when_it_ends_a_session_reaches_the_client()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policies.AllowAll));
        await using PsqlSession psql = PsqlSession.Start(daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering"), user: "terminated"));
        string process = (await psql.AskAsync("SELECT pg_backend_pid();")).Trim();
        await postgres.SqlAsync($"SELECT pg_terminate_backend({process})");

        Assert.Contains("FATAL:  terminating connection due to administrator command", await psql.LastWordsAsync("SELECT 1;"));
        Recorded recording = await Recorded.OfAsync(daemon.Recordings, "terminated");
        Assert.Equal((SessionSide.Target, "57P01"), (recording.End!.Side, recording.End.WireCode));
    }
}
