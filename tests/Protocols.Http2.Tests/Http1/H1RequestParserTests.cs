using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Http1;

/// <summary>RFC 9112 3, 5, 6 and 9 as a server has them: what is understood, and how.</summary>
public sealed class H1RequestParserTests
{
    [Theory]
    [InlineData("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "32 :method=GET|:scheme=https|:authority=x|:path=/a?b=c| Origin 1 None:0 keep None")]
    [InlineData("\r\nGET / HTTP/1.1\r\nHost: x:8443\r\n\r\nGET", "34 :method=GET|:scheme=https|:authority=x:8443|:path=/| Origin 1 None:0 keep None")]
    [InlineData("POST / HTTP/1.1\r\nX-A: \t b  c \t\r\nhOsT: [::1]:80\r\nContent-Length: 10\r\n\r\n", "70 :method=POST|:scheme=https|:authority=[::1]:80|:path=/|x-a=b  c|content-length=10| Origin 1 Length:10 keep None")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n", "75 :method=POST|:scheme=https|:authority=x|:path=/|connection=close| Origin 1 Chunked:0 close None")]
    [InlineData("GET / HTTP/1.0\r\nHost: x\r\n\r\n", "27 :method=GET|:scheme=https|:authority=x|:path=/| Origin 0 None:0 close None")]
    [InlineData("GET / HTTP/1.0\r\nHost: x\r\nConnection: Keep-Alive\r\n\r\n", "51 :method=GET|:scheme=https|:authority=x|:path=/|connection=Keep-Alive| Origin 0 None:0 keep None")]
    [InlineData("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 0\r\n\r\n", "68 :method=PUT|:scheme=https|:authority=x|:path=/|expect=100-Continue|content-length=0| Origin 1 None:0 keep expect None")]
    [InlineData("GET https://X.y/p HTTP/1.1\r\nHost: x.Y\r\n\r\n", "41 :method=GET|:scheme=https|:authority=x.Y|:path=/p| Absolute 1 None:0 keep None")]
    [InlineData("GET https://x?q HTTP/1.1\r\nHost: x\r\n\r\n", "37 :method=GET|:scheme=https|:authority=x|:path=/?q| Absolute 1 None:0 keep None")]
    [InlineData("OPTIONS https://x HTTP/1.1\r\nHost: x\r\n\r\n", "39 :method=OPTIONS|:scheme=https|:authority=x|:path=*| Absolute 1 None:0 keep None")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "31 :method=OPTIONS|:scheme=https|:authority=x|:path=*| Asterisk 1 None:0 keep None")]
    [InlineData("CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", "35 :method=CONNECT|:authority=x:443| Authority 1 None:0 keep None")]
    [InlineData("GET /e HTTP/1.1\r\nHost: x\r\nConnection: Keep-Alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n", "81 :method=GET|:scheme=https|:authority=x|:path=/e|connection=Keep-Alive, Upgrade|upgrade=WebSocket| Origin 1 None:0 keep WebSocket")]
    [InlineData("POST /e HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n", "88 :method=POST|:scheme=https|:authority=x|:path=/e|connection=Upgrade|upgrade=SPDY/3.1|content-length=0| Origin 1 None:0 keep Spdy31")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", "62 :method=GET|:scheme=https|:authority=x|:path=/|connection=Upgrade| Origin 1 None:0 keep Other")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n", "47 :method=GET|:scheme=https|:authority=x|:path=/| Origin 1 None:0 keep None")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX: \u00e9\r\n\r\n", "33 :method=GET|:scheme=https|:authority=x|:path=/|x=\u00e9| Origin 1 None:0 keep None")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n", "more")]
    public void RFC_9112_3_a_head_is_understood(string text, string expected) => Assert.Equal(expected, H1Drive.Request(text));

    [Fact]
    public void Requests_follow_one_another_on_a_connection()
    {
        byte[] bytes = H1Drive.Bytes("GET /1 HTTP/1.1\r\nHost: x\r\nA: 1\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
        var parser = new H1RequestParser(H1Limits.Default, secure: false);
        var head = new HttpHead(1 << 16, 100);
        Assert.Equal(ParseStatus.Done, parser.TryParse(bytes, head, out int first, out _, out _));
        Assert.Equal(":method=GET|:scheme=http|:authority=x|:path=/1|a=1|", H1Drive.Dump(head));
        Assert.Equal(ParseStatus.Done, parser.TryParse(bytes.AsSpan(first), head, out int second, out _, out _));
        Assert.Equal(":method=GET|:scheme=http|:authority=x|:path=/2|", H1Drive.Dump(head));
        Assert.Equal(bytes.Length, first + second);
    }

    [Fact]
    public void Secrets_are_never_indexed()
    {
        var head = new HttpHead(1 << 16, 100);
        new H1RequestParser(H1Limits.Default, secure: true).TryParse("GET / HTTP/1.1\r\nHost: x\r\nAUTHORIZATION: a\r\nCookie: b\r\nX: c\r\n\r\n"u8, head, out _, out _, out _);
        Assert.Equal([false, false, false, false, true, true, false], Enumerable.Range(0, head.Count).Select(i => head[i].NeverIndexed));
    }

    [Fact]
    public void Every_length_has_its_bound_and_its_status()
    {
        var limits = new H1Limits { StartLine = 60, FieldLine = 40, Head = 200 };
        const string Host = " HTTP/1.1\r\nHost: x\r\n";
        Assert.EndsWith("None", H1Drive.Request("GET /" + new string('a', 46) + Host + "\r\n", limits: limits), StringComparison.Ordinal);
        Assert.StartsWith("414", H1Drive.Request("GET /" + new string('a', 47) + Host + "\r\n", limits: limits), StringComparison.Ordinal);
        Assert.StartsWith("414", H1Drive.Request(new string('A', 300), limits: limits), StringComparison.Ordinal);
        Assert.EndsWith("None", H1Drive.Request("GET /" + Host + "a:" + new string('b', 38) + "\r\n\r\n", limits: limits), StringComparison.Ordinal);
        Assert.StartsWith("431 A field line", H1Drive.Request("GET /" + Host + "a:" + new string('b', 39) + "\r\n\r\n", limits: limits), StringComparison.Ordinal);
        Assert.StartsWith("431 The head is", H1Drive.Request("GET /" + Host + string.Concat(Enumerable.Repeat("a: bcdefghijklmnopqrstuvwxyz\r\n", 8)) + "\r\n", limits: limits), StringComparison.Ordinal);
        Assert.StartsWith("431 The head has", H1Drive.Request("GET /" + Host + "a: b\r\nc: d\r\n\r\n", mostFields: 5), StringComparison.Ordinal);
        Assert.StartsWith("501", H1Drive.Request(new string('A', 25) + " /" + Host + "\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("400", H1Drive.Request("GET /" + Host + new string('a', 257) + ": b\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_is_read_without_allocating()
    {
        byte[] bytes = H1Drive.Bytes("GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: x\r\nUser-Agent: kubectl/v1.32.4\r\nAccept: application/json\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
        var parser = new H1RequestParser(H1Limits.Default, secure: true);
        var head = new HttpHead(1 << 16, 100);
        for (int i = 0; i < 100; i++)
            parser.TryParse(bytes, head, out _, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            parser.TryParse(bytes, head, out _, out _, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
