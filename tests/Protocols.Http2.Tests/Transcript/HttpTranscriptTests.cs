using System.Text;
using CsCheck;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Exchanges;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Transcript;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Transcript;

/// <summary>What recorded bytes say, however they are cut.</summary>
public sealed class HttpTranscriptTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    [Fact]
    public void An_exchange_is_told_as_it_was()
    {
        HttpTranscriptExchange exchange = Ended(Read(Story().Records))[0];
        Assert.Equal((1u, "POST", "https", "api.example.com", "/k8s/c1/apis/apps/v1/namespaces/shop/deployments?dryRun=All"), (exchange.Number, exchange.Method, exchange.Scheme, exchange.Authority, exchange.Target));
        Assert.Equal("/apis/apps/v1/namespaces/shop/deployments?dryRun=All", exchange.Path);
        Assert.Equal(new HttpKubeRequest("create", "apps", "v1", "deployments", "", "shop", ""), exchange.Kube);
        Assert.Equal("create deployments.apps shop/", exchange.Kube!.ToString());
        Assert.Equal((201, 10, 20), (exchange.Status, exchange.RequestBytes, exchange.ResponseBytes));
        Assert.Equal(TimeSpan.FromMilliseconds(42), exchange.Duration);
        Assert.Equal((5, 6), (exchange.RecordedRequestBytes, exchange.RecordedResponseBytes));
        Assert.Equal("[secret]", HttpTranscriptExchange.Field(exchange.RequestFields, "authorization"));
        Assert.Equal("application/json", HttpTranscriptExchange.Field(exchange.ResponseFields, "content-type"));
        Assert.Equal([new HttpTranscriptField("grpc-status", "0")], exchange.ResponseTrailers);
        Assert.DoesNotContain(exchange.RequestFields, field => field.Name.StartsWith(':'));
        Assert.True(exchange.IsHttp1);
        Assert.Null(exchange.Tunnel);
    }

    [Fact]
    public void A_terminal_is_told_with_its_sizes_and_its_end()
    {
        HttpTranscriptEntry[] entries = Read(Story().Records);
        HttpTranscriptExchange exchange = Ended(entries)[1];
        Assert.Equal("connect pods/exec shop/web-1", exchange.Kube!.ToString());
        HttpTranscriptTunnel tunnel = exchange.Tunnel!;
        Assert.Equal(("sh -c 'echo hi'", "app", true, 100, 30, (int?)3), (tunnel.Command, tunnel.Container, tunnel.HasTerminal, tunnel.Columns, tunnel.Rows, tunnel.ExitStatus));
        Assert.Equal((3, 4, 4), (tunnel.InputBytes, tunnel.OutputBytes, tunnel.ErrorBytes));
        Assert.Equal([(80, 24), (100, 30)], entries.OfType<HttpResizeEntry>().Select(resized => (resized.Columns, resized.Rows)));
        Assert.Equal("ls\rout\noops", string.Concat(entries.OfType<HttpTunnelEntry>().Select(piece => Encoding.UTF8.GetString(piece.Bytes.Span))));
        Assert.Equal((101, 7u), (exchange.Status, exchange.ResetByClient));
    }

    [Fact]
    public void Cut_anywhere_it_is_the_same_transcript()
    {
        var records = Story().Records;
        string whole = Describe(Read(records));
        Assert.Equal(whole, Describe(Read(Cut(records, [1]))));
        Gen.Int[1, 40].Array[50].Sample(cuts => Describe(Read(Cut(records, cuts))) == whole, iter: 100);
    }

    [Fact]
    public void Anything_is_a_value()
    {
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 2000], Gen.Byte).Sample((noise, at, b) =>
        {
            // Noise alone, and a good recording with one byte changed.
            Read([(Direction.FromClient, noise), (Direction.ToClient, noise)]);
            (Direction Direction, byte[] Bytes)[] records = [.. Story().Records];
            byte[] changed = records[at % records.Length].Bytes;
            changed[at / records.Length % changed.Length] = b;
            Read(records);
        }, iter: 2000);
    }

    [Theory]
    [InlineData("000000050900000001", "kind 9")]
    [InlineData("000000040100000001", "a message of 4 bytes")]
    [InlineData("ffffffff0200000001", "a message of 4294967295 bytes")]
    public void What_is_no_message_stops_its_direction(string hex, string reason)
    {
        HttpMalformedEntry told = Assert.IsType<HttpMalformedEntry>(Assert.Single(Read([(Direction.FromClient, Convert.FromHexString(hex)), (Direction.FromClient, new byte[50])])));
        Assert.Contains(reason, told.Reason, StringComparison.Ordinal);
        Assert.True(told.Stopped);
    }

    [Fact]
    public void A_recording_that_breaks_off_tells_what_was_under_way()
    {
        var recorder = new TapeRecorder();
        var tape = new HttpTape(recorder);
        tape.Request(tape.Next(), TapeRecorder.Head((":method", "GET"), (":path", "/watch")), TapeRoute.None, 0);
        recorder.Records.Add((Direction.ToClient, [0, 0, 0, 9]));
        HttpTranscriptEntry[] entries = Read(recorder.Records);
        Assert.Equal("the end of the recording inside a message", Assert.Single(entries.OfType<HttpMalformedEntry>()).Reason);
        Assert.Null(Assert.Single(Ended(entries)).EndedAt);
    }

    [Fact]
    public void Exchanges_under_way_and_their_fields_are_bounded()
    {
        var recorder = new TapeRecorder();
        var tape = new HttpTape(recorder);
        HttpHead head = TapeRecorder.Head((":method", "GET"), (":path", "/"), ("x-filler", new string('x', 1000)));
        for (int i = 0; i < 20; i++)
            tape.Request(tape.Next(), head, TapeRoute.None, 0);
        HttpTranscriptEntry[] entries = Read(recorder.Records, new HttpTranscriptLimits { Exchanges = 10, FieldChars = 5000 });
        Assert.Equal(10, Ended(entries).Length);
        Assert.Equal(4, Ended(entries).Count(exchange => exchange.RequestFields.Count > 0));
        Assert.Single(entries.OfType<HttpMalformedEntry>());
    }

    [Fact]
    public void A_decision_belongs_to_the_request_before_it()
    {
        var recorder = new TapeRecorder();
        var tape = new HttpTape(recorder);
        tape.Request(tape.Next(), TapeRecorder.Head((":method", "GET"), (":path", "/k8s/a/x?y=1")), TapeRoute.None, 6);
        tape.Request(tape.Next(), TapeRecorder.Head((":method", "PUT"), (":path", "/other")), TapeRoute.None, 0);
        var transcript = new HttpTranscript();
        Feed(transcript, recorder.Records[..1]);
        Assert.Null(transcript.Decided("GET /elsewhere", VerdictKind.Deny, "r", null, false));
        HttpTranscriptExchange first = transcript.Decided("GET /x?y=1", VerdictKind.Hold, "prod/hold", "wait", false)!;
        Assert.Equal((1u, VerdictKind.Hold, "prod/hold", "wait"), (first.Number, first.Verdict!.Value, first.Rule, first.Hint));
        Assert.Null(transcript.Decided("GET /x?y=1", VerdictKind.Deny, "r", null, false));
        Feed(transcript, recorder.Records[1..]);
        Assert.Equal(2u, transcript.Decided("PUT /oth", VerdictKind.Allow, "r", null, true)!.Number);

        // What is judged again says so, and the graver verdict stays.
        recorder.Records.Clear();
        tape.Judging(1);
        Feed(transcript, recorder.Records);
        Assert.Same(first, transcript.Decided("a port", VerdictKind.Deny, "prod/ports", null, false));
        Assert.Equal("prod/ports", first.Rule);
    }

    [Fact]
    public void Requests_of_one_kubectl_call_are_one_command()
    {
        var recorder = new TapeRecorder();
        var tape = new HttpTape(recorder);
        var transcript = new HttpTranscript();
        HttpTranscriptCommand?[] commands =
        [
            Command(0, ("kubectl-command", "kubectl get"), ("kubectl-session", "s1")), Command(90, ("kubectl-command", "kubectl get"), ("kubectl-session", "s1")),
            Command(90, ("kubectl-command", "kubectl apply"), ("kubectl-session", "s2")), Command(90, ("user-agent", "kubectl/v1.18.0")), Command(91, ("user-agent", "kubectl/v1.18.0")),
            Command(99, ("user-agent", "kubectl/v1.18.0")), Command(99, ("user-agent", "curl/8")),
        ];
        Assert.Equal([1, 1, 2, 3, 3, 4, null], commands.Select(command => command?.Number));
        Assert.Equal(("kubectl get", "s1", 2), (commands[0]!.Name, commands[0]!.Session, commands[0]!.Requests));
        Assert.Equal(("kubectl", ""), (commands[3]!.Name, commands[3]!.Session));

        HttpTranscriptCommand? Command(int seconds, params (string, string)[] fields)
        {
            recorder.Records.Clear();
            tape.Request(tape.Next(), TapeRecorder.Head([(":method", "GET"), (":path", "/"), .. fields]), TapeRoute.None, 0);
            Feed(transcript, recorder.Records, Start.AddSeconds(seconds));
            Assert.True(transcript.TryTake(out HttpTranscriptEntry? entry));
            return ((HttpExchangeEntry)entry!).Exchange.Command;
        }
    }

    private static TapeRecorder Story()
    {
        var recorder = new TapeRecorder();
        var tape = new HttpTape(recorder);
        uint one = tape.Next(), two = tape.Next();
        tape.Request(one, TapeRecorder.Head(
            (":method", "POST"), (":scheme", "https"), (":authority", "api.example.com"), (":path", "/k8s/c1/apis/apps/v1/namespaces/shop/deployments?dryRun=All"), ("authorization", "Bearer hush")),
            TapeRoute.Kubernetes | TapeRoute.Http1, 7);
        tape.Data(Direction.FromClient, one, "hello"u8);
        tape.Head(Direction.ToClient, one, TapeRecorder.Head((":status", "103"), ("link", "x")));
        tape.Request(two, TapeRecorder.Head(
            (":method", "GET"), (":path", "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&command=-c&command=echo+hi&container=app&tty=yes"), ("upgrade", "websocket")),
            TapeRoute.Kubernetes, 0);
        tape.Head(Direction.ToClient, one, TapeRecorder.Head((":status", "201"), ("content-type", "application/json")));
        tape.Head(Direction.ToClient, two, TapeRecorder.Head((":status", "101")));
        tape.Tunnel(Direction.FromClient, two, TapeChannel.Resize, """{"Width":80,"Height":24}"""u8);
        tape.Data(Direction.ToClient, one, "answer"u8);
        tape.Tunnel(Direction.FromClient, two, TapeChannel.Input, "ls\r"u8);
        tape.Tunnel(Direction.FromClient, two, TapeChannel.Resize, """{"Width":100,"Height":30}"""u8);
        tape.Tunnel(Direction.ToClient, two, TapeChannel.Output, "out\n"u8);
        tape.Tunnel(Direction.ToClient, two, TapeChannel.Error, "oops"u8);
        tape.Head(Direction.ToClient, one, TapeRecorder.Head(("grpc-status", "0")), isTrailers: true);
        tape.End(one, 201, 42, 10, 20);
        tape.Tunnel(Direction.ToClient, two, TapeChannel.Outcome,
            """{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"""u8);
        tape.Reset(Direction.FromClient, two, H2ErrorCode.REFUSED_STREAM);
        tape.End(two, 101, 99, 0, 0);
        return recorder;
    }

    private static List<(Direction Direction, byte[] Bytes)> Cut(List<(Direction Direction, byte[] Bytes)> records, int[] cuts)
    {
        var pieces = new List<(Direction, byte[])>();
        int cut = 0;
        foreach ((Direction direction, byte[] bytes) in records)
        {
            for (int at = 0; at < bytes.Length;)
            {
                int length = Math.Min(cuts[cut++ % cuts.Length], bytes.Length - at);
                pieces.Add((direction, bytes[at..(at + length)]));
                at += length;
            }
        }

        return pieces;
    }

    private static HttpTranscriptEntry[] Read(IEnumerable<(Direction Direction, byte[] Bytes)> records, HttpTranscriptLimits? limits = null)
    {
        var transcript = new HttpTranscript(limits);
        Feed(transcript, records);
        transcript.End(Start);
        var entries = new List<HttpTranscriptEntry>();
        while (transcript.TryTake(out HttpTranscriptEntry? entry))
            entries.Add(entry!);
        return [.. entries];
    }

    private static void Feed(HttpTranscript transcript, IEnumerable<(Direction Direction, byte[] Bytes)> records, DateTimeOffset? time = null)
    {
        foreach ((Direction direction, byte[] bytes) in records)
            transcript.Feed(direction, bytes, time ?? Start);
    }

    private static HttpTranscriptExchange[] Ended(HttpTranscriptEntry[] entries) =>
        [.. entries.OfType<HttpExchangeEntry>().Where(entry => entry.Step == HttpExchangeStep.Ended).Select(entry => entry.Exchange)];

    // Pieces of data that follow each other are one: only their bytes count.
    private static string Describe(HttpTranscriptEntry[] entries)
    {
        var text = new StringBuilder();
        string last = "";
        foreach (HttpTranscriptEntry entry in entries)
        {
            (string head, ReadOnlyMemory<byte> bytes) = entry switch
            {
                HttpBodyEntry body => ($"body {body.Exchange.Number} {body.IsResponse}", body.Bytes),
                HttpTunnelEntry tunnel => ($"tunnel {tunnel.Exchange.Number} {tunnel.Stream}", tunnel.Bytes),
                HttpExchangeEntry step => ($"{step.Step} {step.Exchange.Number} {step.Exchange.Status} {step.Exchange.Kube} {step.Exchange.ResetByClient}", default),
                HttpResizeEntry size => ($"size {size.Exchange.Number} {size.Columns}x{size.Rows}", default),
                _ => (entry.ToString(), default),
            };
            if (bytes.IsEmpty || head != last)
                text.Append('\n').Append(head).Append(' ');
            text.Append(Encoding.Latin1.GetString(bytes.Span));
            last = bytes.IsEmpty ? "" : head;
        }

        return text.ToString();
    }
}
