using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Identity;

/// <summary>A daemon without a store has people's files only: they count for the sessions that are in, too.</summary>
[Collection(SshServers.Name)]
public sealed class ReloadTests(SshServerFixture sshd)
{
    [Fact]
    public async Task A_key_that_is_taken_out_of_its_file_ends_its_sessions_and_a_wrong_file_ends_none()
    {
        await using SshDaemon daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll);
        await using ChildProcess ssh = ChildProcess.Start(["ssh", .. daemon.Options(), SshDaemon.User + "@127.0.0.1", "echo in; sleep 60"]);
        await ssh.WaitForOutputAsync("in");

        daemon.Write("people/ada@example.com", "this is no key\n");
        await daemon.ReloadAsync();
        await daemon.Process.WaitForOutputAsync("reload-refused");
        Assert.Equal((0, "still\n"), await daemon.RunAsync("echo still") is var run ? (run.ExitCode, run.Output) : default);
        Assert.False(ssh.HasExited);
        daemon.Write("people/ada@example.com", "# nobody's\n");
        await daemon.ReloadAsync();

        Assert.Equal(255, await ssh.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains("no longer good", ssh.Error, StringComparison.Ordinal);
        Assert.Equal(255, (await daemon.RunAsync("echo in")).ExitCode);
    }
}
