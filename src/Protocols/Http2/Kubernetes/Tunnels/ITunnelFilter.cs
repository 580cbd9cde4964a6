using Sallyport.Protocols.Http2.Exchanges;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>
/// One direction of a tunnel. Besides what goes on it may answer whoever sent it, and end the tunnel. What it gives always ends between two frames, so that whatever
/// is said in between is understood.
/// </summary>
internal interface ITunnelFilter : IBodyFilter
{
    /// <summary>What the sender is told in answer to the last call; a view, as what goes on is.</summary>
    ReadOnlySpan<byte> Answer { get; }

    /// <summary>The recording has to catch up before what goes on does.</summary>
    bool MustWait { get; }

    /// <summary>Both sides have been told: nothing more passes.</summary>
    bool IsOver { get; }
}
