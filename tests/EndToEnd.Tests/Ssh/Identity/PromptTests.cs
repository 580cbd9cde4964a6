using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>Whoever has nothing to prove themselves by logs in elsewhere while ssh waits.</summary>
[Collection(People.Name)]
public sealed class PromptTests(PeopleDaemon people)
{
    [Fact]
    public async Task It_shows_where_waits_and_goes_on_as_the_person_who_agreed()
    {
        await using ChildProcess ssh = people.Start(people.Methods("keyboard-interactive"), "ada", SshDaemon.User + "@127.0.0.1", "echo by browser");
        (string url, string code) = await PeopleDaemon.PromptAsync(ssh);
        Assert.StartsWith(people.Control.BrokerUrl + "/prompt?code=" + code, url, StringComparison.Ordinal);
        string page = await people.Ada.GetAsync(url);
        Assert.Contains("127.0.0.1", page, StringComparison.Ordinal);
        Assert.Contains(SshServer.Account + "&#x2B;box", page, StringComparison.Ordinal);
        Assert.Equal("", ssh.Output);

        Assert.Contains("The client is signed in", await people.Ada.AnswerAsync((url, code), yes: true), StringComparison.Ordinal);

        Assert.Equal(0, await ssh.WaitForExitAsync());
        Assert.Equal("by browser\n", ssh.Output);
        Recorded recorded = await people.RecordingAsync(one => one.Facts?.Identity.TokenId?.StartsWith("prompt-", StringComparison.Ordinal) == true && one.Facts.Target == "box");
        Assert.Equal(("ada", people.Control.BrokerUrl + "/oidc"), (recorded.Facts!.Identity.Subject, recorded.Facts.Identity.Issuer));
        Assert.Contains("login.succeeded", people.Audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_who_says_no_lets_nobody_in()
    {
        await using ChildProcess ssh = people.Start(people.Methods("keyboard-interactive"), "ada", SshDaemon.User + "@127.0.0.1", "echo in");
        Assert.Contains("The client was refused", await people.Ada.AnswerAsync(await PeopleDaemon.PromptAsync(ssh), yes: false), StringComparison.Ordinal);
        Assert.Equal(255, await ssh.WaitForExitAsync());
        Assert.Equal("", ssh.Output);
        Assert.Contains("Permission denied", ssh.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_person_who_was_named_can_agree()
    {
        await using ChildProcess ssh = people.Start(people.Methods("keyboard-interactive"), "ada", SshDaemon.User + "@127.0.0.1", "echo in");
        (string url, string code) = await PeopleDaemon.PromptAsync(ssh);
        Assert.Contains("the client waits for somebody else", await people.Bob.GetAsync(url), StringComparison.Ordinal);
        await people.Ada.AnswerAsync((url, code), yes: true);
        Assert.Equal(0, await ssh.WaitForExitAsync());
    }

    [Fact]
    public async Task A_client_that_leaves_takes_its_prompt_along()
    {
        await using ChildProcess ssh = people.Start(people.Methods("keyboard-interactive"), "ada", SshDaemon.User + "@127.0.0.1", "echo in");
        (string url, string code) = await PeopleDaemon.PromptAsync(ssh);
        Assert.Contains(code, await people.Ada.GetAsync(url), StringComparison.Ordinal);

        await ssh.StopAsync(UnixSignal.Int);

        string page = "";
        for (int attempt = 0; attempt < 8 && !page.Contains("has been used, or is too old", StringComparison.Ordinal); attempt++)
        {
            await Task.Delay(attempt * 50);
            page = await people.Ada.GetAsync(url);
        }

        Assert.Contains("has been used, or is too old", page, StringComparison.Ordinal);
    }
}
