using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>Commands that policy stops do not run, however they are written; the connection goes on.</summary>
[Collection(SshServers.Name)]
public sealed class CommandRuleTests(RulesDaemon rules) : IClassFixture<RulesDaemon>
{
    [Theory]
    [InlineData("rm -rf VICTIM")]
    [InlineData("rm -r -f VICTIM")]
    [InlineData("rm -fr VICTIM")]
    [InlineData("rm VICTIM -vrf")]
    [InlineData("rm --recursive --force VICTIM")]
    [InlineData("/bin/rm -fr VICTIM")]
    [InlineData("/usr/../bin/rm -fr VICTIM")]
    [InlineData("sh -c 'rm -rf VICTIM'")]
    [InlineData("bash -lc \"rm -rf VICTIM\"")]
    [InlineData("sudo rm -rf VICTIM")]
    [InlineData("sudo -u root -- rm -rf VICTIM")]
    [InlineData("echo $(rm -rf VICTIM)")]
    [InlineData("echo `rm -rf VICTIM`")]
    [InlineData("echo \"$(rm -rf VICTIM)\"")]
    [InlineData("cat <(rm -rf VICTIM)")]
    [InlineData("\\rm -rf VICTIM")]
    [InlineData("\"rm\" -rf VICTIM")]
    [InlineData("r''m -r\"f\" VICTIM")]
    [InlineData("X=1 rm -rf VICTIM")]
    [InlineData("env X=1 rm -rf VICTIM")]
    [InlineData("nohup nice -n 5 timeout 5 rm -rf VICTIM")]
    [InlineData("echo VICTIM | xargs rm -rf")]
    [InlineData("find VICTIM -exec rm -rf {} +")]
    [InlineData("sh <<END\nrm -rf VICTIM\nEND")]
    [InlineData("true; rm -rf VICTIM")]
    [InlineData("true && rm -rf VICTIM || true")]
    [InlineData("(rm -rf VICTIM)")]
    [InlineData("if true; then rm -rf VICTIM; fi")]
    [InlineData("for f in VICTIM; do rm -rf $f; done")]
    [InlineData("f() { rm -rf VICTIM; }; f")]
    [InlineData("eval 'rm -rf VICTIM'")]
    [InlineData("echo 'rm -rf VICTIM' | sh")]
    [InlineData("$(echo rm) -rf VICTIM")]
    [InlineData("X=rm; $X -rf VICTIM")]
    [InlineData("command rm -rf VICTIM")]
    [InlineData("exec rm -rf VICTIM")]
    [InlineData("busybox rm -rf VICTIM")]
    [InlineData("true\nrm -rf VICTIM")]
    [InlineData("true & rm -rf VICTIM")]
    [InlineData("rm \\\n-rf VICTIM")]
    [InlineData("{rm,-rf,VICTIM}")]
    [InlineData("$'rm' -rf VICTIM")]
    [InlineData("$'\\x72m' -rf VICTIM")]
    [InlineData("rm $OPTIONS-rf VICTIM")]
    [InlineData("trap 'rm -rf VICTIM' EXIT")]
    [InlineData("alias x='rm -rf VICTIM'\nx")]
    [InlineData("ssh localhost rm -rf VICTIM; rm -rf VICTIM")]
    [InlineData("/???/r? -rf VICTIM")]
    public async Task A_recursive_removal_does_not_run_in_any_disguise(string command)
    {
        string victim = rules.Folder();
        File.WriteAllText(Path.Combine(victim, "file"), "still here");

        SshRun run = await rules.Mux.RunAsync(command.Replace("VICTIM", victim, StringComparison.Ordinal));

        Assert.True(File.Exists(Path.Combine(victim, "file")), $"it ran: {command}\n{run}");
        Assert.Equal((126, ""), (run.ExitCode, run.Output));
        Assert.Contains("sallyport: refused by policy: the command was not run", run.Error, StringComparison.Ordinal);
        Assert.True(run.Error.Contains("Rule box/no-recursive-rm. Remove files by name.", StringComparison.Ordinal) || run.Error.Contains("Rule default-unparsed.", StringComparison.Ordinal), run.Error);
        Assert.False(rules.Mux.Master.HasExited);
    }

    [Theory]
    [InlineData("rm VICTIM/file", "", "")]
    [InlineData("echo rm -rf VICTIM", "", "rm -rf VICTIM\n")]
    [InlineData("echo 'a; rm -rf VICTIM'", "", "a; rm -rf VICTIM\n")]
    [InlineData("cat <<'END'\nrm -rf VICTIM\nEND", "", "rm -rf VICTIM\n")]
    [InlineData("cat | sort | uniq -c | wc -l", "b\na\nb\n", "2\n")]
    [InlineData("test -d VICTIM && echo yes 2>/dev/null", "", "yes\n")]
    [InlineData("cd VICTIM && ls", "", "file\n")]
    public async Task What_only_looks_like_it_runs(string command, string input, string output)
    {
        string victim = rules.Folder();
        File.WriteAllText(Path.Combine(victim, "file"), "still here");

        SshRun run = await rules.Mux.RunAsync(command.Replace("VICTIM", victim, StringComparison.Ordinal), input);

        Assert.Equal((0, output.Replace("VICTIM", victim, StringComparison.Ordinal), ""), (run.ExitCode, run.Output, run.Error));
    }

    [Theory]
    [InlineData("uptime > FILES/readonly/x", "box/only-read")]
    [InlineData("cat < FILES/server.key", "box/no-keys")]
    [InlineData("echo x > /tmp/outside-of-every-rule", "default")]
    [InlineData("stop-plant --now", "box/no-halt")]
    [InlineData("true; sudo stop-plant", "box/no-halt")]
    public async Task A_refusal_names_the_rule(string command, string rule)
    {
        SshRun run = await rules.Mux.RunAsync(command.Replace("FILES", rules.Files, StringComparison.Ordinal));

        Assert.Equal((126, ""), (run.ExitCode, run.Output));
        Assert.Contains($"Rule {rule}. ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_of_a_refused_command_goes_nowhere_and_hangs_nothing()
    {
        SshRun run = await rules.Mux.RunAsync("rm -rf /nowhere", new string('x', 3_000_000));
        Assert.Equal(126, run.ExitCode);
        Assert.Equal("goes on\n", (await rules.Mux.RunAsync("echo goes on")).Output);
    }
}
