using Sallyport.Protocols.Http2.Http1;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Http1;

/// <summary>RFC 9112 4 and 6.3 as a client has them.</summary>
public sealed class H1ResponseParserTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", "44 :status=200|content-length=5|x=y| Length:5 keep None")]
    [InlineData("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", "45 :status=200| Chunked:0 keep None")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", "19 :status=200| UntilClose:0 close None")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "38 :status=200|content-length=0| None:0 close None")]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "62 :status=200|connection=keep-alive|content-length=0| None:0 keep None")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", "57 :status=200|connection=close|content-length=1| Length:1 close None")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1", "25 :status=100| None:0 keep None")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", "37 :status=103|link=a| None:0 keep None")]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "46 :status=204| None:0 keep None")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "48 :status=304|content-length=7| None:0 keep None")]
    [InlineData("HTTP/1.1 404 \u00fcber\r\nContent-Length: 0\r\n\r\n", "40 :status=404|content-length=0| None:0 keep None")]
    [InlineData("HTTP/1.1 200", "more")]
    public void RFC_9112_6_3_the_end_of_a_body_is_known(string text, string expected) => Assert.Equal(expected, H1Drive.Response(text));

    [Fact]
    public void RFC_9112_6_3_what_was_asked_decides_too()
    {
        Assert.Equal("38 :status=200|content-length=5| None:0 keep None", H1Drive.Response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", new H1Asked(Head: true)));
        Assert.Equal("47 :status=200| None:0 keep None", H1Drive.Response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", new H1Asked(Head: true)));
        Assert.Equal("19 :status=200| Tunnel:0 close None", H1Drive.Response("HTTP/1.1 200 OK\r\n\r\n", new H1Asked(Connect: true)));
        Assert.Equal("38 :status=403|content-length=3| Length:3 keep None", H1Drive.Response("HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\n", new H1Asked(Connect: true)));
        Assert.Equal("76 :status=101|connection=Upgrade|upgrade=SPDY/3.1| Tunnel:0 close Spdy31",
            H1Drive.Response("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n", new H1Asked(Upgrade: true)));
    }

    [Theory]
    [InlineData("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false)] // nobody asked
    [InlineData("HTTP/1.1 101 x\r\nConnection: Upgrade\r\n\r\n", true)]
    [InlineData("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", true)]
    [InlineData("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n", true)]
    [InlineData("HTTP/1.1 204 x\r\nContent-Length: 1\r\n\r\n", false)]
    [InlineData("HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n", false)]
    [InlineData("HTTP/1.1 100 x\r\nContent-Length: 1\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\n\r\n", false)]
    [InlineData("HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\r\nA : b\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\r\n a: b\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\r\nA: b\n\r\n", false)]
    [InlineData("HTTP/1.1 200 x\nA: b\n\n", false)]
    [InlineData("HTTP/1.1 200 x\u0000\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200\r\n\r\n", false)]
    [InlineData("HTTP/1.1  200 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.1 099 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.1 600 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.1 +20 OK\r\n\r\n", false)]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n", false)]
    [InlineData("HTTP/1.2 200 OK\r\n\r\n", false)]
    [InlineData("http/1.1 200 OK\r\n\r\n", false)]
    [InlineData("ICY 200 OK\r\n\r\n", false)]
    [InlineData("\r\nHTTP/1.1 200 OK\r\n\r\n", false)]
    public void RFC_9112_4_a_response_that_two_could_read_differently_is_refused(string text, bool upgrade) =>
        Assert.StartsWith("502 ", H1Drive.Response(text, new H1Asked(Upgrade: upgrade)), StringComparison.Ordinal);
}
