using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Policy;

/// <summary>What detectors find is masked in what the client is shown and in the recording, wherever the stream is cut; files pass as they are.</summary>
[Collection(SshServers.Name)]
public sealed class MaskRuleTests(SshServerFixture sshd) : IAsyncLifetime
{
    private const string Policy = """
        policy: masked
        rules:
          - {id: all, effect: allow, verbs: [all], unparsed: true}
        mask:
          - {id: mail, detect: [email], with: email}
          - {id: cards, detect: [credit-card], with: last4}
          - {id: keys, detect: [private-key], with: redact}
        """;

    private SshDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await SshDaemon.StartAsync(sshd.Server, Policy);

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Theory]
    [InlineData("echo canary.person@example.com", "c***@example.com\n")]
    [InlineData("printf 'a canary.'; sleep 0.02; printf 'person@exam'; sleep 0.01; printf 'ple.com b\\n'", "a c***@example.com b\n")]
    [InlineData("printf 'card 4111 1111 '; sleep 0.02; printf '1111 1111.\\n'", "card ***************1111.\n")]
    public async Task Findings_are_masked_across_the_borders_of_packets(string command, string shown)
    {
        SshRun run = await _daemon.RunAsync(command);
        Assert.Equal((0, shown, ""), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Error_output_and_a_terminal_are_masked_too()
    {
        SshRun run = await _daemon.RunAsync("echo canary.person@example.com >&2; cat /dev/null");
        Assert.Equal(("", "c***@example.com\n"), (run.Output, run.Error));
        SshRun terminal = await _daemon.RunAsync("printf 'x canary\\033[1m.person\\033[0m@example.com y\\n'", "-tt");
        Assert.DoesNotContain("person", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("c***@example.com", terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lot_of_output_is_masked_whole_and_ends_with_its_status()
    {
        SshRun run = await _daemon.RunAsync("i=0; while [ $i -lt 20000 ]; do echo \"line $i canary$i@example.com\"; i=$((i+1)); done; exit 5");
        Assert.Equal(5, run.ExitCode);
        string[] lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(20_000, lines.Length);
        Assert.All(lines.Select((line, i) => (line, i)), item => Assert.Equal($"line {item.i} c***@example.com", item.line));
    }

    [Fact]
    public async Task A_private_key_does_not_show_and_does_not_get_into_the_recording()
    {
        SshRun run = await _daemon.RunAsync($"cat {sshd.Server.CredentialFile}; echo canary.person@example.com");
        Assert.Equal("[redacted]\nc***@example.com\n", run.Output);
        string key = File.ReadAllLines(sshd.Server.CredentialFile)[1];
        Recorded recorded = (await SshRecordings.CompleteAsync(_daemon)).Single();
        Assert.True(recorded.Bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(key)) < 0, "the key is in the recording");
    }

    [Fact]
    public async Task Files_are_not_changed()
    {
        using var folder = new TempFolder();
        string content = "canary.person@example.com 4111 1111 1111 1111\n";
        string file = folder.Write("file", content);
        SshRun run = await SshRun.OfAsync(["scp", .. _daemon.Options("-P"), file, $"{SshDaemon.User}@127.0.0.1:{sshd.Server.Files}/masked"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(content, File.ReadAllText(Path.Combine(sshd.Server.Files, "masked")));
    }
}
