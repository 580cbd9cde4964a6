using Sallyport.Protocols.Http2.Frames;
using Sallyport.Protocols.Http2.Heads;
using static Sallyport.Protocols.Http2.Heads.H2ErrorCode;

namespace Sallyport.Wire.Tests.Http;

/// <summary>Clients that make work and mean nothing by it: their connection ends with a reason, and costs others nothing.</summary>
public sealed class FloodTests
{
    private static readonly (string, string)[] Get = H2Msg.Request("GET", "/");

    public static TheoryData<string, int> Floods { get; } = new()
    {
        { "SETTINGS", (int)ENHANCE_YOUR_CALM },
        { "SETTINGS ACK", (int)ENHANCE_YOUR_CALM },
        { "PING", (int)ENHANCE_YOUR_CALM },
        { "PRIORITY", (int)ENHANCE_YOUR_CALM },
        { "empty DATA", (int)ENHANCE_YOUR_CALM },
        { "padding", (int)ENHANCE_YOUR_CALM },
        { "WINDOW_UPDATE of 1", (int)ENHANCE_YOUR_CALM },
        { "unknown", (int)ENHANCE_YOUR_CALM },
        { "GOAWAY", (int)ENHANCE_YOUR_CALM },
        { "CONTINUATION", (int)ENHANCE_YOUR_CALM },
        { "rapid reset (CVE-2023-44487)", (int)ENHANCE_YOUR_CALM },
        { "too many streams", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset (CVE-2025-8671): WINDOW_UPDATE of 0", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset: a window that overflows", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset: a stream that depends on itself", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset: DATA behind the end", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset: HEADERS behind the end", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset: more DATA than content-length", (int)ENHANCE_YOUR_CALM },
        { "MadeYouReset: PRIORITY of another length", (int)ENHANCE_YOUR_CALM },
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task A_flood_ends_its_connection(string flood, int code)
    {
        await using var rig = new HttpRig();
        H2Peer other = await rig.ClientAsync();
        await other.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        await target.HeadAsync(1);
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Post(1));
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < 100_000; i += 50)
            {
                byte[][] piece = [.. Enumerable.Range(i, 50).Select(n => Piece(flood, n, i == 0))];
                if (!await client.TrySendAsync(piece))
                    return;
            }
        });
        await client.ExpectGoAwayAsync((H2ErrorCode)code);
        client.Vanish();
        await sending;
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");

        await target.SendAsync(H2Msg.Response(1), H2Msg.Data(1, "fine", end: true));
        await other.StatusAsync(1, 200);
        Assert.Equal("fine", await other.BodyAsync(1));
    }

    private static byte[] Piece(string flood, int n, bool isFirst)
    {
        int id = n * 2 + 3;
        return flood switch
        {
            "SETTINGS" => H2Msg.Settings((4, (uint)n)),
            "SETTINGS ACK" => H2Msg.SettingsAck(),
            "PING" => H2Msg.Ping(),
            "PRIORITY" => H2Msg.Priority(id, 0),
            "empty DATA" => H2Msg.Data(1, ""),
            "padding" => H2Msg.Frame(H2FrameType.DATA, H2Flags.PADDED, 1, [0]),
            "WINDOW_UPDATE of 1" => H2Msg.WindowUpdate(0, 1),
            "unknown" => H2Msg.Frame((H2FrameType)0xfe, 0, 0, []),
            "GOAWAY" => H2Msg.GoAway(0),
            "CONTINUATION" => isFirst && n == 0 ? H2Msg.Begin(3, true, H2Msg.Block(Get)) : H2Msg.Continuation(3, [], last: false),
            "rapid reset (CVE-2023-44487)" => Msg.Join(H2Msg.Headers(id, true, Get), H2Msg.Reset(id)),
            "too many streams" => H2Msg.Headers(id, false, Get),
            "MadeYouReset (CVE-2025-8671): WINDOW_UPDATE of 0" => Msg.Join(H2Msg.Headers(id, false, Get), H2Msg.WindowUpdate(id, 0)),
            "MadeYouReset: a window that overflows" => Msg.Join(H2Msg.Headers(id, false, Get), H2Msg.WindowUpdate(id, int.MaxValue)),
            "MadeYouReset: a stream that depends on itself" =>
                H2Msg.Frame(H2FrameType.HEADERS, H2Flags.END_HEADERS | H2Flags.END_STREAM | H2Flags.PRIORITY, id, [0, 0, (byte)(id >> 8), (byte)id, 16, .. H2Msg.Block(Get)]),
            "MadeYouReset: DATA behind the end" => Msg.Join(H2Msg.Headers(id, true, Get), H2Msg.Data(id, "x", end: true)),
            "MadeYouReset: HEADERS behind the end" => Msg.Join(H2Msg.Headers(id, true, Get), H2Msg.Headers(id, true, Get)),
            "MadeYouReset: more DATA than content-length" => Msg.Join(H2Msg.Headers(id, false, [.. Get, ("content-length", "1")]), H2Msg.Data(id, "xx", end: true)),
            "MadeYouReset: PRIORITY of another length" => Msg.Join(H2Msg.Headers(id, false, Get), H2Msg.Frame(H2FrameType.PRIORITY, 0, id, [0])),
            _ => throw new ArgumentException(flood),
        };
    }

    [Fact]
    public async Task PING_whose_answers_nobody_reads_ends_the_connection()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { IdleFramesPerSecond = int.MaxValue };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Ping());
        await client.ExpectAsync(H2FrameType.PING, 0);
        ChunkedDuplex.Stall stall = rig.ClientSide!.StopReading();
        await client.SendAsync(H2Msg.Ping());
        await stall.Reached.WaitAsync(HttpRig.Patience);
        byte[][] pings = [.. Enumerable.Range(0, 1000).Select(_ => H2Msg.Ping())];
        for (int i = 0; i < 5 && !rig.Running.IsCompleted; i++)
            await client.TrySendAsync(pings);
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");
    }

    [Fact]
    public async Task A_head_that_unpacks_to_more_than_it_may_is_answered_and_costs_nobody_else()
    {
        await using var rig = new HttpRig();
        H2Peer client = await rig.ClientAsync();
        // A field of 4000 bytes goes into the table; each byte behind it is the field again (RFC 7541 7.3).
        byte[] bomb = [.. H2Msg.Block(Get), 0x40, 1, (byte)'x', 127, 0x80 | (3800 - 127) % 128, (3800 - 127) / 128, .. new byte[3800].Select(_ => (byte)'a'), .. Enumerable.Repeat((byte)0xbe, 12_000)];
        await client.SendAsync(H2Msg.HeadersOf(1, true, bomb));
        H2Frame frame = await client.NextAsync();
        Assert.True(frame.Type == H2FrameType.GOAWAY ? frame.GoAwayCode is ENHANCE_YOUR_CALM or COMPRESSION_ERROR : frame.Id == 1, frame.ToString());
    }

    [Fact]
    public async Task A_head_that_is_too_large_is_refused_with_431()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { HeadBytes = 4096 };
        H2Peer client = await rig.ClientAsync();
        await client.SendAsync(H2Msg.Get(1, "/", true, ("x", new string('x', 5000))));
        Assert.False(await client.StatusAsync(1, 431));
        await client.BodyAsync(1);
        await client.ExpectAliveAsync();
    }

    [Fact]
    public async Task Whoever_never_asks_and_whoever_is_idle_is_closed()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { Handshake = TimeSpan.FromMilliseconds(100), Idle = TimeSpan.FromMilliseconds(100), Head = TimeSpan.FromMilliseconds(100) };
        H2Peer silent = await rig.ClientAsync();
        await silent.ExpectEndAsync(NO_ERROR);
        silent.Vanish();
        await rig.ExpectEndAsync(SessionSide.Proxy, "handshake-timeout");

        // Whoever asks and does not log in stays a stranger.
        foreach ((string path, int status, string reason) in new[] { ("/", 401, "handshake-timeout"), ("/secret/x", 403, "idle-timeout") })
        {
            rig.Limits = rig.Limits with { Idle = TimeSpan.FromMilliseconds(status == 401 ? 60_000 : 100), Handshake = TimeSpan.FromMilliseconds(status == 401 ? 100 : 5000) };
            H2Peer idle = await rig.ClientAsync();
            (string, string)[] get = H2Msg.Request("GET", path);
            await idle.SendAsync(H2Msg.SettingsAck(), H2Msg.Headers(1, true, status == 401 ? get[..4] : get));
            await idle.StatusAsync(1, status);
            await idle.BodyAsync(1);
            await idle.ExpectEndAsync(NO_ERROR);
            idle.Vanish();
            await rig.ExpectEndAsync(SessionSide.Proxy, reason);

            H1Peer old = await rig.OldClientAsync();
            if (status == 401)
                await old.SendAsync("GET / HTTP/1.1\r\nHost: app.example\r\n\r\n");
            else
                await old.AskAsync("GET " + path);
            await old.BodyAsync(await old.StatusAsync(status));
            await old.ExpectClosedAsync();
            old.Vanish();
            await rig.ExpectEndAsync(SessionSide.Proxy, reason);
        }

        rig.Limits = rig.Limits with { Handshake = TimeSpan.FromMilliseconds(100) };

        H1Peer oldSilent = await rig.OldClientAsync();
        await oldSilent.SendAsync("GET");
        await oldSilent.StatusAsync(408);
        await rig.ExpectEndAsync(SessionSide.Client, "protocol-violation");
    }

    [Theory]
    [InlineData("head")]
    [InlineData("frame")]
    [InlineData("preface")]
    [InlineData("settings")]
    public async Task What_begins_and_does_not_end_in_time_is_cut(string what)
    {
        await using var rig = new HttpRig();
        var fast = TimeSpan.FromMilliseconds(100);
        rig.Limits = rig.Limits with { Handshake = what is "preface" or "settings" ? fast : rig.Limits.Handshake, Head = what is "head" or "frame" ? fast : rig.Limits.Head };
        await using var client = new H2Peer(await rig.ConnectRawAsync()) { IsSilent = true };
        if (what == "preface")
        {
            await client.SendAsync(H2Msg.Preface[..10]);
            Assert.Null(await client.TryReadAsync());
            await rig.ExpectEndAsync(SessionSide.Proxy, "handshake-timeout");
            return;
        }

        await client.GreetAsync();
        await client.SendAsync(what switch
        {
            "head" => H2Msg.Begin(1, true, H2Msg.Block(Get)),
            "frame" => H2Msg.Headers(1, true, Get)[..12],
            _ => H2Msg.Headers(1, false, Get),
        });
        await client.ExpectEndAsync(what == "settings" ? SETTINGS_TIMEOUT : ENHANCE_YOUR_CALM);
    }

    [Fact]
    public async Task Answers_that_are_not_taken_count_as_streams()
    {
        await using var rig = new HttpRig();
        rig.Limits = rig.Limits with { Streams = 2 };
        H2Peer client = await rig.ClientAsync((4, 0));
        // One after the other: requests that wait for a login are not kept in order.
        await client.SendAsync(H2Msg.Get(1));
        H2Peer target = await rig.TargetAsync();
        for (int id = 1; id <= 3; id += 2)
        {
            if (id == 3)
                await client.SendAsync(H2Msg.Get(3));
            await target.HeadAsync(id);
            await target.SendAsync(H2Msg.Response(id), H2Msg.Data(id, "x", end: true));
            await client.StatusAsync(id, 200);
        }

        await client.SendAsync(H2Msg.Get(5));
        await client.ExpectResetAsync(5, REFUSED_STREAM);
        await client.SendAsync(H2Msg.WindowUpdate(1, 100));
        Assert.Equal("x", await client.BodyAsync(1));
        await client.SendAsync(H2Msg.Get(7));
        await target.HeadAsync(5);
    }
}
