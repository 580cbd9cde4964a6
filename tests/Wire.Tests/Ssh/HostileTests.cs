using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>Peers that break the rules: the session ends and says who did it, and no exception gets out.</summary>
public sealed class HostileTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task More_data_than_the_window_ends_the_session(bool fromClient)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0, window: 1000);
        await (fromClient ? client : target).SendAsync(SshMsg.Data(0, new byte[fromClient ? 1000 : (int)SshMsg.MaxPacket]));
        await (fromClient ? target : client).ExpectAsync(SshMessageNumber.ChannelData);
        if (fromClient)
        {
            await client.SendAsync(SshMsg.Data(0, new byte[1]));
        }
        else
        {
            for (uint sent = SshMsg.MaxPacket; sent <= SshMsg.Window; sent += SshMsg.MaxPacket)
                await target.SendAsync(SshMsg.Data(0, new byte[SshMsg.MaxPacket]));
        }

        await rig.ExpectEndAsync(fromClient ? SessionSide.Client : SessionSide.Target, "protocol-violation");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_packet_of_more_than_the_receiver_takes_ends_the_session(bool fromClient)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await (fromClient ? client : target).SendAsync(SshMsg.Data(0, new byte[SshMsg.MaxPacket + 1]));
        await rig.ExpectEndAsync(fromClient ? SessionSide.Client : SessionSide.Target, "protocol-violation");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_window_beyond_32_bits_ends_the_session(bool fromClient)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await (fromClient ? client : target).SendAsync(SshMsg.Adjust(0, uint.MaxValue - 5));
        await rig.ExpectEndAsync(fromClient ? SessionSide.Client : SessionSide.Target, "protocol-violation");
    }

    [Fact]
    public async Task A_target_that_answers_no_request_is_asked_so_much_and_no_more()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        for (int i = 0; i <= rig.Listener.Limits.PendingRequests; i++)
            await client.SendAsync(SshMsg.Env(0, "A"));
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");
    }

    [Fact]
    public async Task A_target_that_answers_no_open_is_asked_so_much_and_no_more()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        uint limit = (uint)rig.Listener.Limits.Channels;
        for (uint i = 0; i <= limit; i++)
            await client.SendAsync(SshMsg.Open(i));
        byte[] refused = await client.ExpectAsync(SshMessageNumber.ChannelOpenFailure);
        Assert.Equal((limit, 4u), (SshMsg.Field(refused, 1), SshMsg.Field(refused, 5)));
        await target.SendAsync(SshMsg.Confirm(limit - 1, 5));
        await client.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
    }

    [Fact]
    public async Task A_command_too_long_to_be_judged_is_refused()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, new string('x', 200 << 10)));
        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains("a command of more than", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Names_that_are_too_long_or_no_text_end_the_session(bool fromClient)
    {
        foreach (byte[] message in new[] { SshMsg.Global(new string('n', 65), true), SshMsg.Request(0, new string('n', 65), true), SshMsg.Open(7, new string('n', 65)), SshMsg.Global("a\0b", true) })
        {
            await using var rig = new SshRig();
            (SshPeer client, SshPeer target) = await rig.ReadyAsync();
            await SshRig.RunAsync(client, target, 0);
            await (fromClient ? client : target).SendAsync(message);
            await rig.ExpectEndAsync(fromClient ? SessionSide.Client : SessionSide.Target, "protocol-violation");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_message_cut_at_every_length_is_taken_or_ends_the_session(bool fromClient)
    {
        byte[] address = [.. SshMsg.Text("a"), .. SshMsg.UInt32(4444)];
        byte[][] messages =
        [
            SshMsg.Open(7), SshMsg.OpenTcp(7, "host", 80), SshMsg.Open(7, "direct-streamlocal@openssh.com", [.. SshMsg.Text("/s"), .. SshMsg.Text(""), .. SshMsg.UInt32(0)]),
            SshMsg.Open(7, "forwarded-tcpip", [.. address, .. address]), SshMsg.Confirm(1, 7), SshMsg.OpenFailure(1), SshMsg.Adjust(0, 5), SshMsg.Data(0, "data"),
            SshMsg.Error(0, "data"), SshMsg.Eof(0), SshMsg.Close(0), SshMsg.Pty(0), SshMsg.Env(0, "A"), SshMsg.Exec(0, "ls"), SshMsg.Request(0, "subsystem", true, SshMsg.Text("sftp")),
            SshMsg.Request(0, "window-change", false, new byte[16]), SshMsg.Request(0, "x11-req", true, [1, .. SshMsg.Text("MIT"), .. SshMsg.Text("00"), .. SshMsg.UInt32(0)]),
            SshMsg.ExitStatus(0, 1), SshMsg.Success(0), SshMsg.Failure(0), SshMsg.TcpipForward("a", 4444), SshMsg.Global("cancel-tcpip-forward", true, address),
            SshMsg.Global("streamlocal-forward@openssh.com", true, SshMsg.Text("/s")), SshMsg.Global("hostkeys-prove-00@openssh.com", true, SshMsg.Text("key")),
            [SshMessageNumber.RequestSuccess, .. SshMsg.UInt32(4444)], [SshMessageNumber.RequestFailure],
        ];
        SshRig? rig = null;
        (SshPeer client, SshPeer target) = (null!, null!);
        foreach (byte[] whole in messages)
        {
            for (int length = 1; length < whole.Length; length++)
            {
                if (rig is null)
                {
                    rig = new SshRig();
                    (client, target) = await rig.ReadyAsync();
                    await SshRig.OpenAsync(client, target, 0);
                }

                SshPeer from = fromClient ? client : target;
                await from.SendAsync(whole[..length]);
                if (await HasEndedAsync(rig, from))
                {
                    await rig.ExpectEndAsync(fromClient ? SessionSide.Client : SessionSide.Target, "protocol-violation");
                    await rig.DisposeAsync();
                    rig = null;
                }
            }
        }

        if (rig is not null)
            await rig.DisposeAsync();
    }

    [Theory]
    [InlineData("client", "connected")]
    [InlineData("client", "handshake")]
    [InlineData("client", "target")]
    [InlineData("client", "open")]
    [InlineData("client", "data")]
    [InlineData("target", "connected")]
    [InlineData("target", "handshake")]
    [InlineData("target", "open")]
    [InlineData("target", "data")]
    public async Task Whoever_vanishes_at_any_time_ends_the_session(string who, string when)
    {
        await using var rig = new SshRig();
        SshPeer client = await rig.ConnectAsync();
        if (who == "client" && when is "connected" or "handshake")
        {
            if (when == "handshake")
                await client.Transport.HandshakeAsync(default);
            client.Vanish();
            Assert.Equal(SessionSide.Client, (await rig.EndAsync()).Side);
            Assert.True(rig.Recorder.IsEmpty);
            return;
        }

        Task<bool> login = client.LogInAsync("deploy+box", Doors.GoodToken);
        SshPeer target = await rig.TargetAsync();
        if (when is "target" or "connected" or "handshake")
        {
            if (when == "handshake")
                await target.Transport.HandshakeAsync(default);
            (who == "client" ? client : target).Vanish();
            if (who == "client")
            {
                // The engine talks to the target, and finds out once that is done.
                await target.LetInAsync();
                await Assert.ThrowsAnyAsync<Exception>(() => login);
            }
            else
            {
                Assert.False(await login);
            }
        }
        else
        {
            await target.LetInAsync();
            Assert.True(await login);
            await SshRig.RunAsync(client, target, 0);
            if (when == "data")
                await target.SendAsync(SshMsg.Data(0, new byte[1000]));
            (who == "client" ? client : target).Vanish();
        }

        SessionEnd end = await rig.EndAsync();
        Assert.Equal(who == "client" ? SessionSide.Client : SessionSide.Target, end.Side);
        Assert.Equal(end, rig.Recorder.Only.End);
    }

    [Fact]
    public async Task The_server_stops_and_says_so()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        rig.Stop();
        await rig.ExpectEndAsync(SessionSide.Proxy, "stopped");
        await client.DrainAsync();
        Assert.Contains("stopping", client.Transport.PeerDisconnect ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain(await target.DrainAsync(), m => m[0] == SshMessageNumber.ChannelData);
    }

    /// <summary>Asks something that is answered behind whatever was sent before.</summary>
    private static async Task<bool> HasEndedAsync(SshRig rig, SshPeer from)
    {
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        from.Takes = message =>
        {
            if (message.Span[0] == SshMessageNumber.ChannelOpenFailure && SshMsg.Field(message.ToArray(), 1) == 4711)
                answered.TrySetResult();
            return true;
        };
        try
        {
            await from.SendAsync(SshMsg.Open(4711, "nothing@example.com"));
        }
        catch (IOException)
        {
            // It has hung up.
            await rig.Running.WaitAsync(Peer.Patience);
        }

        await Task.WhenAny(answered.Task, rig.Running).WaitAsync(Peer.Patience);
        return !answered.Task.IsCompleted;
    }
}
