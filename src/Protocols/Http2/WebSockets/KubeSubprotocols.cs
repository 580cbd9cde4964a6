namespace Sallyport.Protocols.Http2.WebSockets;

/// <summary>What a WebSocket of Kubernetes carries.</summary>
internal enum KubeSubprotocol : byte
{
    /// <summary>Not one that is understood.</summary>
    None,

    /// <summary><c>v4.channel.k8s.io</c>: channels of a command, or of ports; the request's path says which.</summary>
    V4,

    /// <summary><c>v5.channel.k8s.io</c>: as v4, and a client can close its channels.</summary>
    V5,

    /// <summary><c>SPDY/3.1+portforward.k8s.io</c>: payloads, put together, are the bytes of a SPDY connection.</summary>
    SpdyTunnel,
}

/// <summary>
/// Names of the subprotocols. Those in base64 are refused: they are there for browsers that could not send bytes, their text differs from what it means, and
/// every client that offers one offers the other. Those before v4 have no Status at their end, and go the same way.
/// </summary>
internal static class KubeSubprotocols
{
    public static KubeSubprotocol Of(string name) => name switch
    {
        "v4.channel.k8s.io" => KubeSubprotocol.V4,
        "v5.channel.k8s.io" => KubeSubprotocol.V5,
        "SPDY/3.1+portforward.k8s.io" => KubeSubprotocol.SpdyTunnel,
        _ => KubeSubprotocol.None,
    };

    /// <summary>What of a client's offer the target may be offered, in the same order.</summary>
    /// <param name="isPortForward">A command has no SPDY tunnel, and ports have no v5.</param>
    public static IReadOnlyList<string> Understood(IReadOnlyList<string> offered, bool isPortForward) =>
        [.. offered.Where(name => Of(name) is KubeSubprotocol.V4 || Of(name) == (isPortForward ? KubeSubprotocol.SpdyTunnel : KubeSubprotocol.V5))];
}
