using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Wire.Tests.Peers;

/// <summary>The opening handshake of a WebSocket, over HTTP/1.1 (RFC 6455 4) and by extended CONNECT (RFC 8441 5).</summary>
internal static class WebSocketMsg
{
    /// <summary>Fields of a client's request.</summary>
    public const string Upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    /// <summary>The target's answer to a request.</summary>
    /// <param name="asked">The head that it got.</param>
    public static string Switching(string asked, string fields = "") =>
        $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {WebSocketHandshake.AcceptOf(KeyOf(asked))}\r\n{fields}\r\n";

    /// <summary>Fields of an extended CONNECT of alice's.</summary>
    public static (string, string)[] Connect(string path, params (string, string)[] more) =>
        [(":method", "CONNECT"), (":protocol", "websocket"), .. H2Msg.Request("GET", path)[1..], ("sec-websocket-version", "13"), .. more];

    private static string KeyOf(string head) =>
        head.Split("\r\n").Single(line => line.StartsWith("sec-websocket-key:", StringComparison.OrdinalIgnoreCase))["sec-websocket-key:".Length..].Trim();
}
