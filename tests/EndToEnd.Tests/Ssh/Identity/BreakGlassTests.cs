using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>Emergencies: who is trusted with it goes ahead alone, and everybody hears of it.</summary>
[Collection(People.Name)]
public sealed partial class BreakGlassTests(PeopleDaemon people)
{
    [Fact]
    public async Task What_waits_is_let_through_by_who_may_and_is_told_loudly()
    {
        string file = Path.Combine(people.Server.Files, "waiting");
        await using ChildProcess ssh = people.Start(people.Key("ada"), null, SshDaemon.User + "@127.0.0.1", "touch " + file);
        await ssh.WaitForOutputAsync("waiting for approval ");
        string id = Waiting().Match(ssh.Error).Groups[1].Value;

        // It is one's own emergency only.
        SshRun others = await people.Control.RunAsync(people.Daemon, "root@example.com", "administrators,on-call", "access", "break-glass", "--id", id, "--reason", "curious");
        Assert.NotEqual(0, others.ExitCode);
        Assert.False(File.Exists(file));
        SshRun broken = await people.AsAdaAsync("access", "break-glass", "--id", id, "--reason", "the plant is on fire");

        Assert.True(broken.ExitCode == 0, broken.ToString());
        Assert.Equal(0, await ssh.WaitForExitAsync());
        Assert.True(File.Exists(file));
        string line = Assert.Single(people.Audit.Split('\n'), one => one.Contains("\"approval.break-glass\"", StringComparison.Ordinal) && one.Contains(id, StringComparison.Ordinal) && !one.Contains("refused", StringComparison.Ordinal));
        Assert.Contains("critical", line, StringComparison.Ordinal);
        Assert.Contains("the plant is on fire", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_opened_target_lets_held_commands_of_the_same_login_through_and_no_denied_ones()
    {
        string file = Path.Combine(people.Server.Files, "opened");
        string token = await people.Ada.TokenAsync("sallyport");
        SshRun opened = await people.AsAdaAsync("access", "break-glass", "--target", "box", "--for", "10m", "--reason", "everything is on fire");
        Assert.True(opened.ExitCode == 0, opened.ToString());

        SshRun run = await people.RunAsync(people.Methods("password"), token, SshDaemon.User + "@127.0.0.1", "touch " + file);
        SshRun denied = await people.RunAsync(people.Methods("password"), token, SshDaemon.User + "@127.0.0.1", "id");

        Assert.Equal(0, run.ExitCode);
        Assert.True(File.Exists(file));
        Assert.Equal((126, ""), (denied.ExitCode, denied.Output));
        Assert.Contains("approval.break-glass-used", people.Audit, StringComparison.Ordinal);
        Assert.Contains("everything is on fire", people.Audit, StringComparison.Ordinal);

        // A key is another login: what it does waits as ever.
        await using ChildProcess waiting = people.Start(people.Key("ada"), null, SshDaemon.User + "@127.0.0.1", "touch " + file + "x");
        await waiting.WaitForOutputAsync("waiting for approval ");
        Assert.False(File.Exists(file + "x"));
    }

    [GeneratedRegex("waiting for approval ([0-9a-f-]{36})")]
    private static partial Regex Waiting();
}
