using System.Text;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Wire.Tests.Ssh;

/// <summary>A session that somebody must watch: what it is to run waits until somebody does, and nothing else of the connection does.</summary>
public sealed class WatcherTests
{
    private const string Rule = "session/moderation";
    private const string Hint = "Somebody of leads must be watching this session, and nobody is: it stands still until somebody does.";

    [Theory, Chunkings]
    public async Task A_command_waits_with_all_that_belongs_to_it_and_runs_once_somebody_watches(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        byte[] size = new byte[16];
        await client.SendAsync(SshMsg.Env(0, "LANG"), SshMsg.Pty(0), SshMsg.Exec(0, "cat"), SshMsg.Request(0, "window-change", false, size), SshMsg.Eof(0));
        string told = Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData));
        Assert.Contains("\r\nsallyport: waiting: somebody of leads must be watching this session, ", told, StringComparison.Ordinal);

        // The connection goes on, and the target has heard of nothing.
        await client.SendAsync(SshMsg.Global("keepalive@openssh.com", true));
        await client.ExpectAsync([SshMessageNumber.RequestFailure]);
        await SshRig.OpenAsync(client, target, 1);
        await client.SendAsync(SshMsg.Close(1));
        await target.ExpectAsync(SshMsg.Close(201));

        rig.Live.Only.Resume();
        await target.ExpectAsync(SshMsg.Env(200, "LANG"), SshMsg.Pty(200), SshMsg.Exec(200, "cat"));
        Assert.Equal(SshMsg.Shown(SshMsg.Request(200, "window-change", false, size)), SshMsg.Shown(await target.SkipToAsync(SshMessageNumber.ChannelRequest)));
        await target.ExpectAsync(SshMsg.Eof(200));
        await target.SendAsync(SshMsg.Success(0), SshMsg.Success(0), SshMsg.Success(0), SshMsg.Data(0, "out"));
        await client.SkipToAsync(SshMessageNumber.ChannelWindowAdjust);
        await client.ExpectAsync(SshMsg.Success(100), SshMsg.Success(100), SshMsg.Success(100), SshMsg.Data(100, "out"));
    }

    [Theory, Chunkings]
    public async Task Tunnels_and_listeners_wait_too_and_replies_stay_in_their_order(Chunking chunking)
    {
        await using var rig = new SshRig(chunking);
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        await client.SendAsync(SshMsg.OpenTcp(101, "db.example", 80), SshMsg.TcpipForward("", 8080), SshMsg.Global("keepalive@openssh.com", true));
        await SshRig.OpenAsync(client, target, 0);
        rig.Live.Only.Resume();
        await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        await target.ExpectAsync(SshMessageNumber.GlobalRequest);
        await target.SendAsync(SshMsg.Confirm(1, 201));
        await client.ExpectAsync(SshMsg.Confirm(101, 1));
        await target.SendAsync([SshMessageNumber.RequestSuccess]);
        await client.ExpectAsync([SshMessageNumber.RequestSuccess], [SshMessageNumber.RequestFailure]);
    }

    [Fact]
    public async Task A_CLOSE_takes_it_back()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        await client.SendAsync(SshMsg.Exec(0, "cat"), SshMsg.Eof(0), SshMsg.Close(0));
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        await target.ExpectAsync(SshMsg.Close(200));
        rig.Live.Only.Resume();
        await target.SendAsync(SshMsg.Close(0));
        await client.ExpectAsync(SshMsg.Close(100));
        await SshRig.RunAsync(client, target, 0, command: "the next");
    }

    [Fact]
    public async Task A_client_that_vanishes_takes_it_back()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        await client.SendAsync(SshMsg.Exec(0, "cat"));
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        client.Vanish();
        Assert.Equal(SessionSide.Client, (await rig.EndAsync()).Side);
        Assert.Empty(await target.DrainAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_frozen_is_refused_also_when_it_waited_before(bool waitsFirst)
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        if (waitsFirst)
            rig.Live.Only.Suspend(Rule, Hint, passes: true);
        else
            rig.Live.Only.Suspend("session/frozen", "This session is frozen.");
        await client.SendAsync(SshMsg.Exec(0, "cat"));
        if (waitsFirst)
        {
            await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
            rig.Live.Only.Suspend("session/frozen", "This session is frozen.");
        }

        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains("Rule session/frozen. This session is frozen.", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task It_is_refused_when_nobody_comes_in_time()
    {
        await using var rig = new SshRig();
        rig.Listener = rig.Listener with { Limits = rig.Listener.Limits with { Watcher = TimeSpan.FromMilliseconds(100) } };
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        await client.SendAsync(SshMsg.Exec(0, "cat"), SshMsg.Eof(0));
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains($"Rule {Rule}. {Hint}", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await client.ExpectAsync(SshMsg.ExitStatus(100, 126), SshMsg.Eof(100), SshMsg.Close(100));
        await target.ExpectAsync(SshMsg.Close(200));
    }

    [Fact]
    public async Task What_is_approved_while_nobody_watches_begins_when_somebody_does()
    {
        await using var rig = new SshRig { Approvals = new Approver() };
        (SshPeer client, SshPeer target) = await ApprovedUnwatchedAsync(rig);
        Assert.Contains("waiting: somebody of leads", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
        await SshRig.OpenAsync(client, target, 1);
        rig.Live.Only.Resume();
        await target.ExpectAsync(SshMsg.Exec(200, "held thing"));
    }

    [Fact]
    public async Task Who_comes_and_goes_at_once_has_not_watched()
    {
        await using var rig = new SshRig { Approvals = new Approver() };
        (SshPeer client, SshPeer target) = await ApprovedUnwatchedAsync(rig);
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        rig.Live.Only.Resume();
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        await SshRig.OpenAsync(client, target, 1);
        rig.Live.Only.Suspend("session/frozen", "This session is frozen.");
        await client.ExpectAsync(SshMsg.Success(100));
        Assert.Contains("the session stands still", Encoding.UTF8.GetString(await client.ExpectAsync(SshMessageNumber.ChannelExtendedData)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_menus_terminal_waits_with_what_is_typed_ahead()
    {
        await using var rig = new SshRig();
        rig.Live.Entered = static session => session.Suspend(Rule, Hint, passes: true);
        SshPeer client = await rig.ConnectAsync();
        Assert.True(await client.LogInAsync("deploy", Doors.GoodToken));
        await client.SendAsync(SshMsg.Open(100), SshMsg.Pty(0), SshMsg.Request(0, "shell", true), SshMsg.Data(0, "box\rl"));
        SshPeer target = await rig.TargetAsync();
        await target.LetInAsync();
        await target.ExpectAsync(SshMessageNumber.ChannelOpen);
        await target.SendAsync(SshMsg.Confirm(0, 200));
        await client.SkipToAsync(SshMessageNumber.ChannelExtendedData);
        await client.SendAsync(SshMsg.Data(0, "s\r"), SshMsg.Global("keepalive@openssh.com", true));
        await client.ExpectAsync([SshMessageNumber.RequestFailure]);
        rig.Live.Only.Resume();
        await target.ExpectAsync(SshMsg.Pty(200, wantReply: false), SshMsg.Request(200, "shell", false));
        Assert.Equal(SshMsg.Shown(SshMsg.Data(200, "l")), SshMsg.Shown(await target.SkipToAsync(SshMessageNumber.ChannelData)));
        Assert.Equal(SshMsg.Shown(SshMsg.Data(200, "s\r")), SshMsg.Shown(await target.SkipToAsync(SshMessageNumber.ChannelData)));
    }

    [Fact]
    public async Task What_waits_is_bounded()
    {
        await using var rig = new SshRig();
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        byte[] env = SshMsg.Request(0, "env", true, [.. SshMsg.Text("A"), .. SshMsg.Text(new string('x', 30_000))]);
        await client.FloodAsync(env, ((4 << 20) / env.Length) + 1);
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");
        Assert.Empty(await target.DrainAsync());
    }

    /// <summary>A command on channel 0 that was held, and that somebody has approved while nobody watched.</summary>
    private static async Task<(SshPeer Client, SshPeer Target)> ApprovedUnwatchedAsync(SshRig rig)
    {
        (SshPeer client, SshPeer target) = await rig.ReadyAsync();
        await SshRig.OpenAsync(client, target, 0);
        await client.SendAsync(SshMsg.Exec(0, "held thing"));
        Approver.Asked asked = await ((Approver)rig.Approvals!).NextAsync();
        await client.ExpectAsync(SshMessageNumber.ChannelExtendedData);
        rig.Live.Only.Suspend(Rule, Hint, passes: true);
        asked.Approve();
        return (client, target);
    }
}
