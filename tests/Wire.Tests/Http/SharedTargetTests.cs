using Sallyport.Protocols.Http2.Frames;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Requests that share what leads to a target: none may stop, or end, another.</summary>
public sealed class SharedTargetTests
{
    [Fact]
    public async Task A_bug_in_one_exchange_ends_that_one_alone()
    {
        await using var rig = new HttpRig { MayFail = true };
        H2Peer client = await rig.ClientAsync();
        H2Peer other = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await other.SendAsync(H2Msg.Get(1));
        await target.HeadAsync(3);
        rig.Recorder.All[0].Breaks = new InvalidOperationException("a bug");
        await target.SendAsync(H2Msg.Response(1, 200, end: true));
        await client.ExpectResetAsync(1, INTERNAL_ERROR);
        await target.SendAsync(H2Msg.Response(3, 200, end: true));
        Assert.True(await other.StatusAsync(1, 200));
        Assert.Empty(rig.Failures);
    }

    [Fact]
    public async Task Clients_who_read_nothing_do_not_stop_another_on_the_same_connection_to_the_target()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { StreamWindow = 32 << 10, ConnectionWindow = 128 << 10 };
        H2Peer slow = await rig.ClientAsync((4, 0));
        H2Peer? target = null;
        long sent = 0;
        for (int i = 0; i < 20; i++)
        {
            int id = i * 2 + 1;
            await slow.SendAsync(H2Msg.Get(id));
            target ??= await rig.TargetAsync();
            await target.HeadAsync(id);
            await target.SendAsync(H2Msg.Response(id), H2Msg.Data(id, new byte[16 << 10]), H2Msg.Data(id, new byte[16 << 10]));
            sent += 32 << 10;
            await slow.StatusAsync(id, 200);
            await target.ExpectAliveAsync();
            long may = 65_535 + target.Credit.GetValueOrDefault(0);
            Assert.True(may - sent >= 32 << 10, $"stream {id}: sent {sent} of {may}");
        }

        H2Peer quick = await rig.ClientAsync();
        await quick.SendAsync(H2Msg.Get(1));
        await target!.HeadAsync(41);
        await target.SendAsync(H2Msg.Response(41), H2Msg.Data(41, "answer", end: true));
        await quick.StatusAsync(1, 200);
        Assert.Equal("answer", await quick.BodyAsync(1));
    }

    [Fact]
    public async Task A_client_whose_targets_stall_is_granted_what_is_left_to_the_last()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { StreamWindow = 32 << 10, ConnectionWindow = 128 << 10 };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync((4, 0));
        await target.HeadAsync(1);
        await target.ExpectAliveAsync();
        // Three of four windows wait for a target that reads nothing; the fourth request is still granted room.
        for (int id = 3; id < 9; id += 2)
        {
            await client.SendAsync(H2Msg.Post(id), H2Msg.Data(id, new byte[16 << 10]), H2Msg.Data(id, new byte[16 << 10]));
            await target.HeadAsync(id);
        }

        await client.ExpectAliveAsync();
        Assert.True(65_535 + client.Credit.GetValueOrDefault(0) - (96 << 10) > 0, $"{client.Credit.GetValueOrDefault(0)}");
        await client.SendAsync(H2Msg.Post(9), H2Msg.Data(9, "x", end: true));
        await target.HeadAsync(9);
        await target.SendAsync(H2Msg.WindowUpdate(9, 10));
        Assert.Equal("x", await target.BodyAsync(9));
    }

    [Fact]
    public async Task Many_requests_at_a_time_go_to_a_target_of_HTTP1()
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync([.. Enumerable.Range(0, 20).Select(i => H2Msg.Get(i * 2 + 1))]);
        var targets = new List<H1Peer>();
        for (int i = 0; i < 20; i++)
        {
            H1Peer target = await rig.OldTargetAsync();
            await target.HeadAsync();
            targets.Add(target);
        }

        foreach (H1Peer target in targets)
            await target.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        for (int i = 0; i < 20; i++)
            Assert.Equal(H2FrameType.HEADERS, (await client.NextAsync()).Type);
    }

    [Fact]
    public async Task Upgrades_that_wait_for_a_connection_stop_no_other_request()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { UpstreamHttp1Connections = 1 };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        H1Peer first = await rig.OldClientAsync();
        await first.AskAsync("GET /ws", WebSocketMsg.Upgrade);
        H1Peer tunnel = await rig.OldTargetAsync();
        await tunnel.HeadAsync();
        H1Peer second = await rig.OldClientAsync();
        await second.AskAsync("GET /ws", WebSocketMsg.Upgrade);
        await client.SendAsync(H2Msg.Get(3));
        await target.HeadAsync(3);
        await target.SendAsync(H2Msg.Response(3, end: true));
        Assert.True(await client.StatusAsync(3, 200));
        // The first is over, and its connection with it: the second gets one.
        await tunnel.SendAsync("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        await first.StatusAsync(403);
        H1Peer next = await rig.OldTargetAsync();
        await next.HeadAsync();
    }

    [Theory]
    [InlineData("Upgrade: foo\r\n")]
    [InlineData("Upgrade: websocket\r\n")]
    public async Task An_upgrade_that_is_none_takes_no_body_away_and_goes_nowhere(string fields)
    {
        await using var rig = new HttpRig();
        H1Peer client = await rig.OldClientAsync();
        await client.AskAsync("DELETE /thing", fields + "Content-Length: 5\r\n", "hello");
        H2Peer target = await rig.TargetAsync();
        (string head, bool end) = await target.HeadAsync(1);
        Assert.False(end);
        Assert.DoesNotContain("upgrade", head, StringComparison.Ordinal);
        Assert.Equal("hello", await target.BodyAsync(1));
        await target.SendAsync(H2Msg.Response(1, 200, true, ("content-length", "0")));
        await client.StatusAsync(200);
    }

    [Fact]
    public async Task What_comes_late_on_a_stream_that_nobody_remembers_is_dropped()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { ResetsPerSecond = 10_000, IdleFramesPerSecond = 100_000 };
        H2Peer client = await rig.ClientAsync();
        for (int id = 1; id < 700; id += 2)
        {
            await client.SendAsync(H2Msg.Post(id, "/secret/x"));
            await client.StatusAsync(id, 403);
            await client.BodyAsync(id);
            await client.ExpectResetAsync(id, NO_ERROR);
        }

        await client.SendAsync(H2Msg.Data(1, "late"), H2Msg.Data(3, "late", end: true), H2Msg.Headers(5, true, ("x-trailer", "1")), H2Msg.WindowUpdate(7, 100));
        await client.ExpectAliveAsync();
    }
}
