using System.Net;
using System.Net.Sockets;
using Sallyport.EndToEnd.Tests.Support;
using Xunit;

namespace Sallyport.EndToEnd.Tests.Resilience;

/// <summary>Strangers who say nothing keep nobody else out.</summary>
[Collection(PostgresTests.Name)]
public sealed class ManyConnectionsTests(PostgresServer postgres)
{
    [Fact]
    public async Task Two_hundred_silent_connections_do_not_delay_a_login()
    {
        await using SallyportDaemon daemon = await StartAsync("unauthenticated-per-source: 300");
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        var silent = new List<Socket>();
        try
        {
            for (int i = 0; i < 200; i++)
                silent.Add(await ConnectAsync(daemon.Port));
            for (int i = 0; i < 100; i++)
                await silent[i].SendAsync(new byte[] { 0x16, 3, 1 });

            PsqlResult result = await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1");
            Assert.Equal((0, "1\n", ""), (result.ExitCode, result.Output, result.Error));
            Assert.All(silent, socket => Assert.False(socket.Poll(0, SelectMode.SelectRead)));
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task One_connection_too_many_of_a_source_is_reset_until_another_has_gone()
    {
        await using SallyportDaemon daemon = await StartAsync("unauthenticated-per-source: 5");
        string token = await daemon.TokenAsync("ada@example.com", "engineering");
        var silent = new List<Socket>();
        for (int i = 0; i < 5; i++)
            silent.Add(await ConnectAsync(daemon.Port));
        while ((await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1")).ExitCode == 0)
            await Task.Yield();
        await daemon.Process.WaitForOutputAsync("connections-refused");

        silent.ForEach(socket => socket.Dispose());
        PsqlResult result;
        while ((result = await Psql.RunAsync(daemon.Psql(token), "", "-At", "-c", "SELECT 1")).ExitCode != 0)
            Assert.Equal("", result.Output);
        Assert.Equal("1\n", result.Output);
    }

    [Fact]
    public async Task Silence_is_cut_at_the_handshakes_deadline()
    {
        await using SallyportDaemon daemon = await StartAsync("handshake: 1s");
        using Socket silent = await ConnectAsync(daemon.Port);

        Assert.Equal(0, await silent.ReceiveAsync(new byte[1]).ContinueWith(read => read.IsFaulted ? 0 : read.Result).WaitAsync(TimeSpan.FromSeconds(30)));
        await daemon.Process.WaitForOutputAsync("reason=handshake-timeout");
    }

    private Task<SallyportDaemon> StartAsync(string limits) =>
        SallyportDaemon.StartAsync(postgres, DaemonSetup.With(Policies.AllowAll) with { MoreConfig = $"limits: {{{limits}}}" });

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }
}
