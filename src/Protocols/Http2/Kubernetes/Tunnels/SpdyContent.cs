using System.Buffers;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>A SPDY connection in the messages of a WebSocket (<c>SPDY/3.1+portforward.k8s.io</c>): where messages begin and end means nothing.</summary>
internal sealed class SpdyContent(SpdyRelay relay) : WebSocketContent
{
    private readonly ArrayBufferWriter<byte> _on = new(1024);
    private readonly ArrayBufferWriter<byte> _back = new(256);

    public override string? Take(bool fromClient, WebSocketSlice slice, IBufferWriter<byte> on, IBufferWriter<byte> back)
    {
        if (slice.Opcode == WebSocketOpcode.Text)
            return "A tunnel's bytes as text.";
        _on.ResetWrittenCount();
        _back.ResetWrittenCount();
        string? violation = relay.Take(fromClient, slice.Payload, _on, _back);
        if (_on.WrittenCount > 0)
            Towards(target: fromClient).Whole(on, WebSocketOpcode.Binary, _on.WrittenSpan);
        if (_back.WrittenCount > 0)
            Towards(target: !fromClient).Whole(back, WebSocketOpcode.Binary, _back.WrittenSpan);
        return violation;
    }
}
