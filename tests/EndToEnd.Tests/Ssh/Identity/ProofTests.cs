using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>Who somebody is comes from what they prove; targets are known by their keys.</summary>
[Collection(SshServers.Name)]
public sealed class ProofTests(IdentityDaemon identity) : IClassFixture<IdentityDaemon>
{
    [Fact]
    public async Task A_registered_key_is_its_person_and_an_unknown_one_is_nobody()
    {
        SshRun known = await identity.WithKeyAsync(identity.Daemon.KeyFile, SshDaemon.User, "echo in");
        SshRun unknown = await identity.WithKeyAsync(identity.At("stranger"), SshDaemon.User, "echo in");
        Assert.Equal((0, "in\n"), (known.ExitCode, known.Output));
        Assert.Equal((255, ""), (unknown.ExitCode, unknown.Output));
        Assert.Contains("Permission denied", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_the_authority_is_its_person()
    {
        SshRun run = await identity.WithKeyAsync(identity.Certify("good"), SshDaemon.User, "echo in");
        Assert.Equal((0, "in\n"), (run.ExitCode, run.Output));
    }

    [Theory]
    [InlineData("principal", "-n", "somebody-else")]
    [InlineData("expired", "-V", "-10m:-5m")]
    [InlineData("early", "-V", "+10m:+15m")]
    [InlineData("elsewhere", "-O", "source-address=10.0.0.0/8")]
    [InlineData("unknown-option", "-O", "critical:no-such-option=1")]
    [InlineData("other-authority", "-s", "OTHER")]
    public async Task A_certificate_that_does_not_fit_opens_nothing(string name, string option, string value)
    {
        string key = identity.Certify(name, option, value.Replace("OTHER", identity.At("other-ca"), StringComparison.Ordinal));
        SshRun run = await identity.WithKeyAsync(key, SshDaemon.User, "echo in");
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task A_revoked_certificate_opens_nothing()
    {
        SshRun run = await identity.WithKeyAsync(identity.At("revoked"), SshDaemon.User, "echo in");
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task What_a_certificate_says_of_the_session_holds()
    {
        SshRun forced = await identity.WithKeyAsync(identity.Certify("forced", "-O", "force-command=echo forced"), SshDaemon.User, "echo asked");
        Assert.Equal((0, "forced\n"), (forced.ExitCode, forced.Output));
        SshRun bare = await identity.WithKeyAsync(["-tt"], identity.Certify("bare", "-O", "clear"), SshDaemon.User, "tty");
        Assert.Contains("PTY allocation request failed", bare.Error, StringComparison.Ordinal);
        SshRun tunnel = await identity.WithKeyAsync(["-W", "127.0.0.1:9"], identity.At("bare"), SshDaemon.User);
        Assert.Contains("does not permit it", tunnel.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_a_password_of_the_one_it_names()
    {
        string ada = await TokenAsync("ada@example.com", "engineering");
        string bob = await TokenAsync("bob@example.com", "sales");

        SshRun run = await identity.WithPasswordAsync(ada, SshDaemon.User, "echo in");
        SshRun stranger = await identity.WithPasswordAsync(bob, SshDaemon.User, "echo in");
        SshRun wrong = await identity.WithPasswordAsync(ada[..^2] + "xx", SshDaemon.User, "echo in");

        Assert.Equal((0, "in\n"), (run.ExitCode, run.Output));
        Assert.Equal((255, ""), (stranger.ExitCode, stranger.Output));
        Assert.Equal((255, ""), (wrong.ExitCode, wrong.Output));
        Assert.DoesNotContain(ada, identity.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forbidden_account_and_a_target_that_is_not_there_look_the_same()
    {
        SshRun account = await identity.WithKeyAsync(identity.Daemon.KeyFile, "nobody+box", "true");
        SshRun target = await identity.WithKeyAsync(identity.Daemon.KeyFile, "nobody+nowhere", "true");
        Assert.Equal(255, account.ExitCode);
        Assert.Contains("there is no such target, or it is not for you", account.Error, StringComparison.Ordinal);
        Assert.Equal(target.Error.Replace("nowhere", "box", StringComparison.Ordinal), account.Error);
    }

    [Fact]
    public async Task A_minted_certificate_names_the_person_and_the_session_at_the_target()
    {
        SshRun run = await identity.WithKeyAsync(identity.Daemon.KeyFile, SshServer.Account + "+minted", "echo minted");
        Assert.Equal((0, "minted\n"), (run.ExitCode, run.Output));
        Assert.Matches("Accepted publickey for .* ED25519-CERT .* ID ada@example.com [0-9a-f-]{36} ", identity.Minting.Log);
    }

    [Fact]
    public async Task A_target_with_another_key_gets_nothing_and_raises_the_alarm()
    {
        SshRun run = await identity.WithKeyAsync(identity.Daemon.KeyFile, SshServer.Account + "+moved", "echo in");
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.Contains("the target cannot be reached", run.Error, StringComparison.Ordinal);
        await identity.Daemon.Process.WaitForOutputAsync("host-key-refused");
        Assert.Contains("host-key.refused", await File.ReadAllTextAsync(identity.Control.AuditFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_without_a_known_key_is_reached_once_an_administrator_has_pinned_it()
    {
        SshRun before = await identity.WithKeyAsync(identity.Daemon.KeyFile, SshServer.Account + "+unpinned", "echo in");
        Assert.Equal(255, before.ExitCode);

        string seen = await identity.Control.SaysAsync(identity.Daemon, "root@example.com", "administrators", "targets", "pin", "unpinned");
        string fingerprint = System.Text.RegularExpressions.Regex.Match(seen, "SHA256:[A-Za-z0-9+/]+").Value;
        Assert.NotEqual("", fingerprint);
        await identity.Control.SaysAsync(identity.Daemon, "root@example.com", "administrators", "targets", "pin", "unpinned", "--fingerprint", fingerprint);

        SshRun after = await identity.WithKeyAsync(identity.Daemon.KeyFile, SshServer.Account + "+unpinned", "echo in");
        Assert.Equal((0, "in\n"), (after.ExitCode, after.Output));
    }

    private async Task<string> TokenAsync(string subject, string groups)
    {
        SshRun run = await SshRun.OfAsync([Repository.Tool("sallyport"), "token", "create", "--config", identity.Daemon.ConfigFile, "--subject", subject, "--groups", groups, "--kind", "human", "--ttl", "1h"]);
        return run.Output.Trim();
    }
}
