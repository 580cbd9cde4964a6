using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;
using Sallyport.Proxy.Admin.Live;
using Sallyport.Proxy.Tests.Support;
using Xunit;

namespace Sallyport.Proxy.Tests.Http;

/// <summary>A follower is shown a session of HTTP as it happens, from the middle on.</summary>
public sealed class LiveHttpTests
{
    private const byte Head = 1, Data = 2, End = 5, Tunnel = 6, Route = 7;

    private static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly LiveTranscript _live = new("http2");
    private readonly List<TranscriptJson> _told = [];

    [Fact]
    public void Requests_answers_and_bodies_are_told()
    {
        Ask(7, "/api/v1/namespaces/shop/pods/web-1", kubernetes: true);
        _told.AddRange(_live.Take(new FollowedItem(Now)
        {
            Decision = new FollowedDecision(ActionKind.HttpRequest, Verb.KubeGet, "GET /api/v1/namespaces/shop/pods/web-1", VerdictKind.Allow, "prod/reads", null),
        }));
        Tell(Direction.ToClient, Message(Head, 7, Fields((":status", "200"), ("content-type", "application/json"))));
        Tell(Direction.ToClient, Message(Data, 7, [.. "gr\u00fc"u8[..3]]));
        Tell(Direction.ToClient, Message(Data, 7, [.. "gr\u00fc"u8[3..], .. "\u00dfe"u8]));
        Tell(Direction.ToClient, Message(End, 7, [0, 200, 0, 0, 0, 42, .. new byte[8], 0, 0, 0, 0, 0, 0, 0, 7]));
        Assert.Equal(
            [("exchange", "asked"), ("decision", null), ("exchange", "answered"), ("body", null), ("body", null), ("exchange", "ended")],
            _told.Select(told => (told.Type, told.Step)));
        TranscriptJson ended = _told[^1];
        Assert.Equal((7u, "GET", "https://app.example/api/v1/namespaces/shop/pods/web-1"), (ended.Exchange, ended.Method, ended.Url));
        Assert.Equal((200, 42.0, 0L, 7L), (ended.Status, ended.DurationMs, ended.RequestBytes, ended.ResponseBytes));
        Assert.Equal(("get pods shop/web-1", "prod/reads", "allow"), (ended.Detail, ended.RuleId, ended.Verdict));
        Assert.Equal("gr\u00fc\u00dfe", string.Concat(_told.Where(told => told.Type == "body").Select(told => told.Text)));
    }

    [Fact]
    public void Whoever_comes_late_is_shown_what_begins_from_then_on()
    {
        Tell(Direction.ToClient, Message(Data, 3, [.. "of a request that nobody saw"u8]));
        Tell(Direction.ToClient, Message(End, 3, new byte[22]));
        Assert.Empty(_told);
        Ask(4, "/x");
        Assert.Equal((4u, "asked"), (Assert.Single(_told).Exchange, _told[0].Step));
    }

    [Fact]
    public void Terminals_are_shown_as_those_of_SSH()
    {
        Ask(1, "/api/v1/namespaces/shop/pods/web-1/exec?command=ls&stdout=1", kubernetes: true);
        Tell(Direction.ToClient, Message(Tunnel, 1, [1, .. "shown"u8]));
        Tell(Direction.ToClient, Message(Tunnel, 1, [2, .. "wrong"u8]));
        Tell(Direction.FromClient, Message(Tunnel, 1, [0, .. "typed"u8]));
        Assert.Equal([("output", null, "shown"), ("output", "stderr", "wrong"), ("input", null, "typed")], _told.Skip(1).Select(told => (told.Type, told.Kind, told.Text)));
    }

    [Fact]
    public void What_makes_no_sense_is_said_and_taken_up_anew()
    {
        Tell(Direction.ToClient, [0, 0, 0, 9, 200, 0, 0, 0, 0]);
        Assert.Equal("malformed", Assert.Single(_told).Type);
        Ask(2, "/x");
        Assert.Equal("exchange", _told[^1].Type);
    }

    [Fact]
    public async Task A_recording_tells_the_same_and_what_was_under_way_at_its_end()
    {
        List<TranscriptJson> told = await WrittenRecording.TellAsync(
            "http2",
            (Direction.FromClient, Request(1, "/done")),
            (Direction.ToClient, Message(Head, 1, Fields((":status", "204")))),
            (Direction.ToClient, Message(End, 1, [0, 204, .. new byte[20]])),
            (Direction.FromClient, Request(2, "/under-way")));
        Assert.Equal(
            [("exchange", "asked", 1u), ("exchange", "answered", 1u), ("exchange", "ended", 1u), ("exchange", "asked", 2u), ("exchange", "ended", 2u), ("end", null, (uint?)null)],
            told.Select(item => (item.Type, item.Step, item.Exchange)));
        Assert.Equal((204, "closed"), (told[2].Status, told[^1].Reason));
    }

    private void Ask(uint exchange, string path, bool kubernetes = false) => Tell(Direction.FromClient, Request(exchange, path, kubernetes));

    private static byte[] Request(uint exchange, string path, bool kubernetes = false) =>
        [.. Message(Route, exchange, [(byte)(kubernetes ? 1 : 0), 0, 0]), .. Message(Head, exchange, Fields((":method", "GET"), (":scheme", "https"), (":authority", "app.example"), (":path", path)))];

    private void Tell(Direction direction, byte[] bytes) => _told.AddRange(_live.Take(new FollowedItem(Now) { Data = (direction, bytes) }));

    private static byte[] Message(byte kind, uint exchange, byte[] rest) => [.. Number((uint)rest.Length + 5), kind, .. Number(exchange), .. rest];

    private static byte[] Fields(params (string Name, string Value)[] fields) =>
        [0, (byte)fields.Length, .. fields.SelectMany(field => (byte[])[0, (byte)field.Name.Length, .. Encoding.ASCII.GetBytes(field.Name), .. Number((uint)field.Value.Length), .. Encoding.ASCII.GetBytes(field.Value)])];

    private static byte[] Number(uint number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return bytes;
    }
}
