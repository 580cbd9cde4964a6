using System.Buffers;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes.Tunnels;
using Sallyport.Protocols.Http2.Spdy;
using Sallyport.Protocols.Http2.Tests.Spdy;
using Sallyport.Protocols.Http2.Tests.WebSockets;
using Sallyport.Protocols.Http2.WebSockets;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Kubernetes.Tunnels;

/// <summary>Both directions of a tunnel, as kubectl and a server filled them, cut in every way: the other side must read the same, and the recording say it.</summary>
public sealed class TunnelFilterTests
{
    private static readonly KubeStreamRequest Exec = new(KubeStreams.Exec, "shop", "web-0", false, ["cat"], []);
    private static readonly KubeStreamRequest Terminal = Exec with { IsTerminal = true };
    private static readonly KubeStreamRequest Ports = new(KubeStreams.PortForward, "shop", "web-0", false, [], []);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void A_command_over_a_websocket_passes_and_is_told(int step)
    {
        var tape = new TapeDouble();
        (WebSocketFilter fromClient, WebSocketFilter fromTarget) = Command(tape, Exec, default);
        (byte[] toTarget, _) = Through(fromClient, KubectlCapture.ExecClient, step);
        (byte[] toClient, _) = Through(fromTarget, KubectlCapture.ExecServer, step);
        Assert.Equal(Whole(KubectlCapture.ExecClient, true), Whole(toTarget, true));
        Assert.Equal(Whole(KubectlCapture.ExecServer, false), Whole(toClient, false));
        string said = tape.Said.Replace(";0", "", StringComparison.Ordinal).Replace(";1", "", StringComparison.Ordinal).Replace(";2", "", StringComparison.Ordinal).Replace(";3", "", StringComparison.Ordinal);
        Assert.Contains("hello stdin", said, StringComparison.Ordinal);
        Assert.Contains("out of the pod", said, StringComparison.Ordinal);
        Assert.Contains("\"status\":\"Success\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_typed_at_a_terminal_is_not_kept()
    {
        var tape = new TapeDouble();
        (WebSocketFilter fromClient, _) = Command(tape, Terminal, default);
        Through(fromClient, KubectlCapture.ExecClient, 100_000);
        Assert.DoesNotContain("hello", tape.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_masked_across_messages_and_shown_when_the_stream_ends()
    {
        var tape = new TapeDouble();
        (_, WebSocketFilter fromTarget) = Command(tape, Exec, (new Letters(), new Letters()));
        byte[] said = Frames(false, [1, .. "se"u8], [1, .. "cret x se"u8], [2, .. "error"u8]);
        (byte[] toClient, _) = Through(fromTarget, said, 3, end: true);
        Assert.Equal("Binary:\u0001***** x ;Binary:\u0002error;Binary:\u0001se;", Joined(toClient));
        Assert.Equal("1***** x ;2error;1se;", JoinedTape(tape.Said));
    }

    [Theory]
    [InlineData(true, new byte[] { 0x82, 0x81, 0, 0, 0, 0, 1 }, "A channel that this side does not write.")]
    [InlineData(true, new byte[] { 0x82, 0x01, 0 }, "A client's frame is not masked.")]
    [InlineData(false, new byte[] { 0x82, 0x01, 0 }, "A channel that this side does not write.")]
    [InlineData(false, new byte[] { 0xf2, 0x01, 1 }, "A reserved bit is set, and no extension was agreed on.")]
    public void What_is_not_legal_ends_the_tunnel_with_a_close_to_both(bool fromClient, byte[] bytes, string words)
    {
        var tape = new TapeDouble();
        (WebSocketFilter client, WebSocketFilter target) = Command(tape, Exec, default);
        WebSocketFilter guilty = fromClient ? client : target;
        (byte[] on, byte[] back) = Through(guilty, bytes, 100);
        Assert.True(guilty.IsOver);
        Assert.Equal("Close:\u0003\u00e9;", WebSocketDrive.Read(on, fromClient));
        Assert.Equal("Close:\u0003\u00ea;", WebSocketDrive.Read(back, !fromClient));
        Assert.Contains(words, tape.Said, StringComparison.Ordinal);
        // The other side is not heard either.
        Assert.Empty(Through(fromClient ? target : client, KubectlCapture.ExecServer, 100).On);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public void A_command_over_spdy_passes_and_is_told(int step)
    {
        var tape = new TapeDouble();
        var relay = new SpdyRelay(Exec, tape.Record(Exec), null);
        (SpdyFilter fromClient, SpdyFilter fromTarget) = Spdy(tape, relay);
        int opened = KubeSpdyLength(KubectlCapture.SpdyExecClient, 6);
        (byte[] toTarget, _) = Through(fromClient, KubectlCapture.SpdyExecClient[..opened], step);
        (byte[] toClient, _) = Through(fromTarget, KubectlCapture.SpdyExecServer, step);
        Assert.Equal(SpdyText(KubectlCapture.SpdyExecClient[..opened]), SpdyText(toTarget));
        Assert.Equal(SpdyText(KubectlCapture.SpdyExecServer), SpdyText(toClient));
        Assert.StartsWith("0hello stdin\n1out of the pod\n2and its errors\n3{", JoinedTape(tape.Said).Replace(";", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public void A_port_that_is_refused_leaves_the_others_alone(int step)
    {
        var tape = new TapeDouble();
        TunnelRecord record = tape.Record(Ports);
        var relay = new SpdyRelay(Ports, record, new PortJudge(tape.Context, Ports, record));
        (SpdyFilter fromClient, SpdyFilter fromTarget) = Spdy(tape, relay);
        var client = new ArrayBufferWriter<byte>();
        var writer = new SpdyWriter();
        Open(writer, 1, "error", "80", "0", client);
        Open(writer, 3, "data", "80", "0", client);
        Open(writer, 5, "error", "22", "1", client);
        Open(writer, 7, "data", "22", "1", client);
        SpdyWriter.Data(7, "SSH-2.0"u8, false, client);
        SpdyWriter.Data(3, "GET /"u8, true, client);

        (byte[] toTarget, byte[] back) = Through(fromClient, client.WrittenSpan.ToArray(), step);
        Assert.Equal("SYN_STREAM 1;SYN_STREAM 3;DATA 3 GET / FIN;", SpdyText(toTarget));
        string answered = SpdyText(back);
        Assert.StartsWith("SYN_REPLY 5;DATA 5 sallyport: port 22 of pod shop/web-0 is refused by policy rule test/others: Ask. FIN;SYN_REPLY 7;DATA 7  FIN;", answered, StringComparison.Ordinal);

        var target = new ArrayBufferWriter<byte>();
        var reply = new SpdyWriter();
        reply.SynReply(1, new HttpHead(64, 1), false, target);
        SpdyWriter.Data(3, "HTTP/1.0 204"u8, true, target);
        byte[] toClient = Through(fromTarget, target.WrittenSpan.ToArray(), step).On;
        // One zlib stream towards the client, of ours and of the target's.
        Assert.Equal("SYN_REPLY 5;SYN_REPLY 7;SYN_REPLY 1;DATA 3 HTTP/1.0 204 FIN;", SpdyText([.. back, .. toClient]).Replace("DATA 5 sallyport: port 22 of pod shop/web-0 is refused by policy rule test/others: Ask. FIN;", "", StringComparison.Ordinal).Replace("DATA 7  FIN;", "", StringComparison.Ordinal));
        Assert.StartsWith("Allow forward web-0.shop:80;Deny forward web-0.shop:22;forward {\"exchange\":1,\"kind\":\"local\",\"destination\":\"web-0.shop:80\",\"bytes-to-target\":5,\"bytes-to-client\":12,", tape.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error", "data")]
    [InlineData("data", "error")]
    [InlineData("data", "data")]
    public void A_verdict_on_one_port_is_none_on_another_whatever_was_reset(string first, string second)
    {
        var tape = new TapeDouble();
        TunnelRecord record = tape.Record(Ports);
        (SpdyFilter fromClient, _) = Spdy(tape, new SpdyRelay(Ports, record, new PortJudge(tape.Context, Ports, record)));
        var client = new ArrayBufferWriter<byte>();
        var writer = new SpdyWriter();
        Open(writer, 1, first, "80", "1", client);
        SpdyWriter.RstStream(1, SpdyStatus.CANCEL, client);
        Open(writer, 3, second, "22", "1", client);
        (byte[] on, byte[] back) = Through(fromClient, client.WrittenSpan.ToArray(), 7);
        Assert.Equal("SYN_STREAM 1;RST_STREAM 1;GOAWAY 0;", SpdyText(on));
        Assert.Equal("GOAWAY 0;", SpdyText(back));
        Assert.True(fromClient.IsOver);
    }

    [Fact]
    public void A_port_is_judged_again_once_both_streams_of_a_connection_were_there()
    {
        var tape = new TapeDouble();
        TunnelRecord record = tape.Record(Ports);
        (SpdyFilter fromClient, _) = Spdy(tape, new SpdyRelay(Ports, record, new PortJudge(tape.Context, Ports, record)));
        var client = new ArrayBufferWriter<byte>();
        var writer = new SpdyWriter();
        Open(writer, 1, "error", "80", "1", client);
        Open(writer, 3, "data", "80", "1", client);
        SpdyWriter.RstStream(1, SpdyStatus.CANCEL, client);
        SpdyWriter.RstStream(3, SpdyStatus.CANCEL, client);
        Open(writer, 5, "data", "22", "1", client);
        byte[] on = Through(fromClient, client.WrittenSpan.ToArray(), 100).On;
        Assert.Equal("SYN_STREAM 1;SYN_STREAM 3;RST_STREAM 1;RST_STREAM 3;", SpdyText(on));
    }

    [Fact]
    public void Ports_over_a_tunnelled_spdy_pass_and_are_counted()
    {
        var tape = new TapeDouble();
        TunnelRecord record = tape.Record(Ports);
        var relay = new SpdyRelay(Ports, record, new PortJudge(tape.Context, Ports, record));
        var state = new TunnelState();
        var content = new SpdyContent(relay);
        Through(new WebSocketFilter(true, content, state, record), KubectlCapture.TunnelClient, 5);
        Through(new WebSocketFilter(false, content, state, record), KubectlCapture.TunnelServer, 5);
        relay.Dispose();
        Assert.False(state.IsOver);
        Assert.Contains("\"destination\":\"web-0.shop:80\",\"bytes-to-target\":18,\"bytes-to-client\":", tape.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_opens_a_stream_ends_the_tunnel()
    {
        var tape = new TapeDouble();
        (_, SpdyFilter fromTarget) = Spdy(tape, new SpdyRelay(Exec, tape.Record(Exec), null));
        var bytes = new ArrayBufferWriter<byte>();
        Open(new SpdyWriter(), 2, "stdin", "", "", bytes);
        (byte[] on, byte[] back) = Through(fromTarget, bytes.WrittenSpan.ToArray(), 100);
        Assert.Equal(("GOAWAY 0;", "GOAWAY 0;"), (SpdyText(on), SpdyText(back)));
        Assert.True(fromTarget.IsOver);
    }

    private static (WebSocketFilter FromClient, WebSocketFilter FromTarget) Command(TapeDouble tape, KubeStreamRequest request, (IStreamMask? Output, IStreamMask? Error) masks)
    {
        TunnelRecord record = tape.Record(request);
        var state = new TunnelState();
        var content = new CommandContent(KubeSubprotocol.V5, record, masks);
        return (new WebSocketFilter(true, content, state, record), new WebSocketFilter(false, content, state, record));
    }

    private static (SpdyFilter FromClient, SpdyFilter FromTarget) Spdy(TapeDouble tape, SpdyRelay relay)
    {
        var state = new TunnelState();
        return (new SpdyFilter(true, relay, state, tape.Record(Exec)), new SpdyFilter(false, relay, state, tape.Record(Exec)));
    }

    private static (byte[] On, byte[] Back) Through(TunnelFilter filter, byte[] bytes, int step, bool end = false)
    {
        var on = new MemoryStream();
        var back = new MemoryStream();
        for (int at = 0; at < bytes.Length; at += step)
        {
            int length = Math.Min(step, bytes.Length - at);
            on.Write(filter.Take(bytes.AsSpan(at, length), end && at + length == bytes.Length, out HttpRefusal? refusal));
            back.Write(filter.Answer);
            Assert.Null(refusal);
        }

        return (on.ToArray(), back.ToArray());
    }

    private static void Open(SpdyWriter writer, uint stream, string type, string port, string request, ArrayBufferWriter<byte> to)
    {
        var head = new HttpHead(512, 4);
        head.TryAdd("streamtype"u8, Encoding.ASCII.GetBytes(type));
        if (port.Length > 0)
            head.TryAdd("port"u8, Encoding.ASCII.GetBytes(port));
        if (request.Length > 0)
            head.TryAdd("requestid"u8, Encoding.ASCII.GetBytes(request));
        writer.SynStream(stream, head, false, to);
    }

    private static byte[] Frames(bool fromClient, params byte[][] messages)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (byte[] message in messages)
            new WebSocketFrameWriter(fromClient).Write(bytes, WebSocketOpcode.Binary, message);
        return bytes.WrittenSpan.ToArray();
    }

    private static string Whole(byte[] bytes, bool fromClient)
    {
        // Frames of one message may be more than they were.
        return WebSocketDrive.Read(bytes, fromClient);
    }

    /// <summary>Messages of one channel that follow each other, as one.</summary>
    private static string Joined(byte[] bytes)
    {
        string text = WebSocketDrive.Read(bytes, fromClient: false);
        foreach (char channel in "\u0001\u0002")
        {
            while (text.Contains($";Binary:{channel}", StringComparison.Ordinal) && System.Text.RegularExpressions.Regex.Replace(text, $"(Binary:{channel}[^;]*);Binary:{channel}", "$1") is { } joined && joined != text)
                text = joined;
        }

        return text;
    }

    private static string JoinedTape(string said)
    {
        string joined;
        while ((joined = System.Text.RegularExpressions.Regex.Replace(said, "(^|;)([0-4])([^;]*);\\2", "$1$2$3")) != said)
            said = joined;
        return said;
    }

    private static string SpdyText(byte[] bytes)
    {
        var text = new StringBuilder();
        uint last = 0;
        SpdyDrive.Each(bytes, frame =>
        {
            bool goesOn = frame.Type == SpdyFrameType.DATA && last == frame.StreamId;
            if (goesOn)
                text.Length--;
            else
                text.Append($"{frame.Type} {frame.StreamId}{(frame.Type == SpdyFrameType.DATA ? " " : "")}");
            if (frame.Type == SpdyFrameType.DATA)
                text.Append(Encoding.Latin1.GetString(frame.Bytes));
            text.Append(frame.IsFinal ? " FIN;" : ";");
            last = frame.Type == SpdyFrameType.DATA && !frame.IsFinal ? frame.StreamId : 0;
        });
        return text.ToString();
    }

    private static int KubeSpdyLength(byte[] bytes, int frames)
    {
        var reader = new SpdyFrameReader(SpdyLimits.Default);
        int at = 0;
        for (int seen = 0; seen < frames; at += Step(reader, bytes, at))
            seen++;
        return at;
    }

    private static int Step(SpdyFrameReader reader, byte[] bytes, int at)
    {
        Assert.NotEqual(SpdyPart.None, reader.Read(bytes.AsSpan(at), out int consumed, out _, out _));
        return consumed;
    }

    /// <summary>Hides the word "secret", which it holds back while it could still come.</summary>
    private sealed class Letters : IStreamMask
    {
        private string _held = "";

        public int MaxLength(int length) => _held.Length + length;

        public int Mask(ReadOnlySpan<byte> input, Span<byte> destination, bool flush)
        {
            _held = (_held + Encoding.Latin1.GetString(input)).Replace("secret", "*****", StringComparison.Ordinal);
            int keep = flush ? 0 : Enumerable.Range(1, 5).LastOrDefault(n => n <= _held.Length && "secret".StartsWith(_held[^n..], StringComparison.Ordinal));
            string shown = _held[..^keep];
            _held = _held[^keep..];
            return Encoding.Latin1.GetBytes(shown, destination);
        }
    }
}
