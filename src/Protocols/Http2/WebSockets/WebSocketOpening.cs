using System.Text;
using Sallyport.Protocols.Http2.Heads;

namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>
/// The two ways in which a WebSocket is opened, each said in words of the other: an upgrade of HTTP/1.1 (RFC 6455 4) and an extended CONNECT of HTTP/2 (RFC 8441 5). The second has
/// no key, since nothing that is no server of HTTP/2 can answer it.
/// </summary>
internal static class WebSocketOpening
{
    /// <summary>Room for what the other way says besides.</summary>
    private const int MoreBytes = 1024;
    private const int MoreFields = 8;

    /// <summary>A CONNECT for <c>websocket</c>. Other protocols of extended CONNECT have no upgrade that is the same.</summary>
    public static bool IsConnect(HttpHead head) => FieldRules.EqualsIgnoringCase(head.Value(":protocol"u8), "websocket"u8);

    /// <summary>The request that a client of HTTP/1.1 would have sent.</summary>
    public static HttpHead ToUpgrade(HttpHead connect, string key) =>
        Copy(connect, [(":method", "GET")], [("upgrade", "websocket"), ("sec-websocket-key", key)], ":protocol", "content-length");

    /// <summary>The request for a target of HTTP/2 that knows extended CONNECT.</summary>
    public static HttpHead ToConnect(HttpHead upgrade) => Copy(upgrade, [(":method", "CONNECT"), (":protocol", "websocket")], [], "upgrade", "sec-websocket-key");

    /// <summary>The 2xx of a target of HTTP/2, as one of HTTP/1.1 would have said it to the same key.</summary>
    public static HttpHead ToSwitched(HttpHead accepted, string key) =>
        Copy(accepted, [(":status", "101")], [("upgrade", "websocket"), ("sec-websocket-accept", WebSocketHandshake.AcceptOf(key))], "content-length");

    /// <summary>The 101 of a target, for a client of HTTP/2.</summary>
    public static HttpHead ToAccepted(HttpHead switched) => Copy(switched, [(":status", "200")], [], "upgrade", "sec-websocket-accept", "content-length");

    /// <param name="first">Instead of those with these names; pseudo-header fields stand before the others (RFC 9113 8.3).</param>
    /// <param name="last">Instead of those with these names, behind the others.</param>
    /// <param name="without">Names of what is left out.</param>
    private static HttpHead Copy(HttpHead head, ReadOnlySpan<(string Name, string Value)> first, ReadOnlySpan<(string Name, string Value)> last, params ReadOnlySpan<string> without)
    {
        var copy = new HttpHead(head.Size + MoreBytes, head.Count + MoreFields);
        HashSet<string> replaced = [.. without];
        foreach ((string name, string value) in first)
            Replace(name, value);
        foreach ((string name, _) in last)
            replaced.Add(name);
        for (int i = 0; i < head.Count; i++)
        {
            if (!replaced.Contains(Encoding.ASCII.GetString(head[i].Name)))
                copy.TryAdd(head[i].Name, head[i].Value, head[i].NeverIndexed);
        }

        foreach ((string name, string value) in last)
            Replace(name, value);
        return copy;

        void Replace(string name, string value)
        {
            replaced.Add(name);
            copy.TryAdd(Encoding.ASCII.GetBytes(name), Encoding.ASCII.GetBytes(value));
        }
    }
}
