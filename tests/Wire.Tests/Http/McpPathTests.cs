using Sallyport.Protocols.Http2;

namespace Sallyport.Wire.Tests.Http;

/// <summary>The path of an MCP server: what is said there is judged and masked as messages, whatever it says that it is.</summary>
public sealed class McpPathTests
{
    private const string Tools = """
        policy: open
        match: {targets: [app]}
        rules:
          - {id: enter, effect: allow, verbs: [login]}
          - {id: all, effect: allow, verbs: [all]}
          - {id: no-drop, effect: deny, verbs: [mcp-tool], objects: ["drop_*"]}
        """;

    private const string Masked = """
        policy: open
        match: {targets: [app]}
        rules:
          - {id: enter, effect: allow, verbs: [login]}
          - {id: all, effect: allow, verbs: [all]}
        mask:
          - {id: cards, fields: ["**.card", card], paths: ["/**"], with: redact}
          - {id: mail, detect: [email], with: redact}
        """;

    private const string Call = """{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"drop_database","arguments":{}}}""";

    [Theory]
    [InlineData("application/json", "no-drop")]
    [InlineData("text/plain", "\"error\"")]
    [InlineData("application/grpc", "grpc-status: 7")]
    [InlineData("application/grpc+json", "grpc-status: 7")]
    public async Task A_denied_tool_is_denied_whatever_the_media_type(string type, string said)
    {
        await using HttpRig rig = Rig(Tools);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1, "/api/mcp", ("content-type", type)), H2Msg.Data(1, Call, end: true));
        (string head, bool end) = await client.HeadAsync(1);
        Assert.Contains(said, end ? head : head + await client.BodyAsync(1), StringComparison.Ordinal);
        Assert.False(rig.IsTargetKnocking);
    }

    [Theory]
    [InlineData(Tools)]
    [InlineData(Masked)]
    public async Task There_is_no_upgrade(string policy)
    {
        await using HttpRig rig = Rig(policy);
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync("GET /api/mcp", WebSocketMsg.Upgrade);
        Assert.Contains("takes no upgrade", await old.BodyAsync(await old.StatusAsync(400)), StringComparison.Ordinal);
        H2Peer client = await rig.ClientAsync();
        foreach ((int id, string protocol) in ((int, string)[])[(1, "websocket"), (3, "connect-udp")])
        {
            await client.SendAsync(H2Msg.Headers(id, false, [(":method", "CONNECT"), (":protocol", protocol), .. H2Msg.Request("GET", "/api/mcp")[1..]]));
            await client.StatusAsync(id, 400);
            await client.BodyAsync(id);
            await client.ExpectResetAsync(id, Protocols.Http2.Heads.H2ErrorCode.NO_ERROR);
        }

        Assert.False(rig.IsTargetKnocking);
    }

    [Theory]
    [InlineData("GET", "application/json", "{0}")]
    [InlineData("POST", "application/json", "{0}")]
    [InlineData("POST", "text/event-stream", "event: message\ndata: {0}\n\n")]
    public async Task Fields_are_masked_beside_what_detectors_find(string method, string type, string form)
    {
        await using HttpRig rig = Rig(Masked);
        H1Peer old = await rig.OldClientAsync();
        const string Ping = """{"jsonrpc":"2.0","id":1,"method":"ping"}""";
        await old.AskAsync($"{method} /api/mcp", method == "POST" ? $"Content-Type: application/json\r\nContent-Length: {Ping.Length}\r\n" : "", method == "POST" ? Ping : "");
        H1Peer target = await rig.OldTargetAsync();
        await target.HeadAsync();
        string body = form.Replace("{0}", """{"jsonrpc":"2.0","id":1,"result":{"card":"4111","structuredContent":{"card":5222,"who":"ann@example.com"}}}""", StringComparison.Ordinal);
        await target.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        await old.StatusAsync(200);
        string shown = await old.ChunkedAsync();
        Assert.Contains("\"structuredContent\"", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("4111", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("5222", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("ann@", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fields_of_what_is_no_JSON_are_not_shown_at_all()
    {
        await using HttpRig rig = Rig(Masked);
        H1Peer old = await rig.OldClientAsync();
        await old.AskAsync("GET /api/mcp");
        H1Peer target = await rig.OldTargetAsync();
        await target.HeadAsync();
        await target.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\ncard=4111");
        Assert.DoesNotContain("4111", await old.TryHeadAsync() ?? "", StringComparison.Ordinal);
    }

    private static HttpRig Rig(string policy)
    {
        var rig = new HttpRig(http2Target: false, policy: policy);
        rig.Target = new HttpTarget { Info = rig.Target.Info, Authority = rig.Target.Authority, McpPaths = ["/api/mcp"] };
        return rig;
    }
}
