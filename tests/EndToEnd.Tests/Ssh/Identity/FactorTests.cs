using Sallyport.Contract;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>A key, then a login elsewhere: both, in this order, by one person.</summary>
[Collection(People.Name)]
public sealed class FactorTests(PeopleDaemon people)
{
    private const string Both = "publickey,keyboard-interactive";

    [Fact]
    public async Task A_key_is_not_enough_and_the_login_elsewhere_is_for_its_person()
    {
        await using ChildProcess ssh = Start(people.At("ada"), "echo both");
        await ssh.WaitForOutputAsync("That is one proof. Still needed: keyboard-interactive.");
        (string url, string code) = await PeopleDaemon.PromptAsync(ssh);

        // Nobody is asked who it is: the key has said it. Nobody else's login will do.
        Assert.Contains("the client waits for somebody else (ada)", await people.Bob.GetAsync(url), StringComparison.Ordinal);
        Assert.Equal("", ssh.Output);
        await people.Ada.AnswerAsync((url, code), yes: true);

        Assert.Equal(0, await ssh.WaitForExitAsync());
        Assert.Equal("both\n", ssh.Output);
        Recorded recorded = await people.RecordingAsync(one => one.Facts?.Listener == "strict" && one.Decisions.Any(decision => decision.Text.Contains("echo both", StringComparison.Ordinal)));
        Assert.Equal("ada", recorded.Facts!.Identity.Subject);
    }

    [Fact]
    public async Task The_key_of_one_and_the_login_of_another_are_nobody()
    {
        // Bob says that he is Bob, with ada's key: he is shown a prompt for ada, which he cannot answer; no answer is a no.
        await using ChildProcess ssh = Start(people.At("ada"), "echo in", "bob");
        (string url, string code) = await PeopleDaemon.PromptAsync(ssh);
        await Assert.ThrowsAsync<InvalidOperationException>(() => people.Bob.AnswerAsync((url, code), yes: true));
        await people.Ada.AnswerAsync((url, code), yes: false);
        Assert.Equal(255, await ssh.WaitForExitAsync());
        Assert.Equal("", ssh.Output);
    }

    [Theory]
    [InlineData("publickey", "keyboard-interactive")]
    [InlineData("keyboard-interactive", "publickey")]
    [InlineData("password", "publickey")]
    public async Task One_factor_alone_lets_nobody_in(string methods, string missing)
    {
        SshRun run = await people.RunAsync(["-i", people.At("ada"), .. people.Methods(methods, people.StrictPort)], "", SshDaemon.User + "@127.0.0.1", "echo in");
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.Contains($"Permission denied ({missing})", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_certificate_of_the_first_factor_says_holds_after_the_second()
    {
        string forced = people.Certify("forced", "ca", "-O", "force-command=echo forced");
        await using ChildProcess ssh = Start(forced, "echo asked");
        await people.Ada.AnswerAsync(await PeopleDaemon.PromptAsync(ssh), yes: true);
        Assert.Equal(0, await ssh.WaitForExitAsync());
        Assert.Equal("forced\n", ssh.Output);

        // From elsewhere it is no first factor at all.
        string elsewhere = people.Certify("elsewhere", "ca", "-O", "source-address=10.0.0.0/8");
        SshRun run = await people.RunAsync(["-i", elsewhere, .. people.Methods(Both, people.StrictPort)], "ada", SshDaemon.User + "@127.0.0.1", "echo in");
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.DoesNotContain("Still needed", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_ends_with_the_key_of_its_first_factor()
    {
        SshServer.Keygen("-t", "ed25519", "-f", people.At("second"));
        await people.AsRootAsync("keys", "add", people.At("second.pub"), "--subject", "ada");
        await using ChildProcess ssh = Start(people.At("second"), "echo in; sleep 60");
        await people.Ada.AnswerAsync(await PeopleDaemon.PromptAsync(ssh), yes: true);
        await ssh.WaitForOutputAsync("in");

        await people.RemoveKeyAsync("second");

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("no longer good", ssh.Error, StringComparison.Ordinal);
    }

    private ChildProcess Start(string key, string command, string? answer = null) =>
        people.Start(["-i", key, .. people.Methods(Both, people.StrictPort)], answer, SshDaemon.User + "@127.0.0.1", command);
}
