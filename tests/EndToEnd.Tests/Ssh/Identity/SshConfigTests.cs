using System.Globalization;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>What `sallyport ssh-config` writes, used by ssh as it is.</summary>
[Collection(People.Name)]
public sealed class SshConfigTests(PeopleDaemon people)
{
    [Fact]
    public async Task A_target_is_reached_through_the_gateway_without_a_question_and_a_warning()
    {
        using var home = new TempFolder();
        string config = await WriteAsync(home);

        SshRun run = await RunAsync(config, "box.sallyport", "echo through");
        SshRun other = await RunAsync(config, "near.sallyport", "echo through");

        Assert.Equal((0, "through\n", ""), (run.ExitCode, run.Output, run.Error));
        Assert.Equal((0, "through\n", ""), (other.ExitCode, other.Output, other.Error));
        Assert.DoesNotContain("far.sallyport", await File.ReadAllTextAsync(home.At("sallyport.conf")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_authority_in_its_place_is_not_believed()
    {
        using var home = new TempFolder();
        string config = await WriteAsync(home);
        string known = home.At("sallyport.known_hosts");
        string[] stranger = (await File.ReadAllTextAsync(people.At("loose.pub"))).Split(' ');
        string[] lines = await File.ReadAllLinesAsync(known);
        Assert.Contains(lines, line => line.StartsWith("@cert-authority ", StringComparison.Ordinal));
        await File.WriteAllLinesAsync(known, lines.Select(line => line.StartsWith("@cert-authority ", StringComparison.Ordinal) ? $"@cert-authority {line.Split(' ')[1]} {stranger[0]} {stranger[1]}" : line));

        SshRun run = await RunAsync(config, "box.sallyport", "echo through");

        Assert.Equal((255, ""), (run.ExitCode, run.Output));
        Assert.Contains("Host key verification failed", run.Error, StringComparison.Ordinal);
    }

    /// <summary>A person's own file, which includes what was written.</summary>
    private async Task<string> WriteAsync(TempFolder home)
    {
        string written = home.At("sallyport.conf");
        SshRun run = await people.AsAdaAsync("ssh-config", "--gateway", "127.0.0.1:" + people.Daemon.Port.ToString(CultureInfo.InvariantCulture), "--output", written);
        Assert.True(run.ExitCode == 0, run.ToString());
        return home.Write("config", $"""
            Include {written}
            Host *
                StrictHostKeyChecking yes
                GlobalKnownHostsFile /dev/null
                IdentityFile {people.At("ada")}
                IdentitiesOnly yes
                IdentityAgent none

            """);
    }

    private static Task<SshRun> RunAsync(string config, string host, string command) => SshRun.OfAsync(["ssh", "-F", config, host, command]);
}
