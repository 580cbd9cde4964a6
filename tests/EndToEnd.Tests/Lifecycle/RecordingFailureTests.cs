using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Lifecycle;

/// <summary>What cannot be recorded does not happen.</summary>
[Collection(PostgresTests.Name)]
public sealed class RecordingFailureTests(PostgresServer postgres)
{
    [Fact]
    public async Task Without_a_folder_for_recordings_nobody_gets_in()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policies.AllowAll));
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        Assert.Equal(0, (await SelectAsync(daemon, token)).ExitCode);

        Directory.Delete(daemon.Recordings, recursive: true);
        await File.WriteAllTextAsync(daemon.Recordings, "in the way");
        AssertRefused(await SelectAsync(daemon, token));
        Assert.Contains("recording-failed", daemon.Log);

        File.Delete(daemon.Recordings);
        Assert.Equal(0, (await SelectAsync(daemon, token)).ExitCode);
    }

    [Fact]
    public async Task With_too_little_room_on_the_disk_nobody_gets_in()
    {
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(
            postgres, DaemonSetup.With(Policies.AllowAll) with { RecordingExtras = "  min-free: 100000TiB" });

        AssertRefused(await SelectAsync(daemon, await daemon.TokenAsync("ada@example.com", "engineering")));
    }

    [Fact]
    public async Task A_session_whose_recording_can_no_longer_be_written_ends()
    {
        // No file may grow beyond 100 kB: the disk is full for this daemon and nobody else.
        await using SallyportDaemon daemon = await SallyportDaemon.StartAsync(
            postgres, DaemonSetup.With(Policies.AllowAll) with { Wrapper = ["bash", "-c", "trap '' XFSZ; exec \"$@\"", "bash"] });
        await using (ChildProcess prlimit = ChildProcess.Start(["prlimit", "--pid", daemon.Process.Id.ToString(), "--fsize=100000:100000"]))
            Assert.Equal(0, await prlimit.WaitForExitAsync());
        PsqlResult result = await Psql.ScriptAsync(
            daemon.Psql(await daemon.TokenAsync("ada@example.com", "engineering")),
            string.Concat(Enumerable.Repeat("SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 30);\n", 2000)),
            "-At",
            "-v",
            "VERBOSITY=verbose");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("58030", result.Error);
        Assert.Contains("the session can no longer be recorded, so it ends", result.Error);
        await daemon.Process.WaitForOutputAsync("reason=recording-failed");
        (int verified, string report, _) = await SallyportDaemon.ReplayAsync("verify", daemon.Recordings);
        Assert.True(verified == 3, report);
    }

    private static Task<PsqlResult> SelectAsync(SallyportDaemon daemon, string token) => Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1");

    private static void AssertRefused(PsqlResult result)
    {
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("FATAL:  the session cannot be recorded, so it is refused", result.Error);
        Assert.Contains("HINT:  Tell whoever runs this server: its log says why.", result.Error);
    }
}
