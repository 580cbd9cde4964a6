using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Http1;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>
/// The opening handshake over HTTP/1.1 (RFC 6455 4), from both sides. That there is an Upgrade field and that Connection lists it, the parser of heads has
/// said. Extensions are the caller's to strip from the offer: none is understood, so none may be agreed on.
/// </summary>
internal static class WebSocketHandshake
{
    /// <summary>Kubernetes knows five, and each again in base64.</summary>
    public const int MostProtocols = 32;

    private static readonly HttpViolation BadRequest = new(H2ErrorCode.PROTOCOL_ERROR, "A WebSocket handshake is malformed.");
    private static readonly HttpViolation BadVersion = new(H2ErrorCode.PROTOCOL_ERROR, "A WebSocket handshake is not of version 13.") { Status = 426 };
    private static readonly HttpViolation BadResponse = new(H2ErrorCode.PROTOCOL_ERROR, "A target's answer to a WebSocket handshake is not one.") { Status = 502 };

    /// <summary>The server's check (RFC 6455 4.2.1).</summary>
    /// <param name="protocols">The subprotocols, in the order of preference; each once.</param>
    public static HttpViolation? CheckRequest(HttpHead head, H1RequestFacts facts, out IReadOnlyList<string> protocols)
    {
        protocols = [];
        if (facts.Upgrade != H1Upgrade.WebSocket || !head.Value(":method"u8).SequenceEqual("GET"u8) || !TryOne(head, "sec-websocket-version"u8, out ReadOnlySpan<byte> version))
            return BadRequest;
        if (!version.SequenceEqual("13"u8))
            return BadVersion;
        if (!TryOne(head, "sec-websocket-key"u8, out ReadOnlySpan<byte> key) || !IsKey(key) || head.Has("sec-websocket-accept"u8))
            return BadRequest;

        var offered = new List<string>();
        for (int i = head.IndexOf("sec-websocket-protocol"u8); i >= 0; i = head.IndexOf("sec-websocket-protocol"u8, i + 1))
        {
            ReadOnlySpan<byte> value = head[i].Value;
            foreach (Range range in value.Split((byte)','))
            {
                ReadOnlySpan<byte> protocol = H1Bytes.TrimOws(value[range]);
                string name = Encoding.ASCII.GetString(protocol);
                if (!IsProtocol(protocol) || offered.Contains(name) || offered.Count == MostProtocols)
                    return BadRequest;
                offered.Add(name);
            }
        }

        protocols = offered;
        return null;
    }

    /// <summary>The client's check (RFC 6455 4.1) of a 101 to its own key.</summary>
    /// <param name="protocol">What the target has chosen; null: none.</param>
    public static HttpViolation? CheckResponse(HttpHead head, H1ResponseFacts facts, string key, IReadOnlyList<string> offered, out string? protocol)
    {
        protocol = null;
        if (facts.Status != 101 || facts.Upgrade != H1Upgrade.WebSocket || head.Has("sec-websocket-extensions"u8)
            || !TryOne(head, "sec-websocket-accept"u8, out ReadOnlySpan<byte> accept) || !accept.SequenceEqual(Encoding.ASCII.GetBytes(AcceptOf(key))))
            return BadResponse;
        if (!head.Has("sec-websocket-protocol"u8))
            return null;
        if (!TryOne(head, "sec-websocket-protocol"u8, out ReadOnlySpan<byte> chosen))
            return BadResponse;
        string name = Encoding.ASCII.GetString(chosen);
        if (!offered.Contains(name))
            return BadResponse;
        protocol = name;
        return null;
    }

    /// <summary>16 bytes of chance in base64, for a handshake of our own.</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));

    /// <summary>Sec-WebSocket-Accept (RFC 6455 4.2.2): it shows that the server has understood, and protects nothing; so SHA-1 will do.</summary>
    public static string AcceptOf(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static bool TryOne(HttpHead head, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        int index = head.IndexOf(name);
        value = index < 0 ? default : head[index].Value;
        return index >= 0 && head.IndexOf(name, index + 1) < 0;
    }

    /// <summary>A token (RFC 6455 11.3.4), and the slash that Kubernetes has in <c>SPDY/3.1+portforward.k8s.io</c>.</summary>
    private static bool IsProtocol(ReadOnlySpan<byte> name)
    {
        int slash = name.IndexOf((byte)'/');
        return slash < 0 ? FieldRules.IsToken(name) : FieldRules.IsToken(name[..slash]) && FieldRules.IsToken(name[(slash + 1)..]);
    }

    private static bool IsKey(ReadOnlySpan<byte> key) => key.Length == 24 && Base64.IsValid(key, out int length) && length == 16;
}
