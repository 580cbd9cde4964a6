using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;
using Sallyport.Protocols.Http2.Tests.Http1;
using Sallyport.Protocols.Http2.WebSockets;
using Sallyport.Protocols.Wire;
using Xunit;

namespace Sallyport.Protocols.Http2.Tests.WebSockets;

/// <summary>RFC 6455 4.</summary>
public sealed class WebSocketHandshakeTests
{
    // As kubectl 1.32.4 sends it.
    private const string Kubectl = "GET /api/v1/namespaces/default/pods/p/exec?command=cat&container=c HTTP/1.1\r\nHost: 127.0.0.1:18983\r\nConnection: Upgrade\r\nSec-WebSocket-Key: KA2xrVb7nRVaYZzkRdLq2g==\r\n"
        + "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n\r\n";

    [Fact]
    public void RFC_6455_1_3_the_example_of_a_key() => Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WebSocketHandshake.AcceptOf("dGhlIHNhbXBsZSBub25jZQ=="));

    [Theory]
    [InlineData("", "", "v5.channel.k8s.io")]
    [InlineData("v5.channel.k8s.io", "SPDY/3.1+portforward.k8s.io, a,b\r\nSec-WebSocket-Protocol: c", "SPDY/3.1+portforward.k8s.io a b c")]
    [InlineData("Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n", "", "")]
    [InlineData("v5.channel.k8s.io", "a,,b", "400")]
    [InlineData("v5.channel.k8s.io", "a, a", "400")]
    [InlineData("v5.channel.k8s.io", "a b", "400")]
    [InlineData("v5.channel.k8s.io", "/a", "400")]
    [InlineData("v5.channel.k8s.io", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33", "400")]
    [InlineData("Version: 13", "Version: 12", "426")]
    [InlineData("Version: 13", "Version: 13\r\nSec-WebSocket-Version: 13", "400")]
    [InlineData("Sec-WebSocket-Version: 13\r\n", "", "400")]
    [InlineData("KA2xrVb7nRVaYZzkRdLq2g==", "KA2xrVb7nRVaYZzkRdLq2gAA", "400")]
    [InlineData("KA2xrVb7nRVaYZzkRdLq2g==", "KA2xrVb7nRVaYZzkRdLq2g=", "400")]
    [InlineData("KA2xrVb7nRVaYZzkRdLq2g==", "KA2xrVb7nRVaYZzkRdLq!g==", "400")]
    [InlineData("KA2xrVb7nRVaYZzkRdLq2g==", "KA2xrVb7nRVaYZzkRdLq2g==\r\nSec-WebSocket-Key: KA2xrVb7nRVaYZzkRdLq2g==", "400")]
    [InlineData("GET", "PUT", "400")]
    [InlineData("websocket", "SPDY/3.1", "400")]
    public void RFC_6455_4_2_1_a_client_s_handshake_is_checked(string change, string with, string expected)
    {
        byte[] bytes = H1Drive.Bytes(change.Length == 0 ? Kubectl : Kubectl.Replace(change, with, StringComparison.Ordinal));
        var head = new HttpHead(1 << 16, 100);
        Assert.Equal(ParseStatus.Done, new H1RequestParser(H1Limits.Default, secure: true).TryParse(bytes, head, out _, out H1RequestFacts facts, out _));
        HttpViolation? violation = WebSocketHandshake.CheckRequest(head, facts, out IReadOnlyList<string> protocols);
        Assert.Equal(expected, violation is null ? string.Join(' ', protocols) : $"{violation.Status}");
    }

    [Theory]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: b\r\n", "b")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "none")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: c\r\n", "502")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n", "502")]
    [InlineData("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", "502")]
    [InlineData("Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "502")]
    [InlineData("", "502")]
    public void RFC_6455_4_1_a_target_s_answer_is_checked(string fields, string expected)
    {
        byte[] bytes = H1Drive.Bytes("HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" + fields + "\r\n");
        var head = new HttpHead(1 << 16, 100);
        Assert.Equal(ParseStatus.Done, new H1ResponseParser(H1Limits.Default).TryParse(bytes, new H1Asked(Upgrade: true), head, out _, out H1ResponseFacts facts, out _));
        HttpViolation? violation = WebSocketHandshake.CheckResponse(head, facts, "dGhlIHNhbXBsZSBub25jZQ==", ["a", "b"], out string? protocol);
        Assert.Equal(expected, violation is null ? protocol ?? "none" : $"{violation.Status}");
    }

    [Fact]
    public void Only_what_is_understood_is_offered_on()
    {
        string[] offered = ["v5.channel.k8s.io", "v4.base64.channel.k8s.io", "base64.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io", "SPDY/3.1+portforward.k8s.io"];
        Assert.Equal(["v5.channel.k8s.io", "v4.channel.k8s.io"], KubeSubprotocols.Understood(offered, isPortForward: false));
        Assert.Equal(["v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"], KubeSubprotocols.Understood(offered, isPortForward: true));
        Assert.Equal(24, WebSocketHandshake.NewKey().Length);
    }
}
