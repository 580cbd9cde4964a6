using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>Keys that people register, and what becomes of their sessions when keys are taken back.</summary>
[Collection(People.Name)]
public sealed class KeyTests(PeopleDaemon people)
{
    private const string Stays = "echo in; sleep 60";

    [Fact]
    public async Task A_registered_key_is_its_person_until_it_is_removed_and_then_its_sessions_end()
    {
        SshServer.Keygen("-t", "ed25519", "-f", people.At("laptop"));
        Assert.Equal(255, (await RunAsync("laptop")).ExitCode);
        await people.AsRootAsync("keys", "add", people.At("laptop.pub"), "--subject", "ada", "--name", "laptop");
        await using ChildProcess ssh = people.Start(people.Key("laptop"), null, SshDaemon.User + "@127.0.0.1", Stays);
        await ssh.WaitForOutputAsync("in");

        await people.RemoveKeyAsync("laptop");

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("no longer good", ssh.Error, StringComparison.Ordinal);
        Assert.Equal((255, ""), await RunAsync("laptop") is var after ? (after.ExitCode, after.Output) : default);
        Assert.Equal("ada", (await people.RecordingAsync(one => one.Events.Any(happened => happened.Detail.Contains("revoked/key", StringComparison.Ordinal)))).Facts!.Identity.Subject);
    }

    /// <summary>The client offers the first key, is told that it would do, has not got it, and signs with the second.</summary>
    [Fact]
    public async Task Who_it_is_is_the_key_that_signed_and_not_the_one_that_was_offered()
    {
        File.Copy(people.At("ada.pub"), people.At("offered.pub"));
        SshRun run = await people.RunAsync(["-v", "-i", people.At("offered.pub"), .. people.Key("bob")], null, SshDaemon.User + "@127.0.0.1", "echo signed by bob");

        Assert.Equal((0, "signed by bob\n"), (run.ExitCode, run.Output));
        string[] said = [.. run.Error.Split('\n').Where(line => line.Contains("Server accepts key", StringComparison.Ordinal))];
        Assert.Equal(2, said.Length);
        Assert.Contains("offered", said[0], StringComparison.Ordinal);
        Recorded recorded = await people.RecordingAsync(one => one.Decisions.Any(decision => decision.Text.Contains("signed by bob", StringComparison.Ordinal)));
        Assert.Equal("bob", recorded.Facts!.Identity.Subject);
    }

    [Fact]
    public async Task A_reload_that_revokes_an_authority_ends_what_it_has_let_in_and_nothing_else()
    {
        await using ChildProcess old = people.Start(["-i", people.Certify("old", "old-ca"), .. people.Methods("publickey")], null, SshDaemon.User + "@127.0.0.1", Stays);
        await using ChildProcess good = people.Start(["-i", people.Certify("good"), .. people.Methods("publickey")], null, SshDaemon.User + "@127.0.0.1", Stays);
        await old.WaitForOutputAsync("in");
        await good.WaitForOutputAsync("in");
        await people.Daemon.ReloadAsync();

        File.Delete(people.At("krl"));
        SshServer.Keygen("-k", "-f", people.At("krl"), people.At("old-ca.pub"));
        await people.Daemon.ReloadAsync();

        Assert.Equal(255, await old.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("no longer good", old.Error, StringComparison.Ordinal);
        Assert.Equal(255, (await people.RunAsync(["-i", people.At("old"), .. people.Methods("publickey")], null, SshDaemon.User + "@127.0.0.1", "echo in")).ExitCode);
        Assert.False(good.HasExited);
        Assert.Equal((0, "in\n"), await RunAsync("ada") is var run ? (run.ExitCode, run.Output) : default);
    }

    private Task<SshRun> RunAsync(string key) => people.RunAsync(people.Key(key), null, SshDaemon.User + "@127.0.0.1", "echo in");
}
