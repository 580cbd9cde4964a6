using System.Net.Sockets;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Targets that do what they should not, and connections that end where they should not.</summary>
public sealed class HostileTargetTests
{
    [Theory]
    [Chunkings("PING on a stream")]
    [Chunkings("a pushed stream")]
    [Chunkings("an answer nobody asked for")]
    [Chunkings("hangs up")]
    [Chunkings("more DATA than the window")]
    public async Task A_target_that_breaks_the_rules_costs_its_requests(string what, Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        rig.Limits = rig.Limits with { StreamWindow = 100, ConnectionWindow = 1 << 20 };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        switch (what)
        {
            case "hangs up":
                target.Vanish();
                break;
            case "more DATA than the window":
                await target.SendAsync(H2Msg.Response(1), H2Msg.Data(1, new string('x', 101)));
                await client.StatusAsync(1, 200);
                await client.ExpectResetAsync(1, FLOW_CONTROL_ERROR);
                return;
            default:
                await target.SendAsync(what switch
                {
                    "PING on a stream" => H2Msg.Frame(H2FrameType.PING, 0, 1, new byte[8]),
                    "a pushed stream" => H2Msg.Frame(H2FrameType.PUSH_PROMISE, H2Flags.END_HEADERS, 1, [0, 0, 0, 2]),
                    _ => H2Msg.Response(3),
                });
                break;
        }

        await client.StatusAsync(1, 502);
        await client.BodyAsync(1);
        await client.ExpectAliveAsync();
        await client.SendAsync(H2Msg.Get(3));
        H2Peer next = await rig.TargetAsync();
        await next.HeadAsync(1);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhel", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false)]
    [InlineData("HTTP/1.1 2", false)]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\n", false)]
    [InlineData("", false)]
    [InlineData("SSH-2.0-OpenSSH\r\n", false)]
    public async Task Half_an_answer_over_HTTP1_is_never_a_whole_one(string answer, bool hasBegun)
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        H1Peer oldClient = await rig.OldClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H1Peer target = await rig.OldTargetAsync();
        await target.HeadAsync();
        await target.SendAsync(answer);
        target.Socket.Shutdown(SocketShutdown.Send);
        if (answer.Contains("103", StringComparison.Ordinal))
            await client.StatusAsync(1, 103);
        if (hasBegun)
        {
            await client.StatusAsync(1, 200);
            H2Frame frame = await client.NextAsync();
            if (frame.Type == H2FrameType.DATA)
                frame = await client.NextAsync();
            Assert.Equal((H2FrameType.RST_STREAM, 1), (frame.Type, frame.Id));
        }
        else
        {
            await client.StatusAsync(1, 502);
        }

        await oldClient.AskAsync();
        target = await rig.OldTargetAsync();
        await target.HeadAsync();
        await target.SendAsync(answer);
        target.Socket.Shutdown(SocketShutdown.Send);
        if (answer.Contains("103", StringComparison.Ordinal))
            await oldClient.StatusAsync(103);
        await oldClient.StatusAsync(hasBegun ? 200 : 502);
        if (hasBegun && !answer.Contains("\nx", StringComparison.Ordinal))
            await Assert.ThrowsAsync<InvalidDataException>(() => answer.Contains("chunked", StringComparison.Ordinal) ? oldClient.ChunkedAsync() : oldClient.TakeAsync(5));
    }

    [Fact]
    public async Task What_a_target_refused_untouched_is_asked_again_on_another_connection()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1, "/a"));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.SendAsync(H2Msg.GoAway(0));
        H2Peer second = await rig.TargetAsync();
        Assert.Contains(":path: /a\n", (await second.HeadAsync(1)).Text, StringComparison.Ordinal);
        await second.SendAsync(H2Msg.Reset(1, REFUSED_STREAM));
        Assert.Contains(":path: /a\n", (await second.HeadAsync(3)).Text, StringComparison.Ordinal);
        await second.SendAsync(H2Msg.Response(3, end: true));
        Assert.True(await client.StatusAsync(1, 200));
        // The connection that went away is closed, though its target did not.
        Assert.Null(await target.TryNextAsync());
    }

    [Fact]
    public async Task With_a_body_the_client_is_told_to_ask_again()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.SendAsync(H2Msg.Reset(1, REFUSED_STREAM));
        await client.ExpectResetAsync(1, REFUSED_STREAM);
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync("POST /", "Content-Length: 5\r\n");
        await target.HeadAsync(3);
        await target.SendAsync(H2Msg.Reset(3, REFUSED_STREAM));
        Assert.Contains("retry-after: 1\r\n", await old.StatusAsync(503), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_kept_connection_that_closes_as_a_request_is_sent_is_replaced_for_safe_requests_alone()
    {
        await using var rig = new HttpRig(http2Target: false);
        H1Peer client = await rig.OldClientAsync();
        foreach (bool isSafe in new[] { true, false })
        {
            await client.AskAsync();
            H1Peer target = await rig.OldTargetAsync();
            await target.HeadAsync();
            await target.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            await client.StatusAsync(200);
            await client.AskAsync(isSafe ? "GET /again" : "POST /once", isSafe ? "" : "Content-Length: 0\r\n");
            await target.HeadAsync();
            target.Vanish();
            if (!isSafe)
            {
                await client.BodyAsync(await client.StatusAsync(502));
                break;
            }

            H1Peer fresh = await rig.OldTargetAsync();
            Assert.StartsWith("GET /again ", await fresh.HeadAsync(), StringComparison.Ordinal);
            await fresh.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            await client.StatusAsync(200);
            Assert.Null(await fresh.TryHeadAsync());
        }
    }

    [Fact]
    public async Task Cve_2018_1002105_an_upgrade_that_was_refused_ends_both_connections()
    {
        await using var rig = new HttpRig(http2Target: false);
        H1Peer client = await rig.OldClientAsync();
        await client.AskAsync("GET /exec", WebSocketMsg.Upgrade);
        H1Peer target = await rig.OldTargetAsync();
        Assert.Contains("upgrade: websocket\r\n", await target.HeadAsync(), StringComparison.OrdinalIgnoreCase);
        await target.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno");
        string head = await client.StatusAsync(400);
        Assert.Contains("connection: close\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("no", await client.BodyAsync(head));
        await client.SendAsync(H1Peer.Request("GET /api/v1/secrets"));
        Assert.Null(await target.TryHeadAsync());
        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task An_answer_before_the_end_of_its_request_is_passed_on_whole()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1), H2Msg.Data(1, "part"));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.ExpectAsync(H2FrameType.DATA, 1);
        await target.SendAsync(H2Msg.Response(1, 413), H2Msg.Data(1, "too large", end: true), H2Msg.Reset(1, NO_ERROR));
        await client.StatusAsync(1, 413);
        Assert.Equal("too large", await client.BodyAsync(1));
        await client.ExpectResetAsync(1, NO_ERROR);
        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task Refused_requests_leave_the_targets_connection_as_it_was()
    {
        foreach (bool http2 in new[] { true, false })
        {
            await using var rig = new HttpRig(http2);
            rig.Limits = rig.Limits with { UpstreamConnections = 1, Connect = TimeSpan.FromSeconds(3) };
            H2Peer client = await rig.ClientAsync();
            await client.SendAsync(H2Msg.Get(1));
            H2Peer? target = http2 ? await rig.TargetAsync((3, 5)) : null;
            H1Peer? old = http2 ? null : await rig.OldTargetAsync();
            int asked = 1;
            await AnswerAsync();
            Assert.True(await client.StatusAsync(1, 200));
            int id = 3;
            for (int i = 0; i < 20; i++, id += 2)
            {
                await client.SendAsync(H2Msg.Get(id, "/secret/x"));
                await client.StatusAsync(id, 403);
                await client.BodyAsync(id);
            }

            await client.SendAsync(H2Msg.Get(id));
            await AnswerAsync();
            Assert.True(await client.StatusAsync(id, 200));

            async Task AnswerAsync()
            {
                if (target is not null)
                {
                    await target.HeadAsync(asked);
                    await target.SendAsync(H2Msg.Response(asked, end: true));
                    asked += 2;
                }
                else
                {
                    await old!.HeadAsync();
                    await old.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            }
        }
    }

    [Fact]
    public async Task Answers_that_a_client_gives_up_are_credited_to_the_target()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { StreamWindow = 32 << 10, ConnectionWindow = 128 << 10 };
        H2Peer client = await rig.ClientAsync((4, 0));
        H2Peer? target = null;
        // Each stream leaves its whole window waiting for a client that reads nothing; the connection's would be used up by four.
        long sent = 0;
        for (int i = 0; i < 20; i++)
        {
            int id = i * 2 + 1;
            await client.SendAsync(H2Msg.Get(id));
            target ??= await rig.TargetAsync();
            await target.HeadAsync(id);
            await target.SendAsync(H2Msg.Response(id), H2Msg.Data(id, new byte[16 << 10]), H2Msg.Data(id, new byte[16 << 10]));
            sent += 32 << 10;
            await client.StatusAsync(id, 200);
            await client.SendAsync(H2Msg.Reset(id));
            await target.ExpectResetAsync(id, CANCEL);
        }

        await target!.ExpectAliveAsync();
        long may = 65_535 + target.Credit.GetValueOrDefault(0);
        Assert.True(may - sent >= 64 << 10, $"sent {sent} of {may}");
    }

    [Fact]
    public async Task The_targets_credential_is_sent_and_the_clients_is_not()
    {
        await using var rig = new HttpRig();
        rig.Target = rig.Target with { Credential = HttpCredentialKind.Bearer };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        (string head, _) = await target.HeadAsync(1);
        Assert.Contains($"authorization: Bearer {rig.Upstream.Password}\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain(Doors.GoodToken, head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endless_informational_answers_stop_at_a_few_and_reset_storms_cost_their_requests()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.SendAsync([.. Enumerable.Repeat(H2Msg.Response(1, 103), 1000), H2Msg.Response(1, end: true)]);
        int hints = 0;
        while ((await client.HeadAsync(1)).Text != ":status: 200\n")
            hints++;
        Assert.InRange(hints, 1, 16);

        // More than a client itself may make us reset in a second.
        for (int i = 1; i <= 300; i++)
        {
            int id = i * 2 + 1;
            await client.SendAsync(H2Msg.Get(id));
            await target.HeadAsync(id);
            await target.SendAsync(H2Msg.Response(id), H2Msg.Reset(id, INTERNAL_ERROR));
            await client.StatusAsync(id, 200);
            await client.ExpectResetAsync(id, INTERNAL_ERROR);
        }
    }
}
