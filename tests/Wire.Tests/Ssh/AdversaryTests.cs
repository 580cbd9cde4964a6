using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>Ways around what was decided.</summary>
public sealed class AdversaryTests
{
    /// <summary>Servers that read names as C strings start sftp for <c>sftp NUL x</c>, and nothing would look at its files.</summary>
    [Theory]
    [InlineData("sftp\0")]
    [InlineData("sftp\0x")]
    [InlineData("\0sftp")]
    [InlineData("sftp\n")]
    public async Task Adversary_A_subsystem_has_a_name_that_everybody_reads_alike(string name)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Request(0, "subsystem", true, SshMsg.Text(name)), SshMsg.Global("keepalive@openssh.com", true));
        await client.ExpectAsync(SshMsg.Failure(100), [SshMessageNumber.RequestFailure]);
        await SshRig.OpenAsync(client, target, 1);
    }

    [Theory]
    [InlineData("box", true)]
    [InlineData("deploy+box", true)]
    [InlineData("root+box", false)]
    [InlineData("deploy+x+box", false)]
    public async Task Adversary_A_menu_leads_to_no_account_that_the_certificate_is_not_for(string chosen, bool entered)
    {
        await using var rig = new SshRig { Restrictions = new LoginRestrictions { Accounts = ["deploy"] } };
        SshPeer client = await rig.ConnectAsync();
        Assert.True(await client.LogInAsync("deploy", Doors.GoodToken));
        await client.SendAsync(SshMsg.Open(100), SshMsg.Pty(0), SshMsg.Request(0, "shell", true), SshMsg.Data(0, chosen + "\r"));
        if (entered)
        {
            await (await rig.TargetAsync()).LetInAsync();
            return;
        }

        string shown = "";
        while (!shown.Contains("not for you", StringComparison.Ordinal))
            shown += Encoding.UTF8.GetString((await client.SkipToAsync(SshMessageNumber.ChannelData)).AsSpan(9));
    }

    [Fact]
    public async Task Adversary_A_user_name_leads_to_no_account_that_the_certificate_is_not_for()
    {
        await using var rig = new SshRig { Restrictions = new LoginRestrictions { Accounts = ["deploy"] } };
        SshPeer client = await rig.ConnectAsync();
        Assert.False(await client.LogInAsync("deploy+x+box", Doors.GoodToken));
        Assert.Equal("account-forbidden", (await rig.EndAsync()).Reason);
    }

    [Theory]
    [InlineData("held command")]
    [InlineData("git-upload-pack '/held'")]
    public async Task Adversary_What_is_approved_while_the_session_is_frozen_does_not_run(string command)
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, command));
        Approver.Asked asked = await approver.NextAsync();
        rig.Live.Only.Suspend("frozen", "This session is frozen.");
        asked.Approve();
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains("This session is frozen.", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task Adversary_A_forward_that_is_approved_while_the_session_is_frozen_is_not_opened()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer _) = await rig.ReadyAsync();
        await client.SendAsync(SshMsg.OpenTcp(100, "held.example", 80));
        Approver.Asked asked = await approver.NextAsync();
        rig.Live.Only.Suspend("frozen", "This session is frozen.");
        asked.Approve();
        await client.ExpectAsync(SshMessageNumber.ChannelOpenFailure);
    }

    [Fact]
    public async Task Adversary_A_frozen_session_passes_neither_ends_nor_signals()
    {
        foreach (byte[] message in new[] { SshMsg.Eof(0), SshMsg.Request(0, "signal", false, SshMsg.Text("HUP")), SshMsg.Request(0, "break", false, SshMsg.UInt32(500)) })
        {
            await using var rig = new SshRig();
            (SshPeer client, SshPeer target) = await rig.ReadyAsync();
            await SshRig.RunAsync(client, target, 0);
            rig.Live.Only.Suspend("frozen", "This session is frozen.");
            await client.SendAsync(message);
            await target.SendAsync(SshMsg.Global("keepalive@openssh.com", true));
            await target.ExpectAsync([SshMessageNumber.RequestFailure]);
            rig.Live.Only.Resume();
            await target.ExpectAsync(message[0]);
        }
    }

    /// <summary>Answers of ours wait for the end of the packet that the target is in the middle of; the client, which takes nothing, makes more of them.</summary>
    [Fact]
    public async Task Adversary_Refusals_that_cannot_be_said_end_the_session_before_they_fill_the_memory()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0, window: 1 << 20);
        await client.SendAsync(SshMsg.Request(0, "subsystem", false, SshMsg.Text("sftp")), SshMsg.Data(0, [0, 0, 0, 5, 1, 0, 0, 0, 3]));
        await target.SkipToAsync(SshMessageNumber.ChannelData);
        await target.SendAsync(SshMsg.Data(0, [0, 0, 0, 5, 2, 0, 0, 0, 3]), SshMsg.Data(0, [0, 0, 0, 9, 101, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 4]));
        await client.SkipToAsync(SshMessageNumber.ChannelData);

        // A read that the policy allows, and the first half of its answer.
        await client.SendAsync(SshMsg.Data(0, [0, 0, 0, 10, 17, 0, 0, 0, 1, 0, 0, 0, 1, (byte)'/']));
        await target.SkipToAsync(SshMessageNumber.ChannelData);
        await target.SendAsync(SshMsg.Data(0, [0, 0, 0, 40, 105, 0, 0, 0, 1]));
        await client.SkipToAsync(SshMessageNumber.ChannelData);
        byte[] path = Encoding.UTF8.GetBytes("/denied");
        byte[] refused = [0, 0, 0, (byte)(9 + path.Length), 17, 0, 0, 0, 2, 0, 0, 0, (byte)path.Length, .. path];
        byte[] many = SshMsg.Data(0, [.. Enumerable.Repeat(refused, 1000).SelectMany(one => one)]);
        for (int i = 0; i < 200 && !rig.Running.IsCompleted; i++)
        {
            try
            {
                await client.SendAsync(many);
                await client.SkipToAsync(SshMessageNumber.ChannelWindowAdjust);
            }
            catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException or SshEndException)
            {
                break;
            }
        }

        Assert.Equal("protocol-violation", (await rig.EndAsync()).Reason);
    }

    [Fact]
    public async Task Adversary_Terminals_are_as_many_as_their_screens_may_be_kept()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        uint most = (uint)rig.Listener.Limits.Terminals;
        for (uint number = 0; number <= most; number++)
            await SshRig.OpenAsync(client, target, number);
        for (uint number = 0; number < most; number++)
        {
            await client.SendAsync(SshMsg.Pty(number));
            await target.ExpectAsync(SshMsg.Pty(200 + number));
            await target.SendAsync(SshMsg.Success(number));
            await client.ExpectAsync(SshMsg.Success(100 + number));
        }

        // A channel has one terminal, and the session so many.
        await client.SendAsync(SshMsg.Pty(0), SshMsg.Pty(most));
        await client.ExpectAsync(SshMsg.Failure(100), SshMsg.Failure(100 + most));

        await client.SendAsync(SshMsg.Close(0));
        await target.ExpectAsync(SshMsg.Close(200));
        await target.SendAsync(SshMsg.Close(0), SshMsg.Global("keepalive@openssh.com", true));
        await target.ExpectAsync([SshMessageNumber.RequestFailure]);
        await client.ExpectAsync(SshMsg.Close(100));
        await client.SendAsync(SshMsg.Pty(most));
        await target.ExpectAsync(SshMsg.Pty(200 + most));
    }
}
