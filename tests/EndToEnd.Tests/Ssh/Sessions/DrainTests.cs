using System.Diagnostics;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Sessions;

/// <summary>A daemon that is told to end while somebody is in.</summary>
[Collection(SshServers.Name)]
public sealed class DrainTests(SshServerFixture sshd)
{
    [Fact]
    public async Task SIGTERM_ends_a_session_in_its_time_says_why_and_leaves_its_recording_whole()
    {
        await using SshDaemon daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll, more: "limits: {drain: 1s}");
        await using ChildProcess stays = ChildProcess.Start(["ssh", .. daemon.Options(), SshDaemon.User + "@127.0.0.1", "echo canary-before; while :; do sleep 0.1; done"]);
        await stays.WaitForOutputAsync("canary-before");
        await using ChildProcess finishes = ChildProcess.Start(["ssh", .. daemon.Options(), SshDaemon.User + "@127.0.0.1", "echo begun; sleep 0.4; echo finished"]);
        await finishes.WaitForOutputAsync("begun");

        long asked = Stopwatch.GetTimestamp();
        daemon.Process.Signal(UnixSignal.Term);
        Assert.Equal(0, await finishes.WaitForExitAsync());
        Assert.Contains("finished", finishes.Output, StringComparison.Ordinal);
        Assert.Equal(255, await stays.WaitForExitAsync());
        Assert.Equal(0, await daemon.Process.WaitForExitAsync());

        Assert.InRange(Stopwatch.GetElapsedTime(asked), TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(10));
        Assert.Contains("shutting down", stays.Error, StringComparison.Ordinal);
        (int verified, string report, _) = await SallyportDaemon.ReplayAsync("verify", daemon.Recordings);
        Assert.True(verified == 0, report);
        IReadOnlyList<Recorded> recorded = Recorded.In(daemon.Recordings);
        Assert.Equal(2, recorded.Count);
        Assert.Equal("drain", recorded[0].End!.Reason);
        Assert.Contains("canary-before", System.Text.Encoding.Latin1.GetString(recorded[0].Bytes), StringComparison.Ordinal);
        SshRun late = await daemon.RunAsync("echo in");
        Assert.Equal((255, ""), (late.ExitCode, late.Output));
    }
}
