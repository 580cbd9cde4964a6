using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>What a client asks for: passed on, or answered here in its place among the others.</summary>
public sealed class RequestTests
{
    [Theory, Chunkings]
    public async Task A_command_runs_and_every_byte_gets_through(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await client.SendAsync(SshMsg.Data(0, "in"), SshMsg.Eof(0));
        await target.ExpectAsync(SshMsg.Data(200, "in"), SshMsg.Eof(200));
        await target.SendAsync(SshMsg.Data(0, "out"), SshMsg.Error(0, "err"), SshMsg.ExitStatus(0, 3), SshMsg.Eof(0), SshMsg.Close(0));
        await client.ExpectAsync(SshMsg.Data(100, "out"), SshMsg.Error(100, "err"), SshMsg.ExitStatus(100, 3), SshMsg.Eof(100), SshMsg.Close(100));
        await client.SendAsync(SshMsg.Close(0));
        await target.ExpectAsync(SshMsg.Close(200));
        client.Vanish();
        SessionEnd end = await rig.EndAsync();
        Assert.Equal(SessionSide.Client, end.Side);
        Assert.Equal(end, rig.Recorder.Only.End);
    }

    [Theory, Chunkings]
    public async Task Replies_come_in_the_order_of_the_requests_whoever_gives_them(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        rig.Policy.Denied.Add(Verb.Pty);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(
            SshMsg.Env(0, "LANG"), SshMsg.Pty(0), SshMsg.Env(0, "denied"), SshMsg.Env(0, "TERM"), SshMsg.Request(0, "unheard-of", true), SshMsg.Env(0, "denied", wantReply: false), SshMsg.Exec(0, "cat"));
        await target.ExpectAsync(SshMsg.Env(200, "LANG"), SshMsg.Env(200, "TERM"), SshMsg.Exec(200, "cat"));
        string why = Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData));
        Assert.EndsWith("sallyport: refused by policy: no terminal was allocated. Rule words/Deny. Say it nicely.\n", why, StringComparison.Ordinal);
        await client.ExpectAsync(SshMessageNumber.ChannelWindowAdjust);
        await target.SendAsync(SshMsg.Failure(0), SshMsg.Success(0), SshMsg.Success(0));
        await client.ExpectAsync(SshMsg.Failure(100), SshMsg.Failure(100), SshMsg.Failure(100), SshMsg.Success(100), SshMsg.Failure(100), SshMsg.Success(100));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_terminal_that_the_target_refuses_is_said_to_be_so_whether_or_not_something_runs_already(bool runs)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Pty(0));
        // Before it has come to the target its answer would be one to nothing.
        await target.ExpectAsync(SshMsg.Pty(200));
        if (!runs)
        {
            await target.SendAsync(SshMsg.Failure(0));
            await client.ExpectAsync(SshMsg.Failure(100));
        }

        await client.SendAsync(SshMsg.Request(0, "shell", true));
        await target.ExpectAsync(SshMsg.Request(200, "shell", true));
        if (runs)
        {
            await target.SendAsync(SshMsg.Failure(0));
            await client.ExpectAsync(SshMessageNumber.ChannelWindowAdjust);
            await client.ExpectAsync(SshMsg.Failure(100));
        }

        await client.ExpectAsync(SshMsg.Error(100, "sallyport: no terminal was allocated: the target refused one.\n"));
        await target.SendAsync(SshMsg.Success(0));
        Assert.NotEmpty(await client.SkipToAsync(SshMessageNumber.ChannelSuccess));
    }

    [Theory, Chunkings]
    public async Task A_refused_command_says_why_on_standard_error_and_the_target_never_hears_of_it(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Pty(0), SshMsg.Exec(0, "denied thing"), SshMsg.Eof(0));
        await target.ExpectAsync(SshMessageNumber.ChannelRequest);
        await client.ExpectAsync(SshMsg.Success(100), SshMsg.Success(100));
        byte[] why = await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        Assert.Contains("the command was not run. Rule words/Deny. Say it nicely.", Encoding.UTF8.GetString(why), StringComparison.Ordinal);
        await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
        await target.ExpectAsync(SshMsg.Close(200));

        // A reply that was under way is not the client's any more.
        await target.SendAsync(SshMsg.Success(0), SshMsg.Close(0), SshMsg.Global("keepalive@openssh.com", true));
        await target.ExpectAsync([SshMessageNumber.RequestFailure]);
        await client.SendAsync(SshMsg.Close(0));
        await SshRig.RunAsync(client, target, 0);
    }

    [Fact]
    public async Task A_reply_that_meets_a_refusal_is_given_once_and_before_the_end()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        for (uint round = 0; round < 200; round++)
        {
            await SshRig.OpenAsync(client, target, 0);
            await client.SendAsync(SshMsg.Env(0, "A"));
            await target.ExpectAsync(SshMessageNumber.ChannelRequest);
            await Task.WhenAll(target.SendAsync(SshMsg.Failure(0)), client.SendAsync(SshMsg.Exec(0, "denied")));
            byte[] first = await client.NextAsync();
            Assert.True(first[0] is SshMessageNumber.ChannelFailure or SshMessageNumber.ChannelSuccess, SshMsg.Shown(first));
            await client.ExpectAsync(SshMsg.Success(100));
            await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
            await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
            await target.ExpectAsync(SshMsg.Close(200));
            await target.SendAsync(SshMsg.Close(0), SshMsg.Global("keepalive@openssh.com", true));
            await target.ExpectAsync([SshMessageNumber.RequestFailure]);
            await client.SendAsync(SshMsg.Close(0));
        }
    }

    [Fact]
    public async Task There_is_no_window_before_a_command_was_let_through()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Data(0, "x"));
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");
    }

    [Theory, Chunkings]
    public async Task Global_requests_are_answered_in_order(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await client.SendAsync(
            SshMsg.TcpipForward("a", 0), SshMsg.TcpipForward("denied", 80), SshMsg.Global("keepalive@openssh.com", true), SshMsg.TcpipForward("b", 81), SshMsg.Global("no-more-sessions@openssh.com", true));
        await target.ExpectAsync(SshMsg.TcpipForward("a", 0), SshMsg.TcpipForward("b", 81));
        await target.SendAsync([SshMessageNumber.RequestSuccess, .. SshMsg.UInt32(4444)], [SshMessageNumber.RequestFailure]);
        await client.ExpectAsync(
            [SshMessageNumber.RequestSuccess, .. SshMsg.UInt32(4444)], [SshMessageNumber.RequestFailure], [SshMessageNumber.RequestFailure], [SshMessageNumber.RequestFailure], [SshMessageNumber.RequestSuccess]);

        // No more sessions, and none is asked for.
        await client.SendAsync(SshMsg.Open(100));
        await client.ExpectAsync(SshMessageNumber.ChannelOpenFailure);
    }

    [Fact]
    public async Task A_target_may_connect_back_only_where_it_was_asked_to_listen()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        byte[] here = [.. SshMsg.Text("a"), .. SshMsg.UInt32(4444), .. SshMsg.Text("10.0.0.1"), .. SshMsg.UInt32(9)];
        byte[] there = [.. SshMsg.Text("a"), .. SshMsg.UInt32(4445), .. SshMsg.Text("10.0.0.1"), .. SshMsg.UInt32(9)];
        foreach ((string type, byte[] rest) in new (string, byte[])[] { ("forwarded-tcpip", here), ("auth-agent@openssh.com", []), ("x11", SshMsg.Text("h")), ("session", []), ("direct-tcpip", here) })
        {
            await target.SendAsync(SshMsg.Open(7, type, rest));
            Assert.Equal(7u, SshMsg.Field(await target.ExpectAsync(SshMessageNumber.ChannelOpenFailure), 1));
        }

        Assert.Equal(5, rig.Recorder.Only.Events.Count(e => e.StartsWith("refused the target's channel", StringComparison.Ordinal)));
        await client.SendAsync(SshMsg.TcpipForward("a", 0));
        await target.ExpectAsync(SshMessageNumber.GlobalRequest);
        await target.SendAsync([SshMessageNumber.RequestSuccess, .. SshMsg.UInt32(4444)], SshMsg.Open(7, "forwarded-tcpip", there), SshMsg.Open(8, "forwarded-tcpip", here));
        Assert.Equal(7u, SshMsg.Field(await target.ExpectAsync(SshMessageNumber.ChannelOpenFailure), 1));
        await client.ExpectAsync(SshMessageNumber.RequestSuccess);
        await client.ExpectAsync(SshMsg.Open(0, "forwarded-tcpip", here));
        await client.SendAsync(SshMsg.Confirm(0, 100));
        await target.ExpectAsync(SshMsg.Confirm(8, 0));
        await target.SendAsync(SshMsg.Data(0, "knock"));
        await client.ExpectAsync(SshMsg.Data(100, "knock"));

        await client.SendAsync(SshMsg.Global("cancel-tcpip-forward", true, [.. SshMsg.Text("a"), .. SshMsg.UInt32(4444)]));
        await target.ExpectAsync(SshMessageNumber.GlobalRequest);
        await target.SendAsync([SshMessageNumber.RequestSuccess], SshMsg.Open(9, "forwarded-tcpip", here));
        Assert.Equal(9u, SshMsg.Field(await target.ExpectAsync(SshMessageNumber.ChannelOpenFailure), 1));
    }

    [Fact]
    public async Task Numbers_are_used_again_only_after_both_have_closed()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.RunAsync(client, target, 0);
        await client.SendAsync(SshMsg.Close(0));
        await target.ExpectAsync(SshMsg.Close(200));
        await SshRig.OpenAsync(client, target, 1);
        await target.SendAsync(SshMsg.Close(0));
        await client.ExpectAsync(SshMsg.Close(100));
        await SshRig.OpenAsync(client, target, 0);
    }

    [Fact]
    public async Task The_proof_of_our_host_keys_verifies()
    {
        await using var rig = new SshRig();
        (SshPeer client, _) = await rig.ReadyAsync();
        byte[] blob = SshRig.Keys.Signers[0].PublicBlob.ToArray();
        byte[] asked = new SshWriter().String(blob).ToArray();
        await client.SendAsync(SshMsg.Global("hostkeys-prove-00@openssh.com", true, asked), SshMsg.Global("hostkeys-prove-00@openssh.com", true, SshMsg.Text("not ours")));
        byte[] proof = await client.ExpectAsync(SshMessageNumber.RequestSuccess);
        byte[] signature = proof[5..];
        byte[] signed = new SshWriter().String("hostkeys-prove-00@openssh.com").String(client.Transport.SessionId.Span).String(blob).ToArray();
        Assert.True(Sallyport.Protocols.Ssh.Keys.SshSignature.Verify(blob, signature, signed, "ssh-ed25519"));
        await client.ExpectAsync([SshMessageNumber.RequestFailure]);
    }

    [Theory]
    [InlineData("shell")]
    [InlineData("pty-req")]
    [InlineData("subsystem")]
    public async Task A_forced_command_takes_the_place_of_what_was_asked_for(string type)
    {
        await using var rig = new SshRig { Restrictions = new LoginRestrictions { ForceCommand = "true", NoPty = true } };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        if (type == "pty-req")
        {
            await client.SendAsync(SshMsg.Pty(0));
            await client.ExpectAsync(SshMsg.Failure(100));
            return;
        }

        await client.SendAsync(SshMsg.Request(0, type, true, type == "shell" ? [] : SshMsg.Text("sftp")));
        await target.ExpectAsync(SshMsg.Exec(200, "true"));
    }
}
