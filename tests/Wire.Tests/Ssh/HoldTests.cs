using System.Collections.Concurrent;
using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>What waits for a person: beside everything else, taken back when its client takes it back, and never lost or doubled.</summary>
public sealed class HoldTests
{
    [Theory, Chunkings]
    public async Task A_held_command_waits_and_other_channels_go_on(Chunking chunking)
    {
        var approver = new Approver();
        await using var rig = new SshRig(chunking) { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, "held thing"), SshMsg.Env(0, "LATE"), SshMsg.Eof(0));
        Approver.Asked asked = await approver.NextAsync();
        Assert.Contains("waiting for approval apr-7", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);

        await SshRig.RunAsync(client, target, 1);
        await client.SendAsync(SshMsg.Data(1, "meanwhile"));
        await target.ExpectAsync(SshMsg.Data(201, "meanwhile"));

        asked.Approve();
        await target.ExpectAsync(SshMsg.Exec(200, "held thing"));
        await client.ExpectAsync(SshMessageNumber.ChannelWindowAdjust);
        Assert.Equal(SshMsg.Shown(SshMsg.Eof(200)), SshMsg.Shown(await target.SkipToAsync(SshMessageNumber.ChannelEof)));
        await target.SendAsync(SshMsg.Success(0));
        await client.ExpectAsync(SshMsg.Success(100), SshMsg.Failure(100));
    }

    [Theory, Chunkings]
    public async Task A_command_that_is_not_approved_ends_as_a_refused_one(Chunking chunking)
    {
        var approver = new Approver();
        await using var rig = new SshRig(chunking) { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, "held thing"));
        (await approver.NextAsync()).Refuse();
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains("denied by bob: not today", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task What_is_decided_at_once_leaves_no_wait_behind()
    {
        await using var rig = new SshRig { Approvals = new AtOnce() };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        for (int round = 0; round < 300; round++)
        {
            await SshRig.OpenAsync(client, target, 0);
            await client.SendAsync(SshMsg.Exec(0, "held thing"), SshMsg.Eof(0));
            await target.ExpectAsync(SshMsg.Exec(200, "held thing"));
            await target.SkipToAsync(SshMessageNumber.ChannelEof);
            await target.SendAsync(SshMsg.Success(0));
            await client.SkipToAsync(SshMessageNumber.ChannelSuccess);

            // Nothing waits any more: requests are passed on.
            await client.SendAsync(SshMsg.Request(0, "eow@openssh.com", false), SshMsg.Close(0));
            Assert.NotEmpty(await target.SkipToAsync(SshMessageNumber.ChannelRequest));
            await target.ExpectAsync(SshMsg.Close(200));
            await target.SendAsync(SshMsg.Close(0));
            await client.ExpectAsync(SshMsg.Close(100));
        }
    }

    [Fact]
    public async Task An_approval_that_meets_a_CLOSE_goes_out_before_it_or_not_at_all()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        for (int round = 0; round < 200; round++)
        {
            await SshRig.OpenAsync(client, target, 0);
            await client.SendAsync(SshMsg.Exec(0, "held thing"));
            Approver.Asked asked = await approver.NextAsync();
            await Task.WhenAll(Task.Run(() => asked.Approve()), client.SendAsync(SshMsg.Close(0)));
            byte[] message = await target.NextAsync();
            if (message[0] == SshMessageNumber.ChannelRequest)
                message = await target.SkipToAsync(SshMessageNumber.ChannelClose);
            Assert.Equal(SshMsg.Shown(SshMsg.Close(200)), SshMsg.Shown(message));

            // Behind CLOSE there is nothing of the channel.
            await target.SendAsync(SshMsg.Close(0));
            await client.SkipToAsync(SshMessageNumber.ChannelClose);
        }
    }

    [Fact]
    public async Task A_CLOSE_takes_a_held_command_back()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, "held thing"));
        Approver.Asked asked = await approver.NextAsync();
        await client.SendAsync(SshMsg.Close(0));
        await asked.Withdrawn.Task.WaitAsync(Peer.Patience);
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task A_client_that_vanishes_takes_everything_back()
    {
        var approver = new Approver();
        await using var rig = new SshRig { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, "held thing"), SshMsg.OpenTcp(101, "held.example", 80), SshMsg.TcpipForward("held", 80));
        Approver.Asked[] asked = [await approver.NextAsync(), await approver.NextAsync(), await approver.NextAsync()];
        client.Vanish();
        foreach (Approver.Asked one in asked)
            await one.Withdrawn.Task.WaitAsync(Peer.Patience);
        Assert.Equal(SessionSide.Client, (await rig.EndAsync()).Side);
        Assert.NotNull(target);
    }

    [Theory, Chunkings]
    public async Task Held_opens_and_forwards_are_answered_when_they_are_decided(Chunking chunking)
    {
        var approver = new Approver();
        await using var rig = new SshRig(chunking) { Approvals = approver };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await client.SendAsync(SshMsg.OpenTcp(101, "held.example", 80));
        Approver.Asked open = await approver.NextAsync();
        await client.SendAsync(SshMsg.TcpipForward("held", 80), SshMsg.Global("keepalive@openssh.com", true));
        Approver.Asked forward = await approver.NextAsync();
        await SshRig.RunAsync(client, target, 0);

        open.Approve();
        byte[] passed = await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        Assert.Equal(1u, SshMsg.Field(passed, 5 + "direct-tcpip".Length));
        await target.SendAsync(SshMsg.Confirm(1, 201));
        await client.ExpectAsync(SshMsg.Confirm(101, 1));
        forward.Refuse();

        // Why, in a DEBUG that is the transport's, and both answers in order.
        await client.ExpectAsync([SshMessageNumber.RequestFailure], [SshMessageNumber.RequestFailure]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Approvals_that_fail_end_the_session_and_let_nothing_through(bool open)
    {
        await using var rig = new SshRig { Approvals = new Throws() };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(open ? SshMsg.OpenTcp(101, "held.example", 80) : SshMsg.Exec(0, "held thing"));
        Assert.Equal(SessionSide.Proxy, (await rig.EndAsync()).Side);
        Assert.Empty(await target.DrainAsync());
    }

    [Fact]
    public async Task Without_approvals_what_is_held_is_refused()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        for (int round = 0; round < 50; round++)
        {
            await SshRig.OpenAsync(client, target, 0);
            await client.SendAsync(SshMsg.Exec(0, "held thing"));
            await client.ExpectAsync(SshMsg.Success(100));
            await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
            await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
            await target.ExpectAsync(SshMsg.Close(200));
            await target.SendAsync(SshMsg.Close(0), SshMsg.Global("keepalive@openssh.com", true));
            await target.ExpectAsync([SshMessageNumber.RequestFailure]);
            await client.SendAsync(SshMsg.Close(0));
        }
    }

    /// <summary>A command is judged by its own words, whatever is approved beside it.</summary>
    [Fact]
    public async Task Approvals_beside_refusals_never_lend_each_other_their_words()
    {
        await using var rig = new SshRig { Approvals = new AtOnce() };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        const int Commands = 400;
        var ran = new ConcurrentQueue<string>();
        var allApproved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int approved = 0;
        target.Takes = message =>
        {
            byte[] got = message.ToArray();
            if (got[0] == SshMessageNumber.ChannelOpen)
                target.Transport.Answer(SshMsg.Confirm(SshMsg.Field(got, 12), SshMsg.Field(got, 12)));
            if (got[0] == SshMessageNumber.ChannelRequest)
            {
                string command = Encoding.UTF8.GetString(got);
                ran.Enqueue(command);
                if (command.Contains("held", StringComparison.Ordinal) && Interlocked.Increment(ref approved) == Commands / 2)
                    allApproved.SetResult();
            }

            return true;
        };
        client.Takes = message => message.Span[0] != SshMessageNumber.ChannelOpenConfirmation;
        for (uint i = 0; i < Commands; i++)
        {
            await client.SendAsync(SshMsg.Open(i));
            await client.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
            await client.SendAsync(SshMsg.Exec(i, i % 2 == 0 ? "scp -t /held/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" : "scp -t /denied/bbbbbbbbbbbbb"));
        }

        // Every approved command has reached the target, and the last refused one was decided: what is sent behind it is answered.
        await allApproved.Task.WaitAsync(Peer.Patience);
        await client.SendAsync(SshMsg.Open(Commands));
        await client.ExpectAsync(SshMessageNumber.ChannelOpenConfirmation);
        Assert.DoesNotContain(ran, command => command.Contains("denied", StringComparison.Ordinal));
    }

    /// <summary>Approves before anybody can look.</summary>
    private sealed class AtOnce : IApprovals
    {
        public ValueTask<HoldOutcome> RequestAsync(
            SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn) =>
            ValueTask.FromResult(new HoldOutcome(true, "apr-1", "pre-approved", ""));
    }

    private sealed class Throws : IApprovals
    {
        public ValueTask<HoldOutcome> RequestAsync(
            SessionFacts session, Verdict verdict, HeldAction action, Func<HoldNotice, CancellationToken, ValueTask> tell, CancellationToken withdrawn) =>
            throw new InvalidOperationException("the approval service is broken");
    }
}
