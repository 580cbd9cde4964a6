using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Sessions;

/// <summary>Live sessions are ended and frozen from outside, and end by themselves where policy says so; the client is told why.</summary>
[Collection(SshServers.Name)]
public sealed class SessionEndTests(LiveDaemon live) : IClassFixture<LiveDaemon>
{
    private const string Counts = "i=0; while true; do i=$((i+1)); echo line-$i; sleep 0.05; done";

    [Fact]
    public async Task Whoever_is_revoked_is_out_within_two_seconds()
    {
        await using ChildProcess ssh = live.Start(await live.TokenAsync("leaver@example.com", "engineering"), Counts);
        await ssh.WaitForOutputAsync("line-3");

        await live.DoAsync("revocations", "create", "subject", "leaver@example.com", "--issuer", "https://sallyport.example", "--reason", "left");

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(2)));
        Assert.Contains("Received disconnect from 127.0.0.1", ssh.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_session_stands_still_goes_on_whole_and_can_be_ended()
    {
        await using ChildProcess ssh = live.Start(await live.TokenAsync("frozen@example.com", "engineering"), Counts);
        await ssh.WaitForOutputAsync("line-3");
        string id = await live.SessionAsync("frozen@example.com");

        await live.DoAsync("sessions", "freeze", id, "--reason", "incident 7");
        int length = await StillAsync(ssh);

        await live.DoAsync("sessions", "resume", id, "--reason", "false alarm");
        while (ssh.Output.Length < length + 100)
            await Task.Delay(20);
        await live.DoAsync("sessions", "terminate", id, "--reason", "after all");

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(10)));
        string[] lines = ssh.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(i => $"line-{i}"), lines);
        Assert.NotEqual("", ssh.Error);
    }

    /// <summary>Field note: Teleport 11.3.5 #21973, the moderator left and the session ran on.</summary>
    [Fact]
    public async Task A_session_that_must_be_watched_waits_for_a_watcher_and_stands_still_when_the_watcher_has_gone()
    {
        await using ChildProcess ssh = live.Start(await live.TokenAsync("watched@example.com", "engineering,watched"), Counts);
        await ssh.WaitForOutputAsync("sallyport: waiting: somebody of auditors must be watching this session");
        Assert.Equal("", ssh.Output);
        string id = await live.SessionAsync("watched@example.com");

        await using ChildProcess watcher = await live.WatchAsync(id);
        await ssh.WaitForOutputAsync("line-3");
        watcher.Signal(UnixSignal.Kill);
        int length = await StillAsync(ssh);

        await using ChildProcess another = await live.WatchAsync(id);
        while (ssh.Output.Length < length + 100)
            await Task.Delay(20);
        Assert.False(ssh.HasExited);
        await live.DoAsync("sessions", "terminate", id, "--reason", "seen enough");
        await ssh.WaitForExitAsync(TimeSpan.FromSeconds(10));
        string[] lines = ssh.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(i => $"line-{i}"), lines);
    }

    [Theory]
    [InlineData("idler@example.com", "engineering,short", "sleep 60", "idle")]
    [InlineData("brief@example.com", "engineering,brief", Counts, "longest life")]
    public async Task Limits_of_time_end_it(string subject, string groups, string command, string reason)
    {
        await using ChildProcess ssh = live.Start(await live.TokenAsync(subject, groups), command);
        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(reason, ssh.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_sessions_than_policy_says()
    {
        string token = await live.TokenAsync("single@example.com", "engineering,single");
        await using ChildProcess first = live.Start(token, Counts);
        await first.WaitForOutputAsync("line-1");
        await using ChildProcess second = live.Start(token, "echo in");
        Assert.Equal(255, await second.WaitForExitAsync());
        Assert.Equal("", second.Output);
        Assert.Contains("sallyport: ", second.Error, StringComparison.Ordinal);
        Assert.False(first.HasExited);
    }

    /// <summary>Waits until nothing more comes, while the command goes on to write twenty times a second.</summary>
    private static async Task<int> StillAsync(ChildProcess ssh)
    {
        int length = -1;
        for (int still = 0; still < 5; still = ssh.Output.Length == length ? still + 1 : 0)
        {
            length = ssh.Output.Length;
            await Task.Delay(100);
        }

        return length;
    }
}
