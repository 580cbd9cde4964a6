using System.Diagnostics.CodeAnalysis;

namespace Sallyport.Protocols.Http2.Connections;

/// <summary>A connection to a target, of either version. Any thread.</summary>
internal interface ITargetConnection
{
    /// <summary>One request at a time, and the only kind that can be upgraded.</summary>
    bool IsHttp1 { get; }

    /// <summary>An upgrade to a WebSocket can go over it, as it is or as an extended CONNECT (RFC 8441).</summary>
    bool TakesWebSockets { get; }

    bool IsIdle { get; }

    /// <summary>No request is begun on it any more: it finishes those that it carries.</summary>
    bool IsSpent { get; }

    /// <summary>Says what must be said before the first request.</summary>
    void Start();

    /// <summary>Receives until it is over; whoever still uses it is told, whatever it ended of. What was no fault of the target's is thrown then.</summary>
    Task RunAsync(CancellationToken stop);

    /// <summary>Lends a stream; it is given back by <see cref="HttpStream.Retire"/>.</summary>
    bool TryOpen([NotNullWhen(true)] out HttpStream? stream);

    /// <summary>Completes when a stream may have become free.</summary>
    Task WhenRoom();
}
