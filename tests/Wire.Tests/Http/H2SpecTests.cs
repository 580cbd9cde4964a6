using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>
/// What RFC 9113 asks of a server, section by section, on a connection: the cases of h2spec that need one, against the listener. Frames that are wrong in themselves are
/// tested beside their parsers.
/// </summary>
public sealed class H2SpecTests
{
    private static readonly (string, string)[] Get = H2Msg.Request("GET", "/");

    /// <summary>What ends the connection, the code it ends with, and the frames that do it behind a preface.</summary>
    public static TheoryData<string, int, byte[]> Ends { get; } = new()
    {
        { "4.1 a frame of another type while a block is open (4.3)", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Frame((H2FrameType)0xff, 0, 0, new byte[8])) },
        { "4.2/2 a frame larger than SETTINGS_MAX_FRAME_SIZE", (int)FRAME_SIZE_ERROR, H2Msg.HeadersOf(1, true, new byte[16_385]) },
        { "4.3/1 a block that cannot be decoded", (int)COMPRESSION_ERROR, H2Msg.HeadersOf(1, true, [0x80]) },
        { "4.3/2 PRIORITY inside a block", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Priority(1, 0)) },
        { "4.3/3 HEADERS of another stream inside a block", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Get(3)) },
        { "5.1/1 DATA on an idle stream", (int)PROTOCOL_ERROR, H2Msg.Data(1, "x", end: true) },
        { "5.1/2 RST_STREAM on an idle stream", (int)PROTOCOL_ERROR, H2Msg.Reset(1) },
        { "5.1/3 WINDOW_UPDATE on an idle stream", (int)PROTOCOL_ERROR, H2Msg.WindowUpdate(1, 100) },
        { "5.1/4 CONTINUATION on an idle stream", (int)PROTOCOL_ERROR, H2Msg.Continuation(1, H2Msg.Block(Get)) },
        { "5.1.1/1 a stream with an even number", (int)PROTOCOL_ERROR, H2Msg.Headers(2, true, Get) },
        { "5.1.1/2 a number lower than one before", (int)PROTOCOL_ERROR, Join(H2Msg.Headers(5, true, Get), H2Msg.Headers(3, true, Get)) },
        { "5.3/1 PRIORITY of stream 0 (6.3)", (int)PROTOCOL_ERROR, H2Msg.Priority(0, 3) },
        { "5.4.1/2 the connection closes after GOAWAY", (int)PROTOCOL_ERROR, H2Msg.Frame(H2FrameType.PING, 0, 1, new byte[8]) },
        { "5.5/2 an unknown frame inside a block", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Frame((H2FrameType)0xff, 0, 1, [])) },
        { "6.1/1 DATA on stream 0", (int)PROTOCOL_ERROR, H2Msg.Data(0, "x") },
        { "6.1/3 padding longer than the payload", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1), H2Msg.Frame(H2FrameType.DATA, H2Flags.PADDED, 1, [6, 1, 2])) },
        { "6.2/1 PRIORITY behind HEADERS without END_HEADERS", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Priority(1, 0)) },
        { "6.2/2 HEADERS of another stream behind HEADERS without END_HEADERS", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Headers(3, true, Get)) },
        { "6.2/3 HEADERS on stream 0", (int)PROTOCOL_ERROR, H2Msg.Headers(0, true, Get) },
        { "6.4/1 RST_STREAM on stream 0", (int)PROTOCOL_ERROR, H2Msg.Reset(0) },
        { "6.4/3 RST_STREAM of another length than 4", (int)FRAME_SIZE_ERROR, Join(H2Msg.Post(1), H2Msg.Frame(H2FrameType.RST_STREAM, 0, 1, new byte[3])) },
        { "6.5/1 SETTINGS ACK with a payload", (int)FRAME_SIZE_ERROR, H2Msg.Frame(H2FrameType.SETTINGS, H2Flags.ACK, 0, new byte[6]) },
        { "6.5/2 SETTINGS on a stream", (int)PROTOCOL_ERROR, H2Msg.Frame(H2FrameType.SETTINGS, 0, 1, new byte[6]) },
        { "6.5/3 SETTINGS of a length that is no multiple of 6", (int)FRAME_SIZE_ERROR, H2Msg.Frame(H2FrameType.SETTINGS, 0, 0, new byte[3]) },
        { "6.5.2/1 SETTINGS_ENABLE_PUSH of 2", (int)PROTOCOL_ERROR, H2Msg.Settings((2, 2)) },
        { "6.5.2/2 SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1", (int)FLOW_CONTROL_ERROR, H2Msg.Settings((4, 1u << 31)) },
        { "6.5.2/3 SETTINGS_MAX_FRAME_SIZE below 2^14", (int)PROTOCOL_ERROR, H2Msg.Settings((5, 16_383)) },
        { "6.5.2/4 SETTINGS_MAX_FRAME_SIZE above 2^24-1", (int)PROTOCOL_ERROR, H2Msg.Settings((5, 16_777_216)) },
        { "6.7/3 PING on a stream", (int)PROTOCOL_ERROR, H2Msg.Frame(H2FrameType.PING, 0, 1, new byte[8]) },
        { "6.7/4 PING of another length than 8", (int)FRAME_SIZE_ERROR, H2Msg.Frame(H2FrameType.PING, 0, 0, new byte[6]) },
        { "6.8/1 GOAWAY on a stream", (int)PROTOCOL_ERROR, H2Msg.Frame(H2FrameType.GOAWAY, 0, 1, new byte[8]) },
        { "6.9/1 WINDOW_UPDATE of 0", (int)PROTOCOL_ERROR, H2Msg.WindowUpdate(0, 0) },
        { "6.9/3 WINDOW_UPDATE of another length than 4", (int)FRAME_SIZE_ERROR, H2Msg.Frame(H2FrameType.WINDOW_UPDATE, 0, 0, new byte[3]) },
        { "6.9.1/2 a connection's window above 2^31-1", (int)FLOW_CONTROL_ERROR, Join(H2Msg.WindowUpdate(0, int.MaxValue), H2Msg.WindowUpdate(0, int.MaxValue)) },
        { "6.9.2/3 SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1", (int)FLOW_CONTROL_ERROR, H2Msg.Settings((4, 1u << 31)) },
        { "6.10/2 CONTINUATION behind END_HEADERS", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1), H2Msg.Continuation(1, H2Msg.Block(("x", "y")))) },
        { "6.10/3 CONTINUATION on stream 0", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, true, H2Msg.Block(Get)), H2Msg.Continuation(0, [])) },
        { "6.10/4 CONTINUATION behind CONTINUATION with END_HEADERS", (int)PROTOCOL_ERROR, Join(H2Msg.Begin(1, false, H2Msg.Block(Get)), H2Msg.Continuation(1, []), H2Msg.Continuation(1, [])) },
        { "6.10/5 CONTINUATION behind DATA", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1), H2Msg.Data(1, "x"), H2Msg.Continuation(1, [])) },
        { "8.2/1 PUSH_PROMISE of a client (8.4)", (int)PROTOCOL_ERROR, H2Msg.Frame(H2FrameType.PUSH_PROMISE, H2Flags.END_HEADERS, 1, [0, 0, 0, 2]) },
    };

    /// <summary>What costs its stream alone.</summary>
    public static TheoryData<string, int, byte[]> Resets { get; } = new()
    {
        { "4.2/3 HEADERS that its stream cannot have: it depends on itself (5.3.1)", (int)PROTOCOL_ERROR, H2Msg.Frame(H2FrameType.HEADERS, H2Flags.END_HEADERS | H2Flags.END_STREAM | H2Flags.PRIORITY, 1, [0, 0, 0, 1, 16, .. H2Msg.Block(Get)]) },
        { "5.1/5 DATA on a stream half-closed (remote)", (int)STREAM_CLOSED, Join(H2Msg.Headers(1, true, Get), H2Msg.Data(1, "x", end: true)) },
        { "5.1/6 HEADERS on a stream half-closed (remote)", (int)STREAM_CLOSED, Join(H2Msg.Headers(1, true, Get), H2Msg.Headers(1, true, Get)) },
        { "5.1/8 DATA on a stream that the client has reset", (int)STREAM_CLOSED, Join(H2Msg.Post(1), H2Msg.Reset(1), H2Msg.Data(1, "x", end: true)) },
        { "5.1/9 HEADERS on a stream that the client has reset", (int)STREAM_CLOSED, Join(H2Msg.Post(1), H2Msg.Reset(1), H2Msg.Headers(1, true, ("x", "y"))) },
        { "6.9/2 WINDOW_UPDATE of 0 on a stream", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1), H2Msg.WindowUpdate(1, 0)) },
        { "6.9.1/3 a stream's window above 2^31-1", (int)FLOW_CONTROL_ERROR, Join(H2Msg.Post(1), H2Msg.WindowUpdate(1, int.MaxValue), H2Msg.WindowUpdate(1, int.MaxValue)) },
        { "8.1/1 a second HEADERS without END_STREAM", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1), H2Msg.Headers(1, false, ("x", "y"))) },
        { "8.1.2/1 a field name in upper case (8.2.1)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get, ("X-Test", "ok")]) },
        { "8.1.2.1/1 an unknown pseudo-header field (8.3)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get[..4], (":test", "ok")]) },
        { "8.1.2.1/2 a response's pseudo-header field (8.3)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get[..4], (":status", "200")]) },
        { "8.1.2.1/3 a pseudo-header field in trailers (8.1)", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1), H2Msg.Data(1, "x"), H2Msg.Headers(1, true, (":method", "GET"))) },
        { "8.1.2.1/4 a pseudo-header field behind a field (8.3)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get[..3], ("x", "y"), Get[3]]) },
        { "8.1.2.2/1 a field of the connection (8.2.2)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get, ("connection", "keep-alive")]) },
        { "8.1.2.2/2 TE other than trailers (8.2.2)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get, ("te", "trailers, deflate")]) },
        { "8.1.2.3/1 an empty :path (8.3.1)", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, H2Msg.Request("GET", "")) },
        { "8.1.2.3/2 no :method", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, Get[1..]) },
        { "8.1.2.3/3 no :scheme", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [Get[0], .. Get[2..]]) },
        { "8.1.2.3/4 no :path", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [.. Get[..2], .. Get[3..]]) },
        { "8.1.2.3/5 :method twice", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [Get[0], .. Get]) },
        { "8.1.2.3/6 :scheme twice", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [Get[1], .. Get]) },
        { "8.1.2.3/7 :path twice", (int)PROTOCOL_ERROR, H2Msg.Headers(1, true, [Get[2], .. Get]) },
        { "8.1.2.6/1 a content-length that one DATA is not (8.1.1)", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1, "/", ("content-length", "1")), H2Msg.Data(1, "test", end: true)) },
        { "8.1.2.6/2 a content-length that several DATA are not (8.1.1)", (int)PROTOCOL_ERROR, Join(H2Msg.Post(1, "/", ("content-length", "1")), H2Msg.Data(1, "te"), H2Msg.Data(1, "st", end: true)) },
    };

    /// <summary>What is legal, however strange: the connection goes on.</summary>
    public static TheoryData<string, byte[]> Passes { get; } = new()
    {
        { "generic 2/1 WINDOW_UPDATE on a half-closed stream", Join(H2Msg.Headers(1, true, Get), H2Msg.WindowUpdate(1, 100)) },
        { "generic 2/2 PRIORITY on a half-closed stream", Join(H2Msg.Headers(1, true, Get), H2Msg.Priority(1, 0)) },
        { "generic 2/3 RST_STREAM on a half-closed stream", Join(H2Msg.Headers(1, true, Get), H2Msg.Reset(1)) },
        { "generic 2/5 PRIORITY on a closed stream", Join(H2Msg.Headers(1, true, Get), H2Msg.Reset(1), H2Msg.Priority(1, 0)) },
        { "generic 2/1 PRIORITY on an idle stream", H2Msg.Priority(1, 0) },
        { "generic 3.1/3 DATA with padding", Join(H2Msg.Post(1), H2Msg.Frame(H2FrameType.DATA, H2Flags.PADDED | H2Flags.END_STREAM, 1, [2, 65, 0, 0])) },
        { "generic 3.2/3 HEADERS with padding and priority", H2Msg.Frame(H2FrameType.HEADERS, H2Flags.END_HEADERS | H2Flags.END_STREAM | H2Flags.PADDED | H2Flags.PRIORITY, 1, [1, 0, 0, 0, 0, 16, .. H2Msg.Block(Get), 0]) },
        { "generic 3.3/5 PRIORITY that is exclusive on streams that do not exist", H2Msg.Priority(7, int.MinValue | 9) },
        { "generic 3.10/2 two CONTINUATION", Join(H2Msg.Begin(1, true, H2Msg.Block(Get[..2])), H2Msg.Continuation(1, H2Msg.Block(Get[2..3]), last: false), H2Msg.Continuation(1, H2Msg.Block(Get[3..]))) },
        { "5.1/7 WINDOW_UPDATE on a closed stream", Join(H2Msg.Headers(1, true, Get), H2Msg.Reset(1), H2Msg.WindowUpdate(1, 1)) },
        { "5.5/1 an unknown frame", H2Msg.Frame((H2FrameType)0xff, 0xff, 0, new byte[8]) },
        { "6.5.2 an unknown setting", H2Msg.Settings((0xff, 1)) },
        { "6.7/2 PING ACK that nobody asked for", H2Msg.Ping(ack: true) },
        { "6.8 GOAWAY of the client", H2Msg.GoAway(0) },
        { "5.1.1 a gap in the numbers", H2Msg.Headers(101, true, Get) },
        { "6.9.2/2 windows below zero", Join(H2Msg.Settings((4, 0)), H2Msg.Headers(1, true, Get), H2Msg.Settings((4, 1)), H2Msg.Settings((4, 0))) },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Rfc9113_ends_the_connection(string section, int code, byte[] frames)
    {
        Assert.NotEmpty(section);
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(frames);
        await client.ExpectEndAsync((H2ErrorCode)code);
        client.Vanish();
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");
    }

    [Theory]
    [MemberData(nameof(Resets))]
    public async Task Rfc9113_resets_the_stream(string section, int code, byte[] frames)
    {
        Assert.NotEmpty(section);
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(frames);
        await client.ExpectResetAsync(1, (H2ErrorCode)code);
        await client.ExpectAliveAsync();
    }

    [Theory]
    [MemberData(nameof(Passes))]
    public async Task Rfc9113_goes_on(string section, byte[] frames)
    {
        Assert.NotEmpty(section);
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(frames, H2Msg.Headers(1001, true, H2Msg.Request("GET", "/", ("authorization", "Bearer wrong"))[..4]));
        while (true)
        {
            H2Frame frame = await client.NextAsync();
            Assert.NotEqual(H2FrameType.GOAWAY, frame.Type);
            if (frame.Id == 1001)
                break;
        }
    }

    [Fact]
    public async Task Rfc9113_3_4_what_is_no_preface_gets_no_HTTP2()
    {
        await using var rig = new HttpRig();
        await using var client = new H1Peer(await rig.ConnectRawAsync());
        await client.SendAsync("INVALID CONNECTION PREFACE\r\n\r\n");
        await client.StatusAsync(400);
    }

    [Fact]
    public async Task Rfc9113_3_4_the_preface_ends_in_SETTINGS()
    {
        await using var rig = new HttpRig();
        await using var client = new H2Peer(await rig.ConnectRawAsync());
        await client.SendAsync(H2Msg.Preface, H2Msg.Ping());
        await client.ExpectEndAsync(PROTOCOL_ERROR);
    }

    [Theory, Chunkings]
    public async Task Rfc9113_6_5_3_SETTINGS_and_6_7_PING_are_acknowledged(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H2Peer client = await rig.ClientAsync((4, 1), (5, 20_000), (1, 0));
        H2Frame first = (await client.TryReadAsync())!;
        Assert.Equal((H2FrameType.SETTINGS, false), (first.Type, first.IsAck));
        await client.SendAsync(H2Msg.Ping());
        var seen = new List<H2FrameType>();
        while (seen.Count < 2)
        {
            H2Frame frame = (await client.TryReadAsync())!;
            if (frame.IsAck)
                seen.Add(frame.Type);
        }

        Assert.Equal([H2FrameType.SETTINGS, H2FrameType.PING], seen);
    }

    [Theory, Chunkings]
    public async Task Rfc9113_6_9_2_windows_decide_how_much_comes_and_may_fall_below_zero(Chunking chunking)
    {
        await using var rig = new HttpRig(chunking: chunking);
        H2Peer client = await rig.ClientAsync((4, 3));
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        await target.SendAsync(H2Msg.Response(1), H2Msg.Data(1, "abcdefghij", end: true));
        await client.StatusAsync(1, 200);
        Assert.Equal("abc", (await client.ExpectAsync(H2FrameType.DATA, 1)).Text);
        await client.SendAsync(H2Msg.Settings((4, 0)), H2Msg.WindowUpdate(1, 3), H2Msg.Ping());
        Assert.True((await client.ExpectAsync(H2FrameType.PING, 0)).IsAck);
        await client.SendAsync(H2Msg.WindowUpdate(1, 1));
        Assert.Equal("d", (await client.ExpectAsync(H2FrameType.DATA, 1)).Text);
        await client.SendAsync(H2Msg.Settings((4, 100)));
        Assert.Equal("efghij", await client.BodyAsync(1));
    }

    [Fact]
    public async Task Rfc9113_5_1_2_streams_beyond_the_limit_are_refused()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { Streams = 3 };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1), H2Msg.Post(3), H2Msg.Post(5), H2Msg.Post(7));
        await client.ExpectResetAsync(7, REFUSED_STREAM);
        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task Rfc9113_5_1_streams_closed_by_both_sides_take_nothing_more()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Headers(1, true, Get[..4]));
        await client.StatusAsync(1, 401);
        await client.BodyAsync(1);
        await client.SendAsync(H2Msg.WindowUpdate(1, 1), H2Msg.Reset(1), H2Msg.Priority(1, 0));
        await client.ExpectAliveAsync();
        await client.SendAsync(H2Msg.Data(1, "x", end: true));
        await client.ExpectEndAsync(STREAM_CLOSED);
    }

    private static byte[] Join(params byte[][] frames) => Msg.Join(frames);
}
