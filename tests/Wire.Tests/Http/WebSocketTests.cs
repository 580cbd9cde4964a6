using System.Text;
using Sallyport.Protocols.Http2.Frames;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>WebSockets of clients and targets of either version (RFC 6455, RFC 8441): judged, recorded and held as the same thing.</summary>
public sealed class WebSocketTests
{
    [Theory, Chunkings]
    public async Task Rfc8441_5_a_target_that_does_not_know_extended_CONNECT_gets_an_upgrade(Chunking chunking)
    {
        await using var rig = new HttpRig(http2Target: false, chunking);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Connect(1, "/ws?x=1", ("sec-websocket-protocol", "chat"), ("sec-websocket-key", "mine")));
        H1Peer target = await rig.OldTargetAsync();
        string asked = await target.HeadAsync();
        Assert.StartsWith("GET /ws?x=1 HTTP/1.1\r\nhost: app.internal:8080\r\n", asked, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("sec-websocket-protocol: chat\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("sec-websocket-version: 13\r\n", asked, StringComparison.Ordinal);
        Assert.Contains("connection: Upgrade\r\nupgrade: websocket\r\n", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", asked, StringComparison.Ordinal);
        await target.SendAsync(WebSocketMsg.Switching(asked, "Sec-WebSocket-Protocol: chat\r\n") + "first");
        (string head, bool end) = await client.HeadAsync(1);
        Assert.Equal((":status: 200\nsec-websocket-protocol: chat\n", false), (head, end));
        Assert.Equal("first", await TakeAsync(client, 1, 5));
        await client.SendAsync(H2Msg.Data(1, "second"));
        Assert.Equal("second", await target.TakeAsync(6));

        // An orderly end is END_STREAM, each way (RFC 8441 5).
        await client.SendAsync(H2Msg.Data(1, "", end: true));
        await target.ExpectClosedAsync();
        await target.DisposeAsync();
        Assert.Equal("", await client.BodyAsync(1));
        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task Rfc8441_3_a_target_that_knows_extended_CONNECT_gets_one()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync((8, 1));
        await target.HeadAsync(1);
        await target.ExpectAliveAsync();
        await client.SendAsync(Connect(3, "/ws"));
        (string asked, bool end) = await target.HeadAsync(3);
        Assert.False(end);
        Assert.StartsWith(":method: CONNECT\n:protocol: websocket\n:scheme: http\n:path: /ws\n:authority: app.internal:8080\n", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("sec-websocket-key", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("upgrade", asked, StringComparison.Ordinal);
        await target.SendAsync(H2Msg.Response(3), H2Msg.Data(3, "first"));
        await client.StatusAsync(3, 200);
        Assert.Equal("first", await TakeAsync(client, 3, 5));
        await client.SendAsync(H2Msg.Data(3, "second", end: true));
        Assert.Equal("second", await target.BodyAsync(3));
        await target.SendAsync(H2Msg.Data(3, "", end: true));
        Assert.Equal("", await client.BodyAsync(3));
    }

    [Fact]
    public async Task A_target_whose_HTTP2_does_not_know_extended_CONNECT_gets_an_upgrade_on_another_connection()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.ExpectAliveAsync();
        await client.SendAsync(Connect(3, "/ws"));
        H1Peer old = await rig.OldTargetAsync();
        await old.SendAsync(WebSocketMsg.Switching(await old.HeadAsync()));
        Assert.False(await client.StatusAsync(3, 200));
        await target.ExpectAliveAsync();
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    public async Task A_WebSocket_that_the_target_has_not_opened_is_not_said_to_be_open(string answer)
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Connect(1, "/ws"));
        H1Peer target = await rig.OldTargetAsync();
        await target.HeadAsync();
        await target.SendAsync(answer);
        await client.StatusAsync(1, 502);
        Assert.Contains("has not opened the WebSocket", await client.BodyAsync(1), StringComparison.Ordinal);
        await client.ExpectResetAsync(1, NO_ERROR);
        Assert.Null(await target.TryHeadAsync());
        await client.ExpectAliveAsync();

        // Whoever replays it sees what the client saw.
        string shown = Encoding.Latin1.GetString(rig.Recorder.Only.ToClient);
        Assert.Contains("502", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(answer[9..12], shown, StringComparison.Ordinal);
    }

    /// <summary>A refusal of gRPC has the status 200, which would say that the WebSocket is open.</summary>
    [Fact]
    public async Task A_refused_WebSocket_that_calls_itself_gRPC_is_refused_as_a_WebSocket()
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Connect(1, "/secret/ws", ("content-type", "application/grpc")));
        await client.StatusAsync(1, 403);
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync("GET /secret/ws", WebSocketMsg.Upgrade + "Content-Type: application/grpc\r\n");
        await old.StatusAsync(403);
        Assert.False(rig.IsTargetKnocking);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(302)]
    [InlineData(426)]
    public async Task Another_answer_is_passed_on_and_nothing_reaches_the_target_after_it(int status)
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Connect(1, "/ws"));
        H1Peer target = await rig.OldTargetAsync();
        await target.HeadAsync();
        await target.SendAsync($"HTTP/1.1 {status} No\r\nContent-Length: 3\r\n\r\nno!");
        await client.StatusAsync(1, status);
        Assert.Equal("no!", await client.BodyAsync(1));
        await client.SendAsync(H2Msg.Data(1, "GET /api/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n"));
        await client.ExpectResetAsync(1, NO_ERROR);
        Assert.Null(await target.TryHeadAsync());
        await client.ExpectAliveAsync();
    }

    /// <summary>RFC 6455 4.1. A target that has not switched would read it as a request.</summary>
    [Fact]
    public async Task What_is_sent_before_the_WebSocket_is_open_reaches_no_target()
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(Connect(1, "/ws"), H2Msg.Data(1, "GET /api/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n"));
        await client.ExpectResetAsync(1, PROTOCOL_ERROR);
        await client.ExpectAliveAsync();
        await client.SendAsync(Connect(3, "/ws"));
        H1Peer target = await rig.OldTargetAsync();
        Assert.StartsWith("GET /ws ", await target.HeadAsync(), StringComparison.Ordinal);
        await client.SendAsync(H2Msg.Data(3, "GET /api/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n"));
        await client.ExpectResetAsync(3, PROTOCOL_ERROR);
        Assert.Null(await target.TryHeadAsync());
    }

    [Fact]
    public async Task One_that_ends_with_its_head_or_has_trailers_is_none()
    {
        await using var rig = new HttpRig(http2Target: false);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Headers(1, true, WebSocketMsg.Connect("/ws")));
        await client.ExpectResetAsync(1, PROTOCOL_ERROR);
        await client.SendAsync(Connect(3, "/ws"));
        H1Peer target = await rig.OldTargetAsync();
        await target.SendAsync(WebSocketMsg.Switching(await target.HeadAsync()));
        await client.StatusAsync(3, 200);
        await client.SendAsync(H2Msg.Headers(3, true, ("x-late", "1")));
        await client.ExpectResetAsync(3, PROTOCOL_ERROR);
        await target.ExpectClosedAsync();
        await client.ExpectAliveAsync();
    }

    /// <summary>Whoever may read a path may not therefore speak another protocol with it, over whichever version.</summary>
    [Theory]
    [InlineData("/ws", 403)]
    [InlineData("/open/ws", 200)]
    public async Task Both_ways_are_judged_alike(string path, int status)
    {
        const string Policy = """
            policy: open
            match: {targets: [app]}
            rules:
              - {id: enter, effect: allow, verbs: [login]}
              - {id: read, effect: allow, verbs: [http-get], paths: ["/**"]}
              - {id: sockets, effect: allow, verbs: [http-connect], paths: ["/open/**"]}
            """;
        await using var rig = new HttpRig(http2Target: false, policy: Policy);
        H2Peer client = await rig.ClientAsync();
        H1Peer old = await rig.OldClientAsync();
        await client.SendAsync(Connect(1, path));
        await old.AskAsync("GET " + path, WebSocketMsg.Upgrade);
        for (int i = 0; status == 200 && i < 2; i++)
        {
            H1Peer target = await rig.OldTargetAsync();
            await target.SendAsync(WebSocketMsg.Switching(await target.HeadAsync()));
        }

        await client.StatusAsync(1, status);
        await old.StatusAsync(status == 200 ? 101 : status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_WebSocket_waits_for_approval(bool http2)
    {
        var approver = new Approver();
        await using var rig = new HttpRig(http2Target: false) { Approvals = approver };
        H2Peer client = await rig.ClientAsync();
        H1Peer old = await rig.OldClientAsync();
        if (http2)
            await client.SendAsync(Connect(1, "/held/ws"));
        else
            await old.AskAsync("GET /held/ws", WebSocketMsg.Upgrade);
        Approver.Asked asked = await approver.NextAsync();
        Assert.False(rig.IsTargetKnocking);
        asked.Approve();
        H1Peer target = await rig.OldTargetAsync();
        await target.SendAsync(WebSocketMsg.Switching(await target.HeadAsync()) + "hello");
        if (http2)
        {
            await client.StatusAsync(1, 200);
            Assert.Equal("hello", await TakeAsync(client, 1, 5));
            return;
        }

        await old.StatusAsync(101);
        Assert.Equal("hello", await old.TakeAsync(5));
        await old.SendAsync("bye");
        Assert.Equal("bye", await target.TakeAsync(3));
    }

    /// <summary>What lies unread hides that the client has gone: a person would decide for nobody.</summary>
    [Theory]
    [InlineData("GET /held/ws", WebSocketMsg.Upgrade)]
    [InlineData("GET /held/a", "")]
    public async Task Of_a_client_that_talks_on_and_on_nothing_waits_for_approval(string line, string fields)
    {
        var approver = new Approver();
        await using var rig = new HttpRig(http2Target: false) { Approvals = approver };
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync(line, fields);
        Approver.Asked asked = await approver.NextAsync();
        await old.SendAsync(new string('x', 40_000));
        await asked.Withdrawn.Task.WaitAsync(HttpRig.Patience);
        await old.StatusAsync(400);
        Assert.False(rig.IsTargetKnocking);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(15_000)]
    public async Task What_a_hasty_client_of_HTTP1_has_sent_reaches_the_target_once_it_has_switched(int count)
    {
        await using var rig = new HttpRig(http2Target: false);
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync("GET /ws", WebSocketMsg.Upgrade, new string('x', count));
        H1Peer target = await rig.OldTargetAsync();
        await target.SendAsync(WebSocketMsg.Switching(await target.HeadAsync()));
        await old.StatusAsync(101);
        Assert.Equal(count, (await target.TakeAsync(count)).Length);
    }

    private static byte[] Connect(int id, string path, params (string, string)[] more) => H2Msg.Headers(id, false, WebSocketMsg.Connect(path, more));

    private static async Task<string> TakeAsync(H2Peer peer, int id, int count)
    {
        string text = "";
        while (text.Length < count)
            text += (await peer.ExpectAsync(H2FrameType.DATA, id)).Text;
        return text;
    }
}
