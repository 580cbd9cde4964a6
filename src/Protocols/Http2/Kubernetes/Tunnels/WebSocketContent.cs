using System.Buffers;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>What the messages of a WebSocket carry.</summary>
internal abstract class WebSocketContent
{
    public WebSocketOut ToClient { get; } = new(asClient: false);

    public WebSocketOut ToTarget { get; } = new(asClient: true);

    /// <summary>Takes a piece of a message, and writes what goes on and what goes back.</summary>
    /// <returns>What is not legal about it, in fixed words; null: nothing.</returns>
    public abstract string? Take(bool fromClient, WebSocketSlice slice, IBufferWriter<byte> on, IBufferWriter<byte> back);

    /// <summary>One side has ended.</summary>
    public virtual void End(bool fromClient, IBufferWriter<byte> on)
    {
    }

    protected WebSocketOut Towards(bool target) => target ? ToTarget : ToClient;
}
