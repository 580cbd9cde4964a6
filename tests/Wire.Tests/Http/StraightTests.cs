using Sallyport.Protocols.Http2.Frames;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Requests and responses that are as they should be, in the four combinations of versions.</summary>
public sealed class StraightTests
{
    [Theory, Chunkings]
    public async Task From_HTTP2_to_HTTP2_bodies_and_trailers_pass_both_ways(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1, "/a?b=c", ("x-one", "1"), ("trailer", "x-sum")), H2Msg.Data(1, "hello "), H2Msg.Data(1, "world"), H2Msg.Headers(1, true, ("x-sum", "11")));
        H2Peer target = await rig.TargetAsync();
        (string head, bool end) = await target.HeadAsync(1);
        Assert.False(end);
        Assert.StartsWith(":method: POST\n:scheme: http\n:path: /a?b=c\n:authority: app.internal:8080\n", head, StringComparison.Ordinal);
        Assert.Contains("x-one: 1\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("authorization", head, StringComparison.Ordinal);
        Assert.Equal("hello world", await Collect(target, 1, 11));
        Assert.Equal(("x-sum: 11\n", true), await target.HeadAsync(1));

        await target.SendAsync(H2Msg.Response(1, 103, false, ("link", "</s>")), H2Msg.Response(1, 200, false, ("x-two", "2")), H2Msg.Data(1, "bye"), H2Msg.Headers(1, true, ("grpc-status", "0")));
        Assert.Equal((":status: 103\nlink: </s>\n", false), await client.HeadAsync(1));
        Assert.Equal((":status: 200\nx-two: 2\n", false), await client.HeadAsync(1));
        Assert.Equal("bye", await Collect(client, 1, 3));
        Assert.Equal(("grpc-status: 0\n", true), await client.HeadAsync(1));
    }

    [Theory, Chunkings]
    public async Task From_HTTP2_to_HTTP1_bodies_and_trailers_pass_both_ways(Chunking chunking)
    {
        await using var rig = new HttpRig(http2Target: false, chunking);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1, "/a"), H2Msg.Data(1, "hello"), H2Msg.Headers(1, true, ("x-sum", "5")));
        H1Peer target = await rig.OldTargetAsync();
        string head = await target.HeadAsync();
        Assert.StartsWith("POST /a HTTP/1.1\r\nhost: app.internal:8080\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("transfer-encoding: chunked\r\n", head, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("hello|x-sum: 5", await target.ChunkedAsync());
        await target.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbye\r\n0\r\nX-End: 1\r\n\r\n");
        Assert.Equal((":status: 103\nlink: </s>\n", false), await client.HeadAsync(1));
        Assert.Equal((":status: 200\n", false), await client.HeadAsync(1));
        Assert.Equal("bye", await Collect(client, 1, 3));
        Assert.Equal(("x-end: 1\n", true), await client.HeadAsync(1));
    }

    [Theory, Chunkings]
    public async Task From_HTTP1_to_HTTP2_bodies_and_trailers_pass_both_ways(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H1Peer client = await rig.OldClientAsync();
        await client.AskAsync("POST /a", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n");
        H2Peer target = await rig.TargetAsync();
        (string head, bool end) = await target.HeadAsync(1);
        Assert.False(end);
        Assert.DoesNotContain("transfer-encoding", head, StringComparison.Ordinal);
        Assert.Equal("hello", await Collect(target, 1, 5));
        Assert.Equal(("x-sum: 5\n", true), await target.HeadAsync(1));
        await target.SendAsync(H2Msg.Response(1, 103, false, ("link", "</s>")), H2Msg.Response(1), H2Msg.Data(1, "bye"), H2Msg.Headers(1, true, ("x-end", "1")));
        Assert.Contains("link: </s>\r\n", await client.StatusAsync(103), StringComparison.Ordinal);
        Assert.Contains("transfer-encoding: chunked\r\n", await client.StatusAsync(200), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("bye|x-end: 1", await client.ChunkedAsync());
    }

    [Theory, Chunkings]
    public async Task From_HTTP1_to_HTTP1_a_connection_carries_one_request_after_the_other(Chunking chunking)
    {
        await using var rig = new HttpRig(http2Target: false, chunking);
        H1Peer client = await rig.OldClientAsync();
        H1Peer? target = null;
        for (int i = 0; i < 5; i++)
        {
            await client.AskAsync($"POST /{i}", "Content-Length: 5\r\n", "hello");
            target ??= await rig.OldTargetAsync();
            string head = await target.HeadAsync();
            Assert.StartsWith($"POST /{i} HTTP/1.1\r\n", head, StringComparison.Ordinal);
            Assert.Equal("hello", await target.BodyAsync(head));
            await target.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbye");
            Assert.Equal("bye", await client.BodyAsync(await client.StatusAsync(200)));
        }
    }

    [Theory]
    [Chunkings(true)]
    [Chunkings(false)]
    public async Task Pipelined_requests_are_answered_in_their_order(bool http2, Chunking chunking)
    {
        await using var rig = new HttpRig(http2, chunking);
        H1Peer client = await rig.OldClientAsync();
        await client.SendAsync(string.Concat(Enumerable.Range(0, 20).Select(i => H1Peer.Request($"POST /{i}", "Content-Length: 2\r\n", "ab"))));
        if (http2)
        {
            H2Peer target = await rig.TargetAsync();
            for (int i = 0; i < 20; i++)
            {
                int id = i * 2 + 1;
                Assert.Contains($":path: /{i}\n", (await target.HeadAsync(id)).Text, StringComparison.Ordinal);
                Assert.Equal("ab", await target.BodyAsync(id));
                await target.SendAsync(H2Msg.Response(id, 200, false, ("content-length", "1")), H2Msg.Data(id, "x", end: true));
            }
        }
        else
        {
            H1Peer target = await rig.OldTargetAsync();
            for (int i = 0; i < 20; i++)
            {
                string head = await target.HeadAsync();
                Assert.StartsWith($"POST /{i} ", head, StringComparison.Ordinal);
                await target.BodyAsync(head);
                await target.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
            }
        }

        for (int i = 0; i < 20; i++)
            Assert.Equal("x", await client.BodyAsync(await client.StatusAsync(200)));
    }

    [Theory]
    [Chunkings(true)]
    [Chunkings(false)]
    public async Task Answers_without_a_body_end_with_their_head(bool http2, Chunking chunking)
    {
        await using var rig = new HttpRig(http2, chunking);
        H2Peer client = await rig.ClientAsync();
        H2Peer? target = null;
        H1Peer? old = null;
        (string Method, int Status, string? Length)[] answers = [("HEAD", 200, "1000"), ("GET", 204, null), ("GET", 304, null), ("GET", 200, "0")];
        for (int i = 0; i < answers.Length; i++)
        {
            (string method, int status, string? length) = answers[i];
            int id = i * 2 + 1;
            await client.SendAsync(H2Msg.Headers(id, true, H2Msg.Request(method, "/")));
            if (http2)
            {
                target ??= await rig.TargetAsync();
                Assert.True((await target.HeadAsync(id)).End);
                await target.SendAsync(length is null ? H2Msg.Response(id, status, true) : H2Msg.Response(id, status, true, ("content-length", length)));
            }
            else
            {
                old ??= await rig.OldTargetAsync();
                await old.HeadAsync();
                await old.SendAsync($"HTTP/1.1 {status} OK\r\n{(length is null ? "" : $"Content-Length: {length}\r\n")}\r\n");
            }

            Assert.True(await client.StatusAsync(id, status));
        }
    }

    [Theory, Chunkings]
    public async Task A_large_head_goes_on_in_CONTINUATION(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H2Peer client = await rig.ClientAsync();
        string large = new('x', 20_000);
        byte[] block = H2Msg.Block(H2Msg.Request("GET", "/", ("x-large", large), ("x-larger", large)));
        await client.SendAsync(H2Msg.Begin(1, true, block[..16_000]), H2Msg.Continuation(1, block[16_000..32_000], last: false), H2Msg.Continuation(1, block[32_000..]));
        H2Peer target = await rig.TargetAsync();
        (string head, bool end) = await target.HeadAsync(1);
        Assert.True(end);
        Assert.Contains($"x-larger: {large}\n", head, StringComparison.Ordinal);
        await target.SendAsync(H2Msg.Begin(1, true, H2Msg.Block((":status", "200"), ("x-large", large))[..100]), H2Msg.Continuation(1, H2Msg.Block((":status", "200"), ("x-large", large))[100..16_000], last: false),
            H2Msg.Continuation(1, H2Msg.Block((":status", "200"), ("x-large", large))[16_000..]));
        Assert.Equal(($":status: 200\nx-large: {large}\n", true), await client.HeadAsync(1));
    }

    /// <summary>Data of a stream, however it is cut; its end is not among it.</summary>
    private static async Task<string> Collect(H2Peer peer, int id, int length)
    {
        string text = "";
        while (text.Length < length)
            text += (await peer.ExpectAsync(H2FrameType.DATA, id)).Text;
        return text;
    }
}
