using System.Text;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>What is typed where ssh asks for a password: a token, or an issued password with its name.</summary>
[Collection(People.Name)]
public sealed class PasswordTests(PeopleDaemon people)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_stands_for_its_person_and_is_kept_nowhere(bool issued)
    {
        string said = issued ? "by issued password" : "by token";
        string secret = issued ? await people.IssueAsync() : await people.Ada.TokenAsync("sallyport");

        SshRun run = await RunAsync(secret, "echo " + said);
        SshRun wrong = await RunAsync(secret[..^2] + (secret.EndsWith("aa", StringComparison.Ordinal) ? "bb" : "aa"), "echo in");

        Assert.Equal((0, said + "\n"), (run.ExitCode, run.Output));
        Assert.Equal((255, ""), (wrong.ExitCode, wrong.Output));
        Recorded recorded = await people.RecordingAsync(one => one.Decisions.Any(decision => decision.Text.Contains(said, StringComparison.Ordinal)));
        Assert.Equal(("ada", people.Control.BrokerUrl + "/oidc"), (recorded.Facts!.Identity.Subject, recorded.Facts.Identity.Issuer));

        // Of a token the signature is what nobody else could make; a password has its name before it.
        byte[] proof = Encoding.ASCII.GetBytes(secret.Split(issued ? ':' : '.')[^1]);
        Assert.True(proof.Length >= 20);
        Assert.All(people.Kept(), kept => Assert.True(kept.Bytes.AsSpan().IndexOf(proof) < 0, kept.Name));
        Assert.Contains(people.Kept(), kept => kept.Bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(said)) >= 0);
        Assert.DoesNotContain(Encoding.ASCII.GetString(proof), run.Error + wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issued_password_is_for_its_target_only_and_ends_when_it_is_revoked()
    {
        string secret = await people.IssueAsync("--target", "near");
        Assert.Equal(255, (await RunAsync(secret, "echo in")).ExitCode);
        await using ChildProcess ssh = people.Start(people.Methods("password"), secret, SshServer.Account + "+near@127.0.0.1", "echo in; sleep 60");
        await ssh.WaitForOutputAsync("in");

        string list = (await people.AsAdaAsync("passwords", "list", "--json")).Output;
        string id = System.Text.Json.JsonDocument.Parse(list).RootElement.EnumerateArray().First(one => one.GetRawText().Contains(secret.Split(':')[0], StringComparison.Ordinal)).GetProperty("id").GetString()!;
        Assert.Equal(0, (await people.AsAdaAsync("passwords", "revoke", id, "--reason", "not needed")).ExitCode);

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("no longer good", ssh.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("sp-aaaaaaaa:")]
    [InlineData("correct horse battery ada")]
    public async Task What_proves_nothing_opens_nothing(string password)
    {
        SshRun run = await RunAsync(password, "echo in");
        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.Contains("Permission denied", run.Error, StringComparison.Ordinal);
    }

    private Task<SshRun> RunAsync(string password, string command) => people.RunAsync(people.Methods("password"), password, SshDaemon.User + "@127.0.0.1", command);
}
