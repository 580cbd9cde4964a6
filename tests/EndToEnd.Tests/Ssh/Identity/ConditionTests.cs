using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>Whatever somebody proves themselves by, policy's conditions hold for them.</summary>
[Collection(People.Name)]
public sealed class ConditionTests(PeopleDaemon people)
{
    /// <summary>One target whose conditions ada meets from here, and others of which she misses one each: the address, the group, the kind.</summary>
    [Theory]
    [InlineData("key")]
    [InlineData("certificate")]
    [InlineData("token")]
    [InlineData("issued password")]
    [InlineData("browser")]
    public async Task Every_condition_holds_for_every_way_in(string way)
    {
        Func<string, Task<SshRun>> login = await ByAsync(way);
        SshRun[] runs = await Task.WhenAll(((string[])["near", "far", "books", "bots"]).Select(login));
        Assert.Equal((0, "in\n"), (runs[0].ExitCode, runs[0].Output));
        foreach ((SshRun run, string target) in runs[1..].Zip((string[])["far", "books", "bots"]))
        {
            Assert.Equal((255, ""), (run.ExitCode, run.Output));
            Assert.True(run.Error.Contains("there is no such target, or it is not for you", StringComparison.Ordinal), $"{target}: {run.Error}");
        }
    }

    private async Task<Func<string, Task<SshRun>>> ByAsync(string way)
    {
        switch (way)
        {
            case "key":
                return target => RunAsync(people.Key("ada"), null, target);
            case "certificate":
                string certified = people.Certify("conditions");
                return target => RunAsync(["-i", certified, .. people.Methods("publickey")], null, target);
            case "token":
                string token = await people.Ada.TokenAsync("sallyport");
                return target => RunAsync(people.Methods("password"), token, target);
            case "issued password":
                string password = await people.IssueAsync();
                return target => RunAsync(people.Methods("password"), password, target);
            default:
                return target => people.ByBrowserAsync("ada", people.Ada, $"{SshServer.Account}+{target}@127.0.0.1", "echo in");
        }
    }

    private Task<SshRun> RunAsync(string[] options, string? answer, string target) => people.RunAsync(options, answer, $"{SshServer.Account}+{target}@127.0.0.1", "echo in");
}
