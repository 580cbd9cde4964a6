using System.Net;
using System.Net.Sockets;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Ssh.Resilience;

/// <summary>Strangers who say nothing, or very little, keep nobody else out.</summary>
[Collection(SshServers.Name)]
public sealed class StrangersTests(SshServerFixture sshd)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Two_thousand_silent_connections_do_not_keep_a_login_out()
    {
        await using SshDaemon daemon = await StartAsync("unauthenticated: 3000, unauthenticated-per-source: 3000");
        var silent = new List<Socket>();
        try
        {
            for (int i = 0; i < 2000; i++)
                silent.Add(await ConnectAsync(daemon.Port));
            for (int i = 0; i < 1000; i++)
                await silent[i].SendAsync("SSH-2.0-"u8.ToArray());
            SshRun run = await daemon.RunAsync("echo in").WaitAsync(Soon);
            Assert.Equal((0, "in\n", ""), (run.ExitCode, run.Output, run.Error));
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task A_version_that_comes_byte_by_byte_is_read()
    {
        await using SshDaemon daemon = await StartAsync("handshake: 20s");
        using Socket slow = await ConnectAsync(daemon.Port);
        foreach (byte one in "SSH-2.0-slow\r\n"u8.ToArray())
            await slow.SendAsync(new[] { one });
        byte[] answer = new byte[8];
        int have = 0;
        while (have < answer.Length)
            have += await slow.ReceiveAsync(answer.AsMemory(have)).AsTask().WaitAsync(Soon);
        Assert.Equal("SSH-2.0-"u8.ToArray(), answer);
        Assert.Equal(0, (await daemon.RunAsync("true").WaitAsync(Soon)).ExitCode);
    }

    [Fact]
    public async Task One_connection_too_many_of_a_source_is_reset_until_another_has_gone()
    {
        await using SshDaemon daemon = await StartAsync("unauthenticated-per-source: 5");
        var silent = new List<Socket>();
        for (int i = 0; i < 5; i++)
            silent.Add(await ConnectAsync(daemon.Port));
        while ((await daemon.RunAsync("true")).ExitCode == 0)
            await Task.Yield();
        await daemon.Process.WaitForOutputAsync("connections-refused");
        silent.ForEach(socket => socket.Dispose());
        SshRun run;
        do
            run = await daemon.RunAsync("echo in");
        while (run.ExitCode != 0);
        Assert.Equal("in\n", run.Output);

        // Whoever has logged in counts no more: more sessions than the limit, one after another and at once.
        SshRun[] runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => daemon.RunAsync("echo in")));
        Assert.All(runs, one => Assert.Equal("in\n", one.Output));
    }

    private Task<SshDaemon> StartAsync(string limits) => SshDaemon.StartAsync(sshd.Server, SshPolicies.AllowAll, more: $"limits: {{{limits}}}");

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }
}
