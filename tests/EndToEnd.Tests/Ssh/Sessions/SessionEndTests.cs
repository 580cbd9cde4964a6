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

    /// <summary>All at once, each as soon as its time is over, and not for another's reason.</summary>
    [Fact]
    public async Task Limits_of_time_end_it()
    {
        await using ChildProcess idle = live.Start(await live.TokenAsync("idler@example.com", "engineering,short"), "sleep 60");
        await using ChildProcess brief = live.Start(await live.TokenAsync("brief@example.com", "engineering,brief"), Counts);
        await using ChildProcess expires = live.Start(live.ShortToken(seconds: 3), Counts);
        await expires.WaitForOutputAsync("line-1");
        await Task.WhenAll(
            EndsAsync(idle, "idle"), EndsAsync(brief, "longest life"), EndsAsync(expires, "The token has expired: log in again with a new one."));

        // A line comes every twentieth of a second: the token's three seconds, and the one in which it is noticed.
        Assert.InRange(expires.Output.Split('\n').Length, 1, 4 * 20 + 10);
    }

    private static async Task EndsAsync(ChildProcess ssh, string reason)
    {
        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(reason, ssh.Error, StringComparison.Ordinal);
    }

    /// <summary>While a session by token and one by key run: in the arguments and variables of no process, and afterwards in nothing that was written.</summary>
    [Fact]
    public async Task What_opens_doors_is_nowhere_to_be_read()
    {
        string token = await live.TokenAsync("careful@example.com", "engineering");
        var secrets = new Dictionary<string, string> { ["the token"] = token.Split('.')[2] };
        foreach (string file in new[] { live.Daemon.KeyFile, live.SshdCredential, live.Daemon.At("user-ca"), live.Daemon.At("host-ca"), live.Daemon.At("token.key") })
            secrets[file] = File.ReadAllLines(file)[1];
        await using (ChildProcess byToken = live.Start(token, Counts))
        await using (ChildProcess byKey = ChildProcess.Start(["ssh", .. live.Daemon.Options(), SshDaemon.User + "@127.0.0.1", Counts]))
        {
            await byToken.WaitForOutputAsync("line-2");
            await byKey.WaitForOutputAsync("line-2");
            (string Where, string Text)[] processes = [.. Processes()];
            Assert.Contains(processes, p => p.Text.Contains(live.Daemon.ConfigFile, StringComparison.Ordinal));
            AssertNone(secrets, processes);
        }

        IReadOnlyList<Recorded> recorded;
        do
            recorded = await SshRecordings.CompleteAsync(live.Daemon);
        while (!recorded.Any(r => r.Facts!.Identity.Subject == "careful@example.com"));
        AssertNone(secrets, recorded.Select(r => (r.File, System.Text.Encoding.Latin1.GetString(r.Bytes))));
        AssertNone(secrets, [("the log", live.Daemon.Log), ("the audit", File.ReadAllText(live.Control.AuditFile))]);
    }

    /// <summary>What any user of the machine, or its root, sees of processes.</summary>
    private static IEnumerable<(string Where, string Text)> Processes()
    {
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            foreach (string part in new[] { "cmdline", "environ" })
            {
                string text;
                try
                {
                    text = File.ReadAllText(Path.Combine(process, part));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It has ended, or is another user's.
                    continue;
                }

                yield return (Path.Combine(process, part), text);
            }
        }
    }

    private static void AssertNone(Dictionary<string, string> secrets, IEnumerable<(string Where, string Text)> places)
    {
        foreach ((string where, string text) in places)
        {
            foreach ((string what, string secret) in secrets)
                Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{what} is in {where}");
        }
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
