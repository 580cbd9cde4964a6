using System.Buffers;
using System.Text;
using CsCheck;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Http1;

/// <summary>What is written is what is read back; what could be read otherwise is not written.</summary>
public sealed class H1WriterTests
{
    private static readonly Gen<string> Name = Gen.String[Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-_.!#$%&'*+^`~"], 1, 20].Select(s => "x-" + s);
    private static readonly Gen<string> Value = Gen.String[Gen.Char["abc XYZ09\t:;,=\"\\()é"], 0, 40].Select(s => s.Trim(' ', '\t'));
    private static readonly Gen<(string, string)[]> Fields = Gen.Select(Name, Value).Array[0, 12];
    private static readonly Gen<H1Framing> Framing = Gen.OneOf(Gen.Const(new H1Framing(H1Body.Chunked)), Gen.Const(default(H1Framing)), Gen.Long[0, 1L << 50].Select(H1Framing.OfLength));

    [Fact]
    public void A_request_is_read_back() =>
        Gen.Select(Gen.Int[0, 3].Select(i => new[] { "GET", "POST", "DELETE", "OPTIONS" }[i]), Gen.String[Gen.Char["abc/%20?=&;@:[]{}~"], 0, 40], Fields, Framing, Gen.Bool).Sample((method, path, fields, framing, closes) =>
        {
            HttpHead head = Head([(":method", method), (":scheme", "https"), (":authority", "h:1"), (":path", "/" + path), .. fields]);
            byte[] bytes = Written(to => H1Writer.TryWriteRequest(head, framing, closes ? H1Ending.Close : H1Ending.KeepAlive, to));
            var back = new HttpHead(1 << 16, 100);
            Assert.Equal(ParseStatus.Done, new H1RequestParser(H1Limits.Default, secure: true).TryParse(bytes, back, out int consumed, out H1RequestFacts facts, out _));
            Assert.Equal((bytes.Length, framing, !closes), (consumed, facts.Framing, facts.KeepAlive));
            Assert.Equal(H1Drive.Dump(head), WithoutConnection(back));
        }, iter: 500);

    [Fact]
    public void A_response_is_read_back() =>
        Gen.Select(Gen.Int[200, 599], Fields, Framing, Gen.Bool).Sample((status, fields, framing, closes) =>
        {
            framing = status is 204 or 304 ? default : framing;
            HttpHead head = Head([(":status", $"{status}"), .. fields]);
            byte[] bytes = Written(to => H1Writer.TryWriteResponse(head, framing, closes ? H1Ending.Close : H1Ending.KeepAlive, isHead: false, to));
            var back = new HttpHead(1 << 16, 100);
            Assert.Equal(ParseStatus.Done, new H1ResponseParser(H1Limits.Default).TryParse(bytes, default, back, out int consumed, out H1ResponseFacts facts, out _));
            Assert.Equal((bytes.Length, framing, !closes), (consumed, facts.Framing, facts.KeepAlive));
            Assert.Equal(H1Drive.Dump(head), WithoutConnection(back));
        }, iter: 500);

    [Fact]
    public void Chunks_are_read_back() =>
        Gen.Select(Gen.Byte.Array[1, 300].Array[0, 5], Fields).Sample((chunks, fields) =>
        {
            byte[] bytes = Written(to =>
            {
                foreach (byte[] chunk in chunks)
                {
                    to.Advance(H1Writer.WriteChunkHeader(chunk.Length, to.GetSpan(H1Writer.LongestChunkHeader)));
                    to.Write(chunk);
                    to.Write(H1Writer.ChunkEnd);
                }

                return H1Writer.TryWriteLastChunk(Head(fields), to);
            });
            string expected = Encoding.Latin1.GetString(chunks.SelectMany(c => c).ToArray());
            Assert.Equal($"{expected}|{H1Drive.Dump(Head(fields))}|", Decoded(bytes));
        }, iter: 300);

    [Theory]
    [InlineData("x", "a\r\nInjected: b")]
    [InlineData("x", "a\nb")]
    [InlineData("x", "a\rb")]
    [InlineData("x", "a\0b")]
    [InlineData("x", " a")]
    [InlineData("x", "a\t")]
    [InlineData("x\r\ny", "a")]
    [InlineData("x:", "a")]
    [InlineData("x y", "a")]
    [InlineData("", "a")]
    [InlineData("X", "a")]
    [InlineData(":protocol", "websocket")]
    [InlineData(":method", "GET")]
    [InlineData(":path", "/ HTTP/1.1\r\n")]
    public void A_field_that_could_be_read_otherwise_is_not_written(string name, string value)
    {
        var to = new ArrayBufferWriter<byte>();
        Assert.NotNull(H1Writer.TryWriteRequest(Head([(":method", "GET"), (":authority", "h"), (":path", "/"), (name, value)]), default, H1Ending.KeepAlive, to));
        Assert.NotNull(H1Writer.TryWriteResponse(Head([(":status", "200"), (name, value)]), default, H1Ending.KeepAlive, isHead: false, to));
        Assert.NotNull(H1Writer.TryWriteLastChunk(Head([(name, value)]), to));
        Assert.Equal(0, to.WrittenCount);
    }

    [Theory]
    [InlineData("GET", "h", "")]
    [InlineData("GET", "h", "x")]
    [InlineData("GET", "h", "*")]
    [InlineData("GET", "h", "/a b")]
    [InlineData("GET", "h", "/a\r\nX: y")]
    [InlineData("GET", "", "/")]
    [InlineData("GET", "h\r\nX: y", "/")]
    [InlineData("GET", "u@h", "/")]
    [InlineData("G T", "h", "/")]
    [InlineData("CONNECT", "h", "")]
    public void A_request_line_that_could_be_read_otherwise_is_not_written(string method, string authority, string path)
    {
        var to = new ArrayBufferWriter<byte>();
        Assert.NotNull(H1Writer.TryWriteRequest(Head([(":method", method), (":authority", authority), (":path", path)]), default, H1Ending.KeepAlive, to));
        Assert.Equal(0, to.WrittenCount);
    }

    [Fact]
    public void What_the_connection_says_is_not_taken_from_the_head()
    {
        HttpHead head = Head([(":method", "POST"), (":authority", "h"), (":path", "/"), ("host", "other"), ("connection", "x"), ("transfer-encoding", "gzip"), ("content-length", "7"),
            ("te", "trailers"), ("keep-alive", "1"), ("proxy-connection", "a"), ("upgrade", "SPDY/3.1"), ("cookie", "a=b"), ("x", "y"), ("cookie", "c=d")]);
        Assert.Equal("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\ncookie: a=b; c=d\r\nx: y\r\n\r\n", Text(Written(to => H1Writer.TryWriteRequest(head, default, H1Ending.KeepAlive, to))));
        Assert.EndsWith("\r\nx: y\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\n", Text(Written(to => H1Writer.TryWriteRequest(head, default, H1Ending.Upgrade, to))), StringComparison.Ordinal);
        HttpHead connect = Head([(":method", "CONNECT"), (":authority", "h:1")]);
        Assert.Equal("CONNECT h:1 HTTP/1.1\r\nhost: h:1\r\n\r\n", Text(Written(to => H1Writer.TryWriteRequest(connect, default, H1Ending.KeepAlive, to))));
        Assert.NotNull(H1Writer.TryWriteRequest(connect, new H1Framing(H1Body.Chunked), H1Ending.KeepAlive, new ArrayBufferWriter<byte>()));
        Assert.NotNull(H1Writer.TryWriteRequest(connect, default, H1Ending.Upgrade, new ArrayBufferWriter<byte>()));
    }

    [Fact]
    public void A_response_says_how_it_ends()
    {
        Assert.Equal("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", Response("200", default, isHead: true));
        Assert.Equal("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", Response("304", default));
        Assert.Equal("HTTP/1.1 204 No Content\r\n\r\n", Response("204", default));
        Assert.Equal("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Response("200", default));
        Assert.Equal("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", Response("200", new H1Framing(H1Body.UntilClose)));
        Assert.Equal("HTTP/1.1 299 \r\ntransfer-encoding: chunked\r\n\r\n", Response("299", new H1Framing(H1Body.Chunked)));
        Assert.NotNull(H1Writer.TryWriteResponse(Head([(":status", "204")]), new H1Framing(H1Body.Chunked), H1Ending.KeepAlive, isHead: false, new ArrayBufferWriter<byte>()));

        static string Response(string status, H1Framing framing, bool isHead = false) =>
            Text(Written(to => H1Writer.TryWriteResponse(Head([(":status", status), ("content-length", "9")]), framing, H1Ending.KeepAlive, isHead, to)));
    }

    private static string Decoded(byte[] bytes)
    {
        var decoder = new ChunkedDecoder(H1Limits.Default);
        var trailers = new HttpHead(1 << 16, 100);
        var body = new StringBuilder();
        ReadOnlySpan<byte> rest = bytes;
        ChunkedPart part;
        while ((part = decoder.Read(rest, trailers, out int consumed, out ReadOnlySpan<byte> data, out _)) == ChunkedPart.Data)
        {
            body.Append(Encoding.Latin1.GetString(data));
            rest = rest[consumed..];
        }

        return $"{body}|{H1Drive.Dump(trailers)}|{(part == ChunkedPart.End ? "" : part.ToString())}";
    }

    /// <summary>Without what the writer says of itself.</summary>
    private static string WithoutConnection(HttpHead head) =>
        string.Concat(H1Drive.Dump(head).Split('|').Where(f => f.Length > 0 && !f.StartsWith("content-length=", StringComparison.Ordinal) && !f.StartsWith("connection=", StringComparison.Ordinal)).Select(f => f + '|'));

    private static HttpHead Head((string Name, string Value)[] fields)
    {
        var head = new HttpHead(1 << 16, 100);
        foreach ((string name, string value) in fields)
            Assert.True(head.TryAdd(Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value)));
        return head;
    }

    private static byte[] Written(Func<ArrayBufferWriter<byte>, HttpViolation?> write)
    {
        var to = new ArrayBufferWriter<byte>();
        Assert.Null(write(to));
        return to.WrittenSpan.ToArray();
    }

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
