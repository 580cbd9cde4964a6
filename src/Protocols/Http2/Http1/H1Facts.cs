namespace Sallyport.Protocols.Http2.Http1;

/// <summary>How a message's body is delimited (RFC 9112 6.3).</summary>
internal enum H1Body : byte
{
    None,

    /// <summary>By Content-Length.</summary>
    Length,

    /// <summary>By the chunked transfer coding.</summary>
    Chunked,

    /// <summary>By the end of the connection; responses only.</summary>
    UntilClose,

    /// <summary>What follows is no longer HTTP/1.1: 101, or 2xx to CONNECT.</summary>
    Tunnel,
}

/// <param name="Length">Bytes of the body; 0 unless it is delimited by its length.</param>
internal readonly record struct H1Framing(H1Body Body, long Length = 0)
{
    public static H1Framing OfLength(long length) => length == 0 ? default : new H1Framing(H1Body.Length, length);
}

/// <summary>Protocols of an Upgrade field (RFC 9110 7.8), as far as they are told apart.</summary>
internal enum H1Upgrade : byte
{
    /// <summary>There is no Upgrade field, or Connection does not list it.</summary>
    None,

    /// <summary><c>websocket</c> (RFC 6455).</summary>
    WebSocket,

    /// <summary><c>SPDY/3.1</c>, as old clients of Kubernetes ask for.</summary>
    Spdy31,

    /// <summary>Another one, or several.</summary>
    Other,
}

/// <summary>The four forms of a request target (RFC 9112 3.2).</summary>
internal enum H1TargetForm : byte
{
    Origin,
    Absolute,
    Authority,
    Asterisk,
}

/// <summary>What a request's head says about the connection and the body, beside its fields.</summary>
/// <param name="Minor">The minor version: 0 or 1.</param>
/// <param name="KeepAlive">The client would send another request on the connection (RFC 9112 9.3).</param>
/// <param name="ExpectContinue">The client waits for 100 before it sends the body (RFC 9110 10.1.1).</param>
internal readonly record struct H1RequestFacts(H1TargetForm Form, int Minor, H1Framing Framing, bool KeepAlive, bool ExpectContinue, H1Upgrade Upgrade)
{
    /// <summary>It asks for a protocol that is passed on; any other is ignored, as RFC 9110 7.8 lets a server do.</summary>
    public bool Upgrades => Upgrade is H1Upgrade.WebSocket or H1Upgrade.Spdy31;
}

/// <summary>What a response's head says about the connection and the body, beside its fields.</summary>
/// <param name="Status">100 to 599; below 200 (but for 101) another head follows.</param>
/// <param name="KeepAlive">The connection may be used again once the body has ended.</param>
internal readonly record struct H1ResponseFacts(int Status, int Minor, H1Framing Framing, bool KeepAlive, H1Upgrade Upgrade);

/// <summary>What of a request decides how its response is read (RFC 9112 6.3).</summary>
internal readonly record struct H1Asked(bool Head = false, bool Connect = false, bool Upgrade = false);
