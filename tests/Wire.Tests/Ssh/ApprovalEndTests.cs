using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>Each channel runs under its own approval: the end of one ends what it let through, and nothing else of the session.</summary>
public sealed class ApprovalEndTests
{
    private const string Why = "What this was approved by has ended.";

    [Theory, Chunkings]
    public async Task The_end_of_an_approval_ends_its_channel_and_not_the_others(Chunking chunking)
    {
        var approver = new Approver();
        await using var rig = new SshRig(chunking) { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        DateTimeOffset soon = DateTimeOffset.UtcNow.AddMinutes(1);
        await HeldAsync(approver, client, target, 0, "apr-1", soon);
        await HeldAsync(approver, client, target, 1, "apr-2", endsAt: null);
        ISessionControl control = Assert.Single(rig.Live.Controls);
        Assert.Equal([("apr-1", soon), ("apr-2", default)], control.Approvals.Select(approval => (approval.Id, approval.EndsAt ?? default)));
        Assert.Null(rig.Live.Only.Granted);

        control.EndApproved(control.Approvals[0], Why);

        await target.ExpectAsync(SshMsg.Request(200, "signal", false, SshMsg.Text("TERM")), SshMsg.Close(200));
        Assert.Contains($"sallyport: {Why}", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
        Assert.Equal("apr-2", Assert.Single(control.Approvals).Id);
        await client.SendAsync(SshMsg.Close(0), SshMsg.Data(1, "goes on"));
        await target.ExpectAsync(SshMsg.Data(201, "goes on"));
        await target.SendAsync(SshMsg.Data(0, "too late"), SshMsg.Close(0), SshMsg.Data(1, "as well"));
        await client.ExpectAsync(SshMsg.Data(101, "as well"));

        // Its number is free, and what was approved for it covers nothing there.
        await SshRig.RunAsync(client, target, 0);
        Assert.Equal(["approval apr-1 channel 0", "approval apr-2 channel 1"], rig.Recorder.Only.Events.Where(e => e.StartsWith("approval ", StringComparison.Ordinal)));
        Assert.Equal("approval-ended apr-1 channel 0", rig.Recorder.Only.Events.Single(e => e.StartsWith("approval-ended", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_approval_is_over_with_its_channel()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await HeldAsync(approver, client, target, 0, "apr-1", endsAt: null);
        await target.SendAsync(SshMsg.Close(0));
        await client.ExpectAsync(SshMsg.Close(100));
        await client.SendAsync(SshMsg.Close(0));
        await target.ExpectAsync(SshMsg.Close(200));
        await SshRig.RunAsync(client, target, 0);
        Assert.Empty(Assert.Single(rig.Live.Controls).Approvals);
    }

    /// <summary>Both peers send as fast as they can: behind a CLOSE there is nothing of the channel, or they would end the connection.</summary>
    [Fact]
    public async Task An_end_amid_data_comes_behind_whole_messages_and_before_no_more()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        ISessionControl control = Assert.Single(rig.Live.Controls);
        byte[][] data = [.. Enumerable.Repeat(SshMsg.Data(0, "data"), 200)];
        for (int round = 0; round < 50; round++)
        {
            await HeldAsync(approver, client, target, 0, $"apr-{round}", endsAt: null);
            await Task.WhenAll(target.SendAsync(data), client.SendAsync(data), Task.Run(() => control.EndApproved(control.Approvals[0], Why)));
            await client.SkipToAsync(SshMessageNumber.ChannelClose);
            await target.SkipToAsync(SshMessageNumber.ChannelClose);
            await target.SendAsync(SshMsg.Close(0), SshMsg.Global("keepalive@openssh.com", true));
            await target.ExpectAsync([SshMessageNumber.RequestFailure]);
            await client.SendAsync(SshMsg.Close(0), SshMsg.Global("keepalive@openssh.com", true));
            await client.ExpectAsync([SshMessageNumber.RequestFailure]);
        }
    }

    [Fact]
    public async Task A_tunnel_whose_approval_ends_is_closed()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await client.SendAsync(SshMsg.OpenTcp(100, "held.example", 80));
        (await approver.NextAsync()).Approve();
        await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        await target.SendAsync(SshMsg.Confirm(0, 200));
        await client.ExpectAsync(SshMsg.Confirm(100, 0));
        ISessionControl control = Assert.Single(rig.Live.Controls);
        control.EndApproved(control.Approvals[0], Why);
        await client.ExpectAsync(SshMsg.Eof(100), SshMsg.Close(100));
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task An_approval_that_ends_before_the_target_has_opened_the_tunnel_lets_nothing_through()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await client.SendAsync(SshMsg.OpenTcp(100, "held.example", 80));
        (await approver.NextAsync()).Approve();
        await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        ISessionControl control = Assert.Single(rig.Live.Controls);
        control.EndApproved(control.Approvals[0], Why);
        while (!rig.Recorder.Only.Events.Any(e => e.StartsWith("approval-ended", StringComparison.Ordinal)))
            await Task.Delay(5);
        await target.SendAsync(SshMsg.Confirm(0, 200));
        await client.ExpectAsync(SshMsg.Confirm(100, 0), SshMsg.Eof(100), SshMsg.Close(100));
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task A_listener_whose_approval_ends_listens_no_more_and_what_came_in_by_it_is_closed()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await client.SendAsync(SshMsg.TcpipForward("held", 0));
        (await approver.NextAsync()).Approve();
        await target.ExpectAsync(SshMessageNumber.GlobalRequest);
        await target.SendAsync([SshMessageNumber.RequestSuccess, .. SshMsg.UInt32(4711)]);
        await client.ExpectAsync([SshMessageNumber.RequestSuccess, .. SshMsg.UInt32(4711)]);
        byte[] from = [.. SshMsg.Text("held"), .. SshMsg.UInt32(4711), .. SshMsg.Text("127.0.0.1"), .. SshMsg.UInt32(1)];
        await target.SendAsync(SshMsg.Open(200, "forwarded-tcpip", from));
        await client.ExpectAsync(SshMessageNumber.ChannelOpen);
        await client.SendAsync(SshMsg.Confirm(0, 100));
        await target.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        ISessionControl control = Assert.Single(rig.Live.Controls);

        control.EndApproved(control.Approvals[0], Why);

        await target.ExpectAsync(SshMsg.Global("cancel-tcpip-forward", false, [.. SshMsg.Text("held"), .. SshMsg.UInt32(4711)]), SshMsg.Close(200));
        await client.ExpectAsync(SshMsg.Eof(100), SshMsg.Close(100));
        await target.SendAsync(SshMsg.Open(201, "forwarded-tcpip", from));
        await target.ExpectAsync(SshMessageNumber.ChannelOpenFailure);
    }

    /// <summary>A command on channel <paramref name="number"/> that was approved by that, and runs.</summary>
    private static async Task HeldAsync(Approver approver, SshPeer client, SshPeer target, uint number, string id, DateTimeOffset? endsAt)
    {
        await SshRig.OpenAsync(client, target, number);
        await client.SendAsync(SshMsg.Exec(number, "held thing"));
        Approver.Asked asked = await approver.NextAsync();
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        asked.Approve(endsAt, id);
        await target.ExpectAsync(SshMsg.Exec(200 + number, "held thing"));
        await client.ExpectAsync(SshMessageNumber.ChannelWindowAdjust);
        await target.SendAsync(SshMsg.Success(number));
        await target.ExpectAsync(SshMessageNumber.ChannelWindowAdjust);
        await client.ExpectAsync(SshMsg.Success(100 + number));
    }
}
