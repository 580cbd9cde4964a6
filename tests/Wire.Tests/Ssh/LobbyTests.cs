using System.Net.Sockets;
using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>A login that names no target: the menu, and connections inside the connection (<c>ssh -J</c>).</summary>
public sealed class LobbyTests
{
    [Theory, Chunkings]
    public async Task The_menu_becomes_the_session_that_was_chosen(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        SshPeer client = await MenuAsync(rig);
        await client.SendAsync(SshMsg.Data(0, "nowhere\r"));
        Assert.Contains("there is no such target", await OutputAsync(client, "> "), StringComparison.Ordinal);
        await client.SendAsync(SshMsg.Data(0, "box\rls"));
        SshPeer target = await rig.TargetAsync();
        await target.LetInAsync();
        await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        await target.SendAsync(SshMsg.Confirm(0, 200));
        await target.ExpectAsync(SshMsg.Pty(200, wantReply: false), SshMsg.Request(200, "shell", false));
        Assert.Equal(SshMsg.Shown(SshMsg.Data(200, "ls")), SshMsg.Shown(await target.SkipToAsync(SshMessageNumber.ChannelData)));
        await client.SendAsync(SshMsg.Data(0, " -l\r"));
        Assert.Equal(SshMsg.Shown(SshMsg.Data(200, " -l\r")), SshMsg.Shown(await target.SkipToAsync(SshMessageNumber.ChannelData)));
        await target.SendAsync(SshMsg.Data(0, "total 0"));
        Assert.Contains("total 0", await OutputAsync(client, "total 0"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_typed_ahead_waits_for_the_targets_window()
    {
        await using var rig = new SshRig();
        SshPeer client = await MenuAsync(rig);
        await client.SendAsync(SshMsg.Data(0, "box\rls\r"));
        SshPeer target = await rig.TargetAsync();
        await target.LetInAsync();
        await target.ExpectAsync(SshMessageNumber.ChannelOpen);

        // As sshd does: the window comes with the shell.
        await target.SendAsync(SshMsg.Confirm(0, 200, window: 0));
        await target.ExpectAsync(SshMsg.Pty(200, wantReply: false), SshMsg.Request(200, "shell", false));
        await client.SendAsync(SshMsg.Data(0, "more"));
        await target.SendAsync(SshMsg.Global("keepalive@openssh.com", true));
        Assert.NotEqual(SshMessageNumber.ChannelData, (await SkipAdjustsAsync(target))[0]);
        await target.SendAsync(SshMsg.Adjust(0, 2 << 20));
        byte[] data = await SkipAdjustsAsync(target);
        Assert.Equal(SshMsg.Shown(SshMsg.Data(200, "ls\r")), SshMsg.Shown(data));
        Assert.Equal(SshMsg.Shown(SshMsg.Data(200, "more")), SshMsg.Shown(await SkipAdjustsAsync(target)));
    }

    [Fact]
    public async Task A_command_without_a_target_says_which_there_are()
    {
        await using var rig = new SshRig();
        SshPeer client = await rig.ConnectAsync();
        Assert.True(await client.LogInAsync("deploy", Doors.GoodToken));
        await client.SendAsync(SshMsg.Open(100));
        await client.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        await client.SendAsync(SshMsg.Exec(0, "ls"));
        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains("open to you: box, box2)", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
        client.Vanish();
        Assert.Equal(SessionStage.Route, (await rig.EndAsync()).Stage);
    }

    /// <summary>Keys do not begin its time anew.</summary>
    [Fact]
    public async Task A_menu_is_over_when_its_time_is_whatever_is_typed()
    {
        await using var rig = new SshRig();
        rig.Listener = rig.Listener with { Limits = rig.Listener.Limits with { Lobby = TimeSpan.FromMilliseconds(500) } };
        SshPeer client = await MenuAsync(rig);
        while (!rig.Running.IsCompleted)
        {
            try
            {
                await client.SendAsync(SshMsg.Data(0, "x\u007f"));
                await Task.WhenAny(rig.Running, Task.Delay(20));
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        await client.DrainAsync();
        Assert.Contains("no target was chosen", client.Transport.PeerDisconnect, StringComparison.Ordinal);
        await rig.ExpectEndAsync(SessionSide.Proxy, "lobby-timeout");
    }

    [Theory, Chunkings]
    public async Task Two_jumps_at_once_are_two_sessions(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        SshPeer outer = await rig.ConnectAsync();
        Assert.True(await outer.LogInAsync("anyone", Doors.GoodToken));
        await using var first = await SshJump.OpenAsync(rig, outer, 0, "box");
        await using var second = await SshJump.OpenAsync(rig, outer, 1, "box2");
        foreach (SshJump jump in new[] { first, second })
        {
            Task<bool> login = jump.Client.LogInAsync("deploy", Doors.GoodToken);
            SshPeer target = await rig.TargetAsync();
            await target.LetInAsync();
            Assert.True(await login);
            await SshRig.RunAsync(jump.Client, target, 0);
            await jump.Client.SendAsync(SshMsg.Data(0, "inside"));
            await target.ExpectAsync(SshMsg.Data(200, "inside"));
            await target.SendAsync(SshMsg.Data(0, "out"));
            await jump.Client.ExpectAsync(SshMsg.Data(100, "out"));
        }

        Assert.Equal(2, rig.Live.Controls.Count);
        outer.Vanish();
        await rig.EndAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-x\r\n\0\0\0\u0004garbage that goes on and on")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    public async Task Garbage_in_a_jump_ends_the_jump_and_nothing_else(string garbage)
    {
        await using var rig = new SshRig();
        SshPeer outer = await rig.ConnectAsync();
        Assert.True(await outer.LogInAsync("anyone", Doors.GoodToken));
        await outer.SendAsync(SshMsg.OpenTcp(100, "box", 22));
        await outer.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        await outer.SendAsync(garbage.Length == 0 ? SshMsg.Eof(0) : SshMsg.Data(0, Encoding.Latin1.GetBytes(garbage)));
        await outer.SkipToAsync(SshMessageNumber.ChannelClose);
        await outer.SendAsync(SshMsg.Close(0), SshMsg.OpenTcp(101, "box", 22));
        await outer.SkipToAsync(SshMessageNumber.ChannelOpenConfirmation);
        await outer.SendAsync(SshMsg.Close(1));
        await outer.SkipToAsync(SshMessageNumber.ChannelClose);
        outer.Vanish();
        await rig.EndAsync();
    }

    [Fact]
    public async Task A_jump_leads_to_targets_only_and_there_are_so_many()
    {
        await using var rig = new SshRig();
        SshPeer outer = await rig.ConnectAsync();
        Assert.True(await outer.LogInAsync("anyone", Doors.GoodToken));
        await outer.SendAsync(SshMsg.OpenTcp(1, "elsewhere", 22), SshMsg.Open(2, "x11"), SshMsg.Global("tcpip-forward", true, [.. SshMsg.Text("a"), .. SshMsg.UInt32(1)]));
        await outer.ExpectAsync(SshMessageNumber.ChannelOpenFailure);
        await outer.ExpectAsync(SshMessageNumber.ChannelOpenFailure);
        await outer.ExpectAsync([SshMessageNumber.RequestFailure]);
        for (uint i = 0; i < 33; i++)
            await outer.SendAsync(SshMsg.OpenTcp(i, "box", 22));
        for (int i = 0; i < 32; i++)
            Assert.NotEmpty(await outer.SkipToAsync(SshMessageNumber.ChannelOpenConfirmation));
        await outer.SkipToAsync(SshMessageNumber.ChannelOpenFailure);
        outer.Vanish();
        await rig.EndAsync();
    }

    [Fact]
    public async Task Every_message_number_in_the_lobby_is_answered_or_the_end()
    {
        for (int number = 0; number < 256; number++)
        {
            await using var rig = new SshRig();
            SshPeer client = await rig.ConnectAsync();
            Assert.True(await client.LogInAsync("deploy", Doors.GoodToken));
            await client.SendAsync([(byte)number, .. SshMsg.UInt32(77)]);
            try
            {
                await client.SendAsync(SshMsg.Global("keepalive@openssh.com", true));
            }
            catch (IOException)
            {
                // It has ended already.
                Assert.Equal("protocol-violation", (await rig.EndAsync()).Reason);
                continue;
            }

            byte[] answer = await client.NextAsync();
            if (answer.Length == 0)
                Assert.Contains((await rig.EndAsync()).Reason, (string[])["protocol-violation", "closed"]);
            else
                Assert.Equal(SshMessageNumber.RequestFailure, answer[0]);
        }
    }

    private static async Task<SshPeer> MenuAsync(SshRig rig)
    {
        SshPeer client = await rig.ConnectAsync();
        Assert.True(await client.LogInAsync("deploy", Doors.GoodToken));
        await client.SendAsync(SshMsg.Open(100), SshMsg.Pty(0), SshMsg.Request(0, "shell", true));
        await client.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        await client.ExpectAsync(SshMsg.Success(100), SshMsg.Success(100));
        string menu = await OutputAsync(client, "> ");
        Assert.Contains("  1  box\r\n  2  box2\r\n", menu, StringComparison.Ordinal);
        return client;
    }

    private static async Task<string> OutputAsync(SshPeer client, string until)
    {
        string all = "";
        while (!all.Contains(until, StringComparison.Ordinal))
        {
            byte[] data = await client.SkipToAsync(SshMessageNumber.ChannelData);
            Assert.NotEmpty(data);
            all += Encoding.UTF8.GetString(data.AsSpan(9));
        }

        return all;
    }

    private static async Task<byte[]> SkipAdjustsAsync(SshPeer peer)
    {
        byte[] message;
        do
            message = await peer.NextAsync();
        while (message.Length > 0 && message[0] == SshMessageNumber.ChannelWindowAdjust);
        return message;
    }
}
