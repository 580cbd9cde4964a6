using System.Buffers;
using Sallyport.Protocols.Http2.WebSockets;

namespace Sallyport.Protocols.Http2.Kubernetes.Tunnels;

/// <summary>One direction of a WebSocket: frames are taken apart, their content is looked at, and they are written anew, so that the other side reads just what was read here.</summary>
internal sealed class WebSocketFilter(bool fromClient, WebSocketContent content, TunnelState state, TunnelRecord record) : TunnelFilter(state, record)
{
    /// <summary>"an endpoint is going away" (RFC 6455 7.4.1): what the side that did nothing wrong is told.</summary>
    private const ushort GoingAway = 1001;

    private readonly WebSocketFrameReader _reader = new(fromClient, WebSocketLimits.Default);
    private readonly byte[] _scratch = new byte[16 * 1024];

    private WebSocketOut On => fromClient ? content.ToTarget : content.ToClient;

    private WebSocketOut Back => fromClient ? content.ToClient : content.ToTarget;

    protected override string? TryRead(ReadOnlySpan<byte> data, ArrayBufferWriter<byte> on, ArrayBufferWriter<byte> back)
    {
        while (true)
        {
            WebSocketPart part = _reader.Read(data, _scratch, out int consumed, out WebSocketSlice slice, out WebSocketViolation? violation);
            data = data[consumed..];
            switch (part)
            {
                case WebSocketPart.None:
                    return null;
                case WebSocketPart.Control:
                    // Behind a Close nobody reads anything (RFC 6455 5.5.1).
                    if (slice.Opcode == WebSocketOpcode.Close)
                        content.End(fromClient, on);
                    On.Whole(on, slice.Opcode, slice.Payload);
                    break;
                case WebSocketPart.Data when content.Take(fromClient, slice, on, back) is { } words:
                    return Close(on, back, WebSocketViolation.ProtocolError, words);
                case WebSocketPart.Malformed:
                    return Close(on, back, violation!.CloseCode, violation.Message);
            }
        }
    }

    protected override void End(ArrayBufferWriter<byte> on) => content.End(fromClient, on);

    private string Close(ArrayBufferWriter<byte> on, ArrayBufferWriter<byte> back, ushort code, string words)
    {
        On.Close(on, GoingAway);
        Back.Close(back, code);
        return words;
    }
}
