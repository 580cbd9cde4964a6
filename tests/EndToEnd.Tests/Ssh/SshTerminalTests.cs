using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh;

/// <summary>What a terminal shows is followed, whatever its size.</summary>
[Collection(SshServers.Name)]
public sealed class SshTerminalTests(SshServerFixture sshd)
{
    [Fact]
    public async Task Commands_are_seen_in_a_terminal_that_names_no_size()
    {
        await using SshDaemon daemon = await SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll);
        await using (ChildProcess ssh = ChildProcess.Start(["ssh", .. daemon.Options(), "-tt", SshDaemon.User + "@127.0.0.1"]))
        {
            // Only what stands behind a prompt is a command: what is typed before there is one is not.
            await ssh.Input.WriteAsync("PS1='box$ '; echo rea''dy\n");
            await ssh.Input.FlushAsync();
            await ssh.WaitForOutputAsync("ready");
            await ssh.Input.WriteAsync("true seen on the screen\nexit\n");
            await ssh.Input.FlushAsync();
            Assert.Equal(0, await ssh.WaitForExitAsync());
        }

        string told = await daemon.ReplayAsync();
        Assert.Matches(@"channel 0  command\n +\| true seen on the screen\n", told);
    }
}
