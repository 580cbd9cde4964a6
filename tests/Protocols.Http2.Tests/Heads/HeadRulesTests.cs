using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Tests.Hpack;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.Heads;

/// <summary>What makes a head malformed (RFC 9113 8), named by section.</summary>
public sealed class HeadRulesTests
{
    private const string Get = ":method: GET|:scheme: https|:authority: example.com|:path: /";

    [Theory]
    [InlineData(Get)]
    [InlineData(":path: /a?b=c|:scheme: http|:authority: example.com:8080|:method: POST|content-length: 5|te: trailers|x: y")]
    [InlineData(":method: GET|:scheme: https|:path: /|host: example.com")]
    [InlineData(Get + "|host: EXAMPLE.com")]
    [InlineData(":method: OPTIONS|:scheme: https|:authority: example.com|:path: *")]
    [InlineData(":method: CONNECT|:authority: example.com:443")]
    [InlineData(":method: GET|:scheme: https|:authority: [2001:db8::1]:8443|:path: /")]
    [InlineData(Get + "|cookie: a=b|cookie: c=d|x-empty: ")]
    [InlineData(Get + "|x-text: \u00e9\ttab")]
    public void Legal_requests(string lines) => Assert.Null(HeadRules.Request(Head(lines), HeadForm.Http2, out _));

    [Theory]
    [InlineData("8.2.1 upper case", Get + "|X-Test: ok", "name")]
    [InlineData("8.2.1 no token", Get + "|x test: ok", "name")]
    [InlineData("8.2.1 no token", Get + "|x\u0000: ok", "name")]
    [InlineData("8.2.1 beyond ASCII", Get + "|x\u00e9: ok", "name")]
    [InlineData("8.2.1 NUL", Get + "|x: a\u0000b", "value")]
    [InlineData("8.2.1 CR", Get + "|x: a\rb", "value")]
    [InlineData("8.2.1 LF", Get + "|x: a\nb", "value")]
    [InlineData("9110 5.5 other controls", Get + "|x: a\u007fb", "value")]
    [InlineData("8.2.1 space before", Get + "|x:  a", "value")]
    [InlineData("8.2.1 tab behind", Get + "|x: a\t", "value")]
    [InlineData("8.2.1 also in pseudo-header fields", ":method: GET|:scheme: https|:authority: example.com|:path: /\r\nhost", "value")]
    [InlineData("8.2.2 Connection", Get + "|connection: keep-alive", "connection")]
    [InlineData("8.2.2 Keep-Alive", Get + "|keep-alive: 5", "connection")]
    [InlineData("8.2.2 Proxy-Connection", Get + "|proxy-connection: x", "connection")]
    [InlineData("8.2.2 Transfer-Encoding", Get + "|transfer-encoding: chunked", "connection")]
    [InlineData("8.2.2 Upgrade", Get + "|upgrade: websocket", "connection")]
    [InlineData("8.2.2 TE", Get + "|te: trailers, deflate;q=0.5", "te with")]
    [InlineData("8.3 unknown", ":test: ok|" + Get, "not of this kind")]
    [InlineData("8.3 of a response", ":status: 200|" + Get, "not of this kind")]
    [InlineData("8.3 behind a field", ":method: GET|:scheme: https|x-test: ok|:path: /|:authority: example.com", "behind")]
    [InlineData("8.3 twice", Get + "|:method: GET", "twice")]
    [InlineData("8.3 twice", ":scheme: https|" + Get, "twice")]
    [InlineData("8.3 twice", ":path: /|" + Get, "twice")]
    [InlineData("8.3 twice", ":authority: example.com|" + Get, "twice")]
    [InlineData("8.3.1 no method", ":scheme: https|:authority: example.com|:path: /", "missing")]
    [InlineData("8.3.1 no scheme", ":method: GET|:authority: example.com|:path: /", "missing")]
    [InlineData("8.3.1 no path", ":method: GET|:scheme: https|:authority: example.com", "missing")]
    [InlineData("8.3.1 empty path", ":method: GET|:scheme: https|:authority: example.com|:path: ", "path")]
    [InlineData("8.3.1 a whole URI", ":method: GET|:scheme: https|:authority: example.com|:path: https://example.com/", "path")]
    [InlineData("8.3.1 an asterisk", ":method: GET|:scheme: https|:authority: example.com|:path: *", "path")]
    [InlineData("8.3.1 a fragment", ":method: GET|:scheme: https|:authority: example.com|:path: /#a", "path")]
    [InlineData("8.3.1 a space", ":method: GET|:scheme: https|:authority: example.com|:path: /a HTTP/1.1", "path")]
    [InlineData("8.3.1 no ASCII", ":method: GET|:scheme: https|:authority: example.com|:path: /\u00e9", "path")]
    [InlineData("8.3.1 userinfo", ":method: GET|:scheme: https|:authority: user@example.com|:path: /", "no host")]
    [InlineData("8.3.1 a path in the authority", ":method: GET|:scheme: https|:authority: example.com/a|:path: /", "no host")]
    [InlineData("9110 4.2.1 empty host", ":method: GET|:scheme: https|:authority: |:path: /", "no host")]
    [InlineData("3986 3.2.3 port", ":method: GET|:scheme: https|:authority: example.com:65536|:path: /", "no host")]
    [InlineData("3986 3.2.3 port", ":method: GET|:scheme: https|:authority: example.com:|:path: /", "no host")]
    [InlineData("3986 3.2.2 two ports", ":method: GET|:scheme: https|:authority: a:1:2|:path: /", "no host")]
    [InlineData("3986 3.2.2 brackets", ":method: GET|:scheme: https|:authority: [::1|:path: /", "no host")]
    [InlineData("8.3.1 no authority", ":method: GET|:scheme: https|:path: /", "neither")]
    [InlineData("8.3.1 another host", Get + "|host: other.example.com", "twice, or")]
    [InlineData("9112 3.2 two hosts", ":method: GET|:scheme: https|:path: /|host: a|host: a", "twice, or")]
    [InlineData("8.3.1 method", ":method: G ET|:scheme: https|:authority: example.com|:path: /", "token")]
    [InlineData("8.3.1 scheme", ":method: GET|:scheme: ftp|:authority: example.com|:path: /", "scheme")]
    [InlineData("8.5 CONNECT with a path", ":method: CONNECT|:scheme: https|:authority: example.com:443|:path: /", "CONNECT")]
    [InlineData("8.5 CONNECT to nowhere", ":method: CONNECT", "missing")]
    [InlineData("8.5 CONNECT without port", ":method: CONNECT|:authority: example.com", "no host")]
    [InlineData("8441 3 not announced", ":method: CONNECT|:protocol: websocket|:scheme: https|:authority: example.com|:path: /", "not of this kind")]
    [InlineData("9110 8.6 sign", Get + "|content-length: +5", "content-length")]
    [InlineData("9110 8.6 list", Get + "|content-length: 5, 5", "content-length")]
    [InlineData("9110 8.6 empty", Get + "|content-length: ", "content-length")]
    [InlineData("9110 8.6 overflow", Get + "|content-length: 18446744073709551617", "content-length")]
    [InlineData("9110 8.6 two", Get + "|content-length: 5|content-length: 5", "content-length")]
    public void Malformed_requests(string section, string lines, string word)
    {
        HttpViolation? wrong = HeadRules.Request(Head(lines), HeadForm.Http2, out _);
        Assert.True(wrong is not null && wrong.Message.Contains(word, StringComparison.Ordinal), $"{section}: {wrong}");
        Assert.Equal(H2ErrorCode.PROTOCOL_ERROR, wrong.Code);
    }

    [Fact]
    public void Rfc_8441_4_extended_CONNECT_has_scheme_path_and_authority()
    {
        const HeadForm Form = HeadForm.ExtendedConnect;
        Assert.Null(HeadRules.Request(Head(":method: CONNECT|:protocol: websocket|:scheme: https|:authority: example.com|:path: /chat"), Form, out HeadFacts facts));
        Assert.Equal((true, true), (facts.IsConnect, facts.IsExtendedConnect));
        Assert.NotNull(HeadRules.Request(Head(":method: CONNECT|:protocol: websocket|:authority: example.com"), Form, out _));
        Assert.NotNull(HeadRules.Request(Head(":method: GET|:protocol: websocket|:scheme: https|:authority: example.com|:path: /chat"), Form, out _));
        Assert.NotNull(HeadRules.Request(Head(":method: CONNECT|:protocol: |:scheme: https|:authority: example.com|:path: /chat"), Form, out _));
        Assert.Null(HeadRules.Request(Head(":method: CONNECT|:authority: example.com:443"), Form, out facts));
        Assert.Equal((true, false), (facts.IsConnect, facts.IsExtendedConnect));
    }

    [Fact]
    public void What_a_request_says_of_its_message()
    {
        Assert.Null(HeadRules.Request(Head(":method: HEAD|:scheme: https|:authority: example.com|:path: /|te: trailers|content-length: 123456789012"), HeadForm.Http2, out HeadFacts facts));
        Assert.Equal((123456789012, true, true, true, false, 0), (facts.ContentLength, facts.IsHead, facts.IsHttps, facts.TakesTrailers, facts.IsConnect, facts.Status));
        Assert.Null(HeadRules.Request(Head(Get), HeadForm.Http2, out facts));
        Assert.Equal((-1, false, false), (facts.ContentLength, facts.IsHead, facts.TakesTrailers));
    }

    [Fact]
    public void Fields_of_the_connection_are_legal_in_HTTP_1_1_alone()
    {
        HttpHead head = Head(Get + "|connection: upgrade|upgrade: websocket|te: gzip");
        Assert.Null(HeadRules.Request(head, HeadForm.Http1, out HeadFacts facts));
        Assert.False(facts.TakesTrailers);
        Assert.NotNull(HeadRules.Request(head, HeadForm.Http2, out _));
    }

    [Theory]
    [InlineData(":status: 200|content-length: 0", false, true)]
    [InlineData(":status: 103|link: x", false, true)]
    [InlineData(":status: 599", false, true)]
    [InlineData(":status: 101|upgrade: websocket|connection: upgrade", true, true)]
    [InlineData(":status: 101", false, false)]
    [InlineData("content-length: 0", false, false)]
    [InlineData(":status: 200|:status: 200", false, false)]
    [InlineData(":status: 200|:path: /", false, false)]
    [InlineData("server: x|:status: 200", false, false)]
    [InlineData(":status: 20", false, false)]
    [InlineData(":status: 2000", false, false)]
    [InlineData(":status: 2x0", false, false)]
    [InlineData(":status: 600", false, false)]
    [InlineData(":status: 099", false, false)]
    [InlineData(":status: 200|transfer-encoding: chunked", false, false)]
    [InlineData(":status: 200|content-length: 1|content-length: 2", false, false)]
    public void Section_8_3_2_responses(string lines, bool http1, bool legal)
    {
        Assert.Equal(legal, HeadRules.Response(Head(lines), http1 ? HeadForm.Http1 : HeadForm.Http2, out HeadFacts facts) is null);
        if (legal)
            Assert.Equal((lines.Substring(":status: ".Length, 3), facts.Status < 200), (facts.Status.ToString(System.Globalization.CultureInfo.InvariantCulture), facts.IsInterim));
    }

    [Theory]
    [InlineData("grpc-status: 0|grpc-message: ok", true)]
    [InlineData("", true)]
    [InlineData(":status: 200", false)]
    [InlineData(":method: GET", false)]
    [InlineData("grpc-status: 0|:path: /", false)]
    [InlineData("content-length: 5", false)]
    [InlineData("transfer-encoding: chunked", false)]
    [InlineData("host: a", false)]
    [InlineData("authorization: Bearer x", false)]
    [InlineData("impersonate-user: root", false)]
    [InlineData("x_remote_user: root", false)]
    [InlineData("Upper: x", false)]
    public void Section_8_1_trailers(string lines, bool legal) => Assert.Equal(legal, HeadRules.Trailers(Head(lines), HeadForm.Http2) is null);

    [Fact]
    public void Judging_allocates_nothing()
    {
        HttpHead head = Head(Get + "|user-agent: kubectl|accept: application/json|content-length: 17|te: trailers"), into = HpackText.Empty();
        Assert.Equal(0, Allocation.Least(200, () =>
        {
            if (HeadRules.Request(head, HeadForm.Http2, out _) is not null || ForwardedFields.CopyRequest(head, into) is not null)
                throw new InvalidOperationException();
        }));
    }

    private static HttpHead Head(string lines) => HpackText.Head(lines.Split('|', StringSplitOptions.RemoveEmptyEntries));
}
