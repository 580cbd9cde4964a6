namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>What a request needs of a connection to its target.</summary>
internal enum UpstreamUse : byte
{
    /// <summary>Either version will do.</summary>
    Any,

    /// <summary>An upgrade, which HTTP/2 does not have.</summary>
    Http1,

    /// <summary>A WebSocket of a client of HTTP/2: where the target is known to know extended CONNECT it gets one, and otherwise an upgrade of HTTP/1.1.</summary>
    WebSocket,
}
