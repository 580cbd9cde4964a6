using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Refusals, expectations, and how sessions end.</summary>
public sealed class EndTests
{
    [Theory, Chunkings]
    public async Task Refusals_answer_the_request_alone_and_its_body_is_not_waited_for(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H2Peer client = await rig.ClientAsync();
        (string, string)[] get = H2Msg.Request("POST", "/secret/x");
        await client.SendAsync(H2Msg.Headers(1, false, get), H2Msg.Data(1, "part"));
        Assert.False(await client.StatusAsync(1, 403));
        Assert.Contains("Ask somebody.", await client.BodyAsync(1), StringComparison.Ordinal);
        await client.ExpectResetAsync(1, NO_ERROR);
        await client.SendAsync(H2Msg.Data(1, "rest", end: true), H2Msg.Headers(3, true, get[..4]));
        await client.StatusAsync(3, 401);
        await client.BodyAsync(3);
        await client.SendAsync(H2Msg.Headers(5, true, [.. get[..4], ("authorization", "Bearer wrong")]));
        await client.StatusAsync(5, 401);
        await client.BodyAsync(5);
        await client.SendAsync(H2Msg.Headers(7, true, [.. get[..3], (":authority", "other.example"), get[4]]));
        await client.StatusAsync(7, 403);
        await client.BodyAsync(7);
        await client.SendAsync(H2Msg.Headers(9, true, [.. H2Msg.Request("HEAD", "/secret/x")]));
        Assert.True(await client.StatusAsync(9, 403));
        await client.SendAsync(H2Msg.Get(11, "/", true, ("x-remote-user", "root")));
        await client.StatusAsync(11, 400);
        await client.BodyAsync(11);
        Assert.False(rig.IsTargetKnocking);
    }

    [Theory, Chunkings]
    public async Task Over_HTTP1_a_refusal_with_an_unread_body_reaches_the_client_and_ends_the_connection(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H1Peer client = await rig.OldClientAsync();
        await client.AskAsync("GET /secret/x");
        await client.BodyAsync(await client.StatusAsync(403));
        await client.AskAsync("POST /secret/x", "Content-Length: 1000000\r\n", new string('x', chunking.IsWhole ? 100_000 : 500));
        Assert.Contains("Ask somebody.", await client.BodyAsync(await client.StatusAsync(403)), StringComparison.Ordinal);
        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task Rfc9110_10_1_1_who_expects_100_gets_it_once_the_request_is_let_through()
    {
        foreach (bool http2 in new[] { true, false })
        {
            await using var rig = new HttpRig(http2);
            H1Peer client = await rig.OldClientAsync();
            await client.AskAsync("POST /", "Content-Length: 5\r\nExpect: 100-continue\r\n");
            await client.StatusAsync(100);
            await client.SendAsync("hello");
            if (http2)
            {
                H2Peer target = await rig.TargetAsync();
                Assert.DoesNotContain("expect", (await target.HeadAsync(1)).Text, StringComparison.Ordinal);
                Assert.Equal("hello", await target.BodyAsync(1));
                await target.SendAsync(H2Msg.Response(1, 100), H2Msg.Response(1, 200, true, ("content-length", "0")));
            }
            else
            {
                H1Peer target = await rig.OldTargetAsync();
                string head = await target.HeadAsync();
                Assert.DoesNotContain("expect", head, StringComparison.OrdinalIgnoreCase);
                Assert.Equal("hello", await target.BodyAsync(head));
                await target.SendAsync("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }

            await client.StatusAsync(200);
            await client.AskAsync("POST /secret/x", "Content-Length: 5\r\nExpect: 100-continue\r\n");
            await client.StatusAsync(403);
        }
    }

    [Fact]
    public async Task An_ended_session_says_why_and_drains_its_connection()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await client.SendAsync(H2Msg.Get(3));
        await target.HeadAsync(3);
        await target.SendAsync(H2Msg.Response(3), H2Msg.Data(3, "x"));
        await client.StatusAsync(3, 200);
        await client.ExpectAsync(H2FrameType.DATA, 3);
        Assert.Single(rig.Live.Controls).End("ended-by-admin", "somebody has ended it");

        var seen = new HashSet<string>();
        while (await client.TryNextAsync() is { } frame)
            seen.Add(frame.Type is H2FrameType.RST_STREAM or H2FrameType.GOAWAY ? frame.ToString() : frame.Type == H2FrameType.DATA ? frame.Text : $"{frame.Type} {frame.Id}");
        Assert.Contains("HEADERS 1", seen);
        Assert.Contains(seen, text => text.Contains("somebody has ended it", StringComparison.Ordinal));
        Assert.Contains("RST_STREAM 3 CANCEL", seen);
        Assert.Contains("GOAWAY 3 NO_ERROR", seen);
        client.Vanish();
        await rig.ExpectEndAsync(SessionSide.Proxy, "drained");
        Assert.Equal("ended-by-admin", rig.Recorder.Only.End!.Reason);
        await target.ExpectResetAsync(1, CANCEL);
        await target.ExpectResetAsync(3, CANCEL);
    }

    [Fact]
    public async Task A_stop_answers_what_is_under_way_and_ends_every_connection()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync();
        await target.HeadAsync(3);
        H1Peer idle = await rig.OldClientAsync();
        rig.Stop();
        await client.StatusAsync(1, 503);
        await client.BodyAsync(1);
        await client.ExpectEndAsync(NO_ERROR);
        await old.BodyAsync(await old.StatusAsync(503));
        await old.ExpectClosedAsync();
        await idle.ExpectClosedAsync();
        await rig.ExpectEndAsync(SessionSide.Proxy, "stopped");
    }

    [Fact]
    public async Task What_cannot_be_recorded_does_not_go_out_and_ends_the_connection()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        rig.Recorder.Only.Fails = true;
        await target.SendAsync(H2Msg.Response(1, 200, false, ("x", "never recorded")));
        while (await client.TryNextAsync() is { } frame)
            Assert.NotEqual(H2FrameType.HEADERS, frame.Type);
        Assert.Equal("recording-failed", (await rig.EndAsync()).Reason);
    }

    [Fact]
    public async Task A_target_that_cannot_be_reached_is_502()
    {
        await using var rig = new HttpRig();
        rig.CloseTarget();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        await client.StatusAsync(1, 502);
        await client.BodyAsync(1);
        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task A_login_that_breaks_is_500_and_said_at_the_end()
    {
        await using var rig = new HttpRig { Login = new Broken(), MayFail = true };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        await client.StatusAsync(1, 500);
        await client.BodyAsync(1);
        client.Vanish();
        await rig.ExpectEndAsync(SessionSide.Proxy, "internal-error");
    }

    private sealed class Broken : ILogin
    {
        public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => throw new InvalidOperationException("a bug");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_gives_its_request_up(bool http2)
    {
        await using var rig = new HttpRig();
        H2Peer? client = http2 ? await rig.ClientAsync() : null;
        H1Peer? old = http2 ? null : await rig.OldClientAsync();
        if (client is not null)
            await client.SendAsync(H2Msg.Get(1));
        else
            await old!.AskAsync();
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        client?.Vanish();
        old?.Vanish();
        await target.ExpectResetAsync(1, CANCEL);
        await target.ExpectAliveAsync();
    }
}
